"""What a client is warned of in a pod or a template (kubernetes/pkg/api/pod/warnings.go)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson

from fakekube.core import addresses, names
from fakekube.core.fielderrors import go_quote
from fakekube.core.meta import Obj, annotations_of
from fakekube.core.quantity import parse
from fakekube.registry.kinds.pod_validation.annotations import APP_ARMOR, SECCOMP_CONTAINER, SECCOMP_POD
from fakekube.registry.kinds.pod_validation.known import Known, text_of
from fakekube.registry.kinds.pod_validation.scheduling import PREFERRED, REQUIRED
from fakekube.registry.kinds.pod_validation.windows import containers_of

NODE_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}
ANNOTATIONS = {
    "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
VOLUMES = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "gitRepo": "deprecated in v1.11, and disabled by default in v1.33+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
NULL_SELECTOR = "a null labelSelector results in matching no pod"
CERTIFICATE_FILES = (
    ("certificateChainPath", "PodCertificate chain"),
    ("keyPath", "PodCertificate key"),
    ("credentialBundlePath", "PodCertificate credential bundle"),
)
BYTES = ("memory", "ephemeral-storage")


def pod_warnings(pod: Obj) -> list[str]:
    """The warnings for a new Pod."""
    return _warnings(pod, "", is_template=False)


def template_warnings(template: Obj, path: str) -> list[str]:
    """The warnings for a template."""
    return _warnings(template, f"{path}.", is_template=True)


_WITHOUT = Known()


def _warnings(part: Obj, prefix: str, *, is_template: bool) -> list[str]:
    spec, annotations = part.get("spec") or {}, annotations_of(part)
    key = text_of(spec), orjson.dumps(annotations), is_template
    if key in _WITHOUT:
        return []
    found = _all_warnings(spec, annotations, prefix, is_template=is_template)
    if not found:
        _WITHOUT.add(key)
    return found


def _all_warnings(spec: Obj, annotations: dict[str, str], prefix: str, *, is_template: bool) -> list[str]:
    path = f"{prefix}spec"
    found: list[str] = []
    _of_nodes(found, spec, path)
    if annotations:
        _of_annotations(found, annotations, f"{prefix}metadata.annotations")
    for index, volume in enumerate(spec.get("volumes") or ()):
        _of_volume(found, volume, f"{path}.volumes[{index}]")
    for volume in spec.get("volumes") or ():
        found += overlaps(volume)
    _of_lists(found, spec, path)
    for name in BYTES:
        _of_amount(found, spec.get("overhead"), name, f"{path}.overhead")
    if annotations and SECCOMP_POD in annotations and "seccompProfile" not in (spec.get("securityContext") or {}):
        found.append(_use_field(f"{prefix}metadata.annotations[{SECCOMP_POD}]"))
    for container, here in containers_of(spec, path):
        if annotations:
            _of_profiles(found, container, spec, annotations, f"{prefix}metadata.annotations", is_template)
        if container.get("resources"):
            _of_resources(found, container["resources"], f"{here}.resources")
        _hidden_variables(found, container.get("env") or (), f"{here}.env")
    _of_ports(found, spec, path)
    grace = spec.get("terminationGracePeriodSeconds")
    if grace is not None and grace < 0:
        found.append(
            f"{path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"
        )
    _of_affinity(found, spec.get("affinity") or {}, f"{path}.affinity")
    _of_addresses(found, spec, path)
    return found


def _use_field(path: str) -> str:
    return f'{path}: non-functional in v1.27+; use the "seccompProfile" field instead'


def _of_nodes(found: list[str], spec: Obj, path: str) -> None:
    selector = spec.get("nodeSelector") or ()
    found.extend(f"{path}.nodeSelector[{key}]: {NODE_LABELS[key]}" for key in selector if key in NODE_LABELS)
    nodes = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    here = f"{path}.affinity.nodeAffinity"
    for index, term in enumerate((nodes.get(REQUIRED) or {}).get("nodeSelectorTerms") or ()):
        _of_term(found, term, f"{here}.{REQUIRED}.nodeSelectorTerms[{index}]", with_values=False)
    for index, term in enumerate(nodes.get(PREFERRED) or ()):
        _of_term(found, term.get("preference") or {}, f"{here}.{PREFERRED}[{index}].preference", with_values=True)
    for index, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        key, where = constraint.get("topologyKey", ""), f"{path}.topologySpreadConstraints[{index}]"
        if key in NODE_LABELS:
            found.append(f"{where}.topologyKey: {key} is {NODE_LABELS[key]}")
        if "labelSelector" not in constraint:
            found.append(f"{where}.labelSelector: {NULL_SELECTOR}")


def _of_term(found: list[str], term: Obj, path: str, *, with_values: bool) -> None:
    for index, expression in enumerate(term.get("matchExpressions") or ()):
        key, here = expression.get("key", ""), f"{path}.matchExpressions[{index}]"
        if key in NODE_LABELS:
            found.append(f"{here}.key: {key} is {NODE_LABELS[key]}")
        if with_values:
            for place, value in enumerate(expression.get("values") or ()):
                found.extend(
                    f"{here}.values[{place}]: {value} is invalid, {message}" for message in names.label_value(value)
                )


def _of_annotations(found: list[str], annotations: dict[str, str], path: str) -> None:
    found.extend(f"{path}[{key}]: {message}" for key, message in ANNOTATIONS.items() if key in annotations)


def _of_volume(found: list[str], volume: Obj, path: str) -> None:
    for field in volume:
        if field in VOLUMES:
            told = "storageOS" if field == "storageos" else field
            found.append(f"{path}.{told}: {VOLUMES[field]}")
    claim = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
    if claim:
        found += claim_warnings(claim.get("spec") or {}, f"{path}.ephemeral.volumeClaimTemplate.spec")


def claim_warnings(spec: Obj, path: str) -> list[str]:
    """The warnings for the spec of a PersistentVolumeClaim."""
    found: list[str] = []
    for side in ("requests", "limits"):
        amount = ((spec.get("resources") or {}).get(side) or {}).get("storage")
        if amount is not None and not parse(amount).is_whole():
            found.append(_fraction(amount, f"{path}.resources.{side}[storage]"))
    return found


def _fraction(amount: str, path: str) -> str:
    return f"{path}: fractional byte value {go_quote(amount)} is invalid, must be an integer"


def _of_amount(found: list[str], amounts: Obj | None, name: str, path: str) -> None:
    if amounts and name in amounts and not parse(amounts[name]).is_whole():
        found.append(_fraction(amounts[name], f"{path}[{name}]"))


def _of_resources(found: list[str], resources: Obj, path: str) -> None:
    for name in BYTES:
        for side in ("limits", "requests"):
            _of_amount(found, resources.get(side), name, f"{path}.{side}")


def overlaps(volume: Obj) -> list[str]:
    """Files of a volume that would cover one another."""
    found: list[str] = []
    for field, told, name_field in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")):
        source = volume.get(field)
        if source and source.get("items"):
            label = f"{told} {go_quote(source.get(name_field, ''))}"
            found += _clashes(volume, label, [(item.get("path", ""), "") for item in source["items"]])
    downward = volume.get("downwardAPI")
    if downward and downward.get("items"):
        found += _clashes(volume, "DownwardAPI", [(item.get("path", ""), "") for item in downward["items"]])
    if "projected" in volume:
        files: list[tuple[str, str]] = []
        for source in volume["projected"].get("sources") or ():
            if not source:
                found.append(f"volume {go_quote(volume.get('name', ''))} (Projected) has no sources provided")
            files += _projected_files(source)
        found += _clashes(volume, "Projected", files)
    return found


def _projected_files(source: Obj) -> list[tuple[str, str]]:
    for field, told in (("configMap", "ConfigMap"), ("secret", "Secret")):
        if source.get(field, {}).get("items"):
            label = f"{told} {go_quote(source[field].get('name', ''))}"
            return [(item.get("path", ""), label) for item in source[field]["items"]]
    if source.get("downwardAPI", {}).get("items"):
        return [(item.get("path", ""), "DownwardAPI") for item in source["downwardAPI"]["items"]]
    if "serviceAccountToken" in source:
        return [(source["serviceAccountToken"].get("path", ""), "ServiceAccountToken")]
    if "clusterTrustBundle" in source:
        bundle = source["clusterTrustBundle"]
        label = f"ClusterTrustBundle {go_quote(bundle.get('name', bundle.get('signerName', '')))}"
        return [(bundle.get("path", ""), label)]
    certificate = source.get("podCertificate") or {}
    return [(certificate[field], told) for field, told in CERTIFICATE_FILES if certificate.get(field)]


def _clashes(volume: Obj, label: str, files: Sequence[tuple[str, str]]) -> list[str]:
    found: list[str] = []
    if len({path for path, _ in files}) == len(files) and not any("/" in path for path, _ in files):
        return found
    seen: list[tuple[str, str]] = []
    for path, source in files:
        mine = (path.rstrip("/"), source)
        for other in seen:
            if (
                mine[0]
                and other[0]
                and (f"{mine[0]}/".startswith(f"{other[0]}/") or f"{other[0]}/".startswith(f"{mine[0]}/"))
            ):
                body = f"{_file(mine)} with {_file(other)}"
                name = go_quote(volume.get("name", ""))
                found.append(f"volume {name} ({label}): overlapping paths: {body}")
        seen.append(mine)
    return found


def _file(entry: tuple[str, str]) -> str:
    return f"{go_quote(entry[0])} ({entry[1]})" if entry[1] else go_quote(entry[0])


def _of_lists(found: list[str], spec: Obj, path: str) -> None:
    for field, key, told in (("hostAliases", "ip", "ip"), ("imagePullSecrets", "name", "name")):
        seen: set[str] = set()
        for index, item in enumerate(spec.get(field) or ()):
            value = item.get(key, "")
            if value in seen:
                found.append(f"{path}.{field}[{index}].{key}: duplicate {told} {go_quote(value)}")
            seen.add(value)
    for index, item in enumerate(spec.get("imagePullSecrets") or ()):
        if not item.get("name"):
            found.append(f'{path}.imagePullSecrets[{index}].name: invalid empty name ""')


def _of_profiles(
    found: list[str], container: Obj, spec: Obj, annotations: dict[str, str], path: str, is_template: bool
) -> None:
    context = container.get("securityContext") or {}
    key = SECCOMP_CONTAINER + container.get("name", "")
    if key in annotations and "seccompProfile" not in context:
        found.append(_use_field(f"{path}[{key}]"))
    key = APP_ARMOR + container.get("name", "")
    if is_template and key in annotations and "appArmorProfile" not in context:
        of_pod = (spec.get("securityContext") or {}).get("appArmorProfile")
        if of_pod is None or of_pod != app_armor_field(annotations[key]):
            found.append(f'{path}[{key}]: deprecated since v1.30; use the "appArmorProfile" field instead')


def app_armor_field(annotation: str) -> Obj | None:
    """The profile that an old annotation stands for; None if it stands for none."""
    if annotation.startswith("localhost/"):
        name = annotation.removeprefix("localhost/")
        return {"type": "Localhost", "localhostProfile": name} if name else None
    kind = {"runtime/default": "RuntimeDefault", "unconfined": "Unconfined"}.get(annotation)
    return {"type": kind} if kind else None


def _hidden_variables(found: list[str], variables: Iterable[Obj], path: str) -> None:
    seen: set[str] = set()
    for index, variable in enumerate(variables):
        name, value = variable.get("name", ""), variable.get("value", "")
        reference = f"$({name})"
        # A later definition that builds on the former one is meant so.
        if name in seen and ("valueFrom" in variable or value == reference or reference not in value):
            told = f"hides previous definition of {go_quote(name)}, which may be dropped when using apply"
            found.append(f"{path}[{index}]: {told}")
        seen.add(name)


def _of_ports(found: list[str], spec: Obj, path: str) -> None:
    known: dict[tuple[int, str], list[tuple[str, Obj]]] = {}
    named: dict[str, str] = {}
    doubles: list[str] = []
    for container, here in containers_of(spec, path):
        for index, port in enumerate(container.get("ports") or ()):
            where = f"{here}.ports[{index}]"
            if port.get("hostIP") and not port.get("hostPort"):
                found.append(f"{where}: hostIP set without hostPort: {_go_port(port)}")
            others = known.setdefault((port.get("containerPort") or 0, port.get("protocol", "")), [])
            for other_where, other in others:
                told = _port_clash(port, other)
                if told:
                    found.append(f"{where}: {told} port definition with {other_where}")
            others.append((where, port))
            name = port.get("name")
            if name and name in named:
                first = named[name]
                use = f"services and probes that select ports by name will use {first}"
                doubles.append(f"{where}: duplicate port name {go_quote(name)} with {first}, {use}")
            elif name:
                named[name] = where
    found += doubles


def _port_clash(port: Obj, other: Obj) -> str:
    mine, theirs = port.get("hostPort") or 0, other.get("hostPort") or 0
    my_address, their_address = port.get("hostIP", ""), other.get("hostIP", "")
    if mine == theirs and my_address == their_address:
        return "duplicate"
    if not mine or not theirs:
        return "overlapping"
    return "dangerously ambiguous" if mine == theirs and (not my_address) != (not their_address) else ""


def _go_port(port: Obj) -> str:
    """A port as Go prints a struct with its field names."""
    fields = (("Name", "name", ""), ("HostPort", "hostPort", 0), ("ContainerPort", "containerPort", 0))
    more = (("Protocol", "protocol", ""), ("HostIP", "hostIP", ""))
    return "{" + " ".join(f"{told}:{port.get(field, empty)}" for told, field, empty in (*fields, *more)) + "}"


def _of_affinity(found: list[str], affinity: Obj, path: str) -> None:
    for field in ("podAffinity", "podAntiAffinity"):
        pods = affinity.get(field) or {}
        for index, term in enumerate(pods.get(REQUIRED) or ()):
            if "labelSelector" not in term:
                found.append(f"{path}.{field}.{REQUIRED}[{index}].labelSelector: {NULL_SELECTOR}")
        for index, term in enumerate(pods.get(PREFERRED) or ()):
            if "labelSelector" not in (term.get("podAffinityTerm") or {}):
                where = f"{path}.{field}.{PREFERRED}[{index}].podAffinityTerm.labelSelector"
                found.append(f"{where}: {NULL_SELECTOR}")


def _of_addresses(found: list[str], spec: Obj, path: str) -> None:
    for index, server in enumerate((spec.get("dnsConfig") or {}).get("nameservers") or ()):
        if addresses.parse_ip(server) is not None:
            found += addresses.ip_warnings(f"{path}.dnsConfig.nameservers[{index}]", server)
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        if addresses.parse_ip(alias.get("ip", "")) is not None:
            found += addresses.ip_warnings(f"{path}.hostAliases[{index}].ip", alias.get("ip", ""))

"""What Kubernetes fills into a pod's spec, or a template's, beyond the defaults of the OpenAPI document.

The rules are those of kubernetes/pkg/apis/core/v1/defaults.go. Objects are canonical: what is empty is absent.
"""

from __future__ import annotations

from functools import lru_cache

from fakekube.core import quantity
from fakekube.core.meta import Obj
from fakekube.registry.kinds import pod_resources
from fakekube.registry.kinds.images import default_pull_policy

FILE_MODE = 0o644
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_PROBE_NUMBERS = (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3))
_MODE_SOURCES = ("secret", "configMap", "downwardAPI", "projected")


def default_pod(pod: Obj) -> None:
    """Complete a Pod: what holds for templates and what holds for pods alone."""
    spec = pod.setdefault("spec", {})
    default_pod_spec(spec)
    containers = spec.get("containers") or ()
    init_containers = spec.get("initContainers") or ()
    for container in (*containers, *init_containers):
        resources = container["resources"]
        if resources and resources.get("limits"):
            resources["requests"] = {**resources["limits"], **(resources.get("requests") or {})}
    if spec.get("resources"):
        pod_resources.default_pod_level(spec)
    if "enableServiceLinks" not in spec:
        spec["enableServiceLinks"] = True
    if spec.get("hostNetwork"):
        for container in (*containers, *init_containers):
            _default_host_ports(container)


def default_pod_spec(spec: Obj) -> None:
    """Complete the spec of a pod or of a template."""
    if "dnsPolicy" not in spec:
        spec["dnsPolicy"] = "ClusterFirst"
    if "restartPolicy" not in spec:
        spec["restartPolicy"] = "Always"
    if "securityContext" not in spec:
        spec["securityContext"] = {}
    if "terminationGracePeriodSeconds" not in spec:
        spec["terminationGracePeriodSeconds"] = 30
    if "schedulerName" not in spec:
        spec["schedulerName"] = "default-scheduler"
    if spec.get("serviceAccount") and "serviceAccountName" not in spec:
        spec["serviceAccountName"] = spec["serviceAccount"]
    elif "serviceAccountName" in spec:
        spec["serviceAccount"] = spec["serviceAccountName"]
    elif "serviceAccount" in spec:
        del spec["serviceAccount"]
    for field in ("containers", "initContainers", "ephemeralContainers"):
        for container in spec.get(field) or ():
            default_container(container)
    for volume in spec.get("volumes") or ():
        default_volume(volume)
    round_list(spec, "overhead")
    round_resources(spec.get("resources"))


def default_template(template: Obj) -> None:
    """Complete a pod template."""
    template.setdefault("metadata", {})
    default_pod_spec(template.setdefault("spec", {}))


def default_container(container: Obj) -> None:
    """Complete a container of any sort."""
    if "imagePullPolicy" not in container:
        container["imagePullPolicy"] = default_pull_policy(container.get("image", ""))
    if "terminationMessagePath" not in container:
        container["terminationMessagePath"] = "/dev/termination-log"
    if "terminationMessagePolicy" not in container:
        container["terminationMessagePolicy"] = "File"
    resources = container.setdefault("resources", {})
    if resources:
        round_resources(resources)
    for port in container.get("ports") or ():
        port.setdefault("protocol", "TCP")
    for variable in container.get("env") or ():
        source = variable.get("valueFrom")
        if source:
            _default_env_source(source)
    for field in PROBES:
        probe = container.get(field)
        if probe is not None:
            _default_probe(probe)
    for handler in (container.get("lifecycle") or {}).values():
        if isinstance(handler, dict):
            _default_http(handler.get("httpGet"))


def _default_env_source(source: Obj) -> None:
    _default_field_ref(source.get("fieldRef"))
    file_key = source.get("fileKeyRef")
    if file_key is not None:
        file_key.setdefault("optional", False)


def _default_field_ref(reference: Obj | None) -> None:
    if reference is not None:
        reference.setdefault("apiVersion", "v1")


def _default_probe(probe: Obj) -> None:
    for field, number in _PROBE_NUMBERS:
        if not probe.get(field):
            probe[field] = number
    _default_http(probe.get("httpGet"))
    grpc = probe.get("grpc")
    if grpc is not None:
        grpc["service"] = grpc.get("service") or ""


def _default_http(action: Obj | None) -> None:
    if action is not None:
        action.setdefault("path", "/")
        action.setdefault("scheme", "HTTP")


def _default_host_ports(container: Obj) -> None:
    for port in container.get("ports") or ():
        if not port.get("hostPort") and port.get("containerPort"):
            port["hostPort"] = port["containerPort"]


def default_volume(volume: Obj) -> None:
    """Complete a volume; one that names no source is an emptyDir."""
    if len(volume) == (1 if "name" in volume else 0):
        volume["emptyDir"] = {}
        return
    for field in _MODE_SOURCES:
        source = volume.get(field)
        if source is not None:
            source.setdefault("defaultMode", FILE_MODE)
    if "hostPath" in volume:
        volume["hostPath"].setdefault("type", "")
    if "image" in volume:
        volume["image"].setdefault("pullPolicy", default_pull_policy(volume["image"].get("reference", "")))
    _default_projection(volume.get("downwardAPI"))
    for source in (volume.get("projected") or {}).get("sources") or ():
        _default_projection(source.get("downwardAPI"))
        if source.get("serviceAccountToken") is not None:
            source["serviceAccountToken"].setdefault("expirationSeconds", 3600)
    claim = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
    if claim is not None:
        default_claim_spec(claim.setdefault("spec", {}))


def _default_projection(projection: Obj | None) -> None:
    for item in (projection or {}).get("items") or ():
        _default_field_ref(item.get("fieldRef"))


def default_claim_spec(spec: Obj) -> None:
    """Complete the spec of a PersistentVolumeClaim."""
    spec.setdefault("volumeMode", "Filesystem")
    round_resources(spec.setdefault("resources", {}))


def round_resources(resources: Obj | None) -> None:
    """Round the amounts under limits and requests up to thousandths."""
    if resources:
        round_list(resources, "limits")
        round_list(resources, "requests")


def round_list(parent: Obj, field: str) -> None:
    """Round a resource list's amounts up to thousandths: nothing finer is stored in the core group."""
    amounts = parent.get(field)
    if amounts:
        parent[field] = {name: _rounded(amount) for name, amount in amounts.items()}


@lru_cache(maxsize=4096)
def _rounded(amount: str) -> str:
    return str(quantity.parse(amount).rounded_to_milli())

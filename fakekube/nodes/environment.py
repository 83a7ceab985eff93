"""The environment variables that a container would see: of services, of its env and envFrom, with $(VAR) expanded.

The rules are the kubelet's (kubelet_pods.go, envvars.go): services first, over them envFrom, over that env in order.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fakekube.core import quantity
from fakekube.core.meta import Obj, annotations_of, labels_of, name_of, namespace_of, uid_of
from fakekube.nodes import envfiles

API_SERVICE = ("default", "kubernetes")
"""Its variables are in every container, for clients find the API server by them."""
Lookup = Callable[[str, str], "Obj | None"]
"""From ("configmaps" or "secrets", name) to the object of the pod's namespace."""


class ContainerConfigError(ValueError):
    """What keeps the kubelet from starting the container; the pod then waits with CreateContainerConfigError."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the environment is made from: services of all namespaces, lookups in the pod's, and its node."""

    services: Iterable[Obj]
    lookup: Lookup
    node: Obj | None = None


# --- services


def service_environment(services: Iterable[Obj], pod: Obj) -> list[Obj]:
    """The variables [{"name", "value"}] that tell the pod of services, in the kubelet's order for each service.

    Those of its namespace if enableServiceLinks (true when absent), and the API's always.
    """
    links, namespace = pod["spec"].get("enableServiceLinks", True), namespace_of(pod)
    chosen: dict[str, Obj] = {}
    for service in services:
        if not _has_address(service):
            continue
        place = (namespace_of(service), name_of(service))
        if place == API_SERVICE:
            chosen.setdefault(place[1], service)
        elif links and place[0] == namespace:
            chosen[place[1]] = service
    return [{"name": name, "value": value} for each in chosen.values() for name, value in _of_service(each)]


def _has_address(service: Obj) -> bool:
    spec = service.get("spec") or {}
    return spec.get("clusterIP") not in (None, "", "None") and spec.get("type") != "ExternalName"


def _variable(text: str) -> str:
    return text.replace("-", "_").upper()


def _of_service(service: Obj) -> Iterable[tuple[str, str]]:
    prefix, host = _variable(name_of(service)), service["spec"]["clusterIP"]
    ports = service["spec"].get("ports") or ()
    yield f"{prefix}_SERVICE_HOST", host
    if not ports:
        return
    yield f"{prefix}_SERVICE_PORT", str(ports[0]["port"])
    for port in ports:
        if port.get("name"):
            yield f"{prefix}_SERVICE_PORT_{_variable(port['name'])}", str(port["port"])
    for position, port in enumerate(ports):
        yield from _of_port(prefix, host, port, first=position == 0)


def _of_port(prefix: str, host: str, port: Obj, *, first: bool) -> Iterable[tuple[str, str]]:
    protocol, number = (port.get("protocol") or "TCP"), port["port"]
    url = f"{protocol.lower()}://{f'[{host}]' if ':' in host else host}:{number}"
    if first:
        yield f"{prefix}_PORT", url
    name = f"{prefix}_PORT_{number}_{protocol.upper()}"
    yield name, url
    yield f"{name}_PROTO", protocol.lower()
    yield f"{name}_PORT", str(number)
    yield f"{name}_ADDR", host


# --- containers


def container_environment(pod: Obj, container: Obj, around: Surroundings) -> dict[str, str]:
    """All variables of the container; ContainerConfigError if one cannot be had."""
    of_services = {each["name"]: each["value"] for each in service_environment(around.services, pod)}
    found: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        found.update(_all_of(source, around))
    for variable in container.get("env") or ():
        value = _value(variable, pod, container, around, (found, of_services))
        if value is not None:
            found[variable["name"]] = value
    return {**of_services, **found}


def _all_of(source: Obj, around: Surroundings) -> Iterable[tuple[str, str]]:
    for field, resource in (("configMapRef", "configmaps"), ("secretRef", "secrets")):
        reference = source.get(field)
        if reference is not None:
            held = _held(resource, reference, around)
            return [(source.get("prefix", "") + key, value) for key, value in (held or {}).items()]
    return []


_KINDS = {"configmaps": "configmap", "secrets": "secret"}


def _held(resource: str, reference: Obj, around: Surroundings) -> dict[str, str] | None:
    """What the ConfigMap or Secret holds as text; None if it is missing and need not be there."""
    obj = around.lookup(resource, reference.get("name", ""))
    if obj is None:
        if reference.get("optional"):
            return None
        raise ContainerConfigError(f'{_KINDS[resource]} "{reference.get("name", "")}" not found')
    data = obj.get("data") or {}
    if resource == "configmaps":
        return dict(data)
    return {key: b64decode(value).decode("utf-8", "replace") for key, value in data.items()}


def _value(
    variable: Obj, pod: Obj, container: Obj, around: Surroundings, known: tuple[Mapping[str, str], ...]
) -> str | None:
    if variable.get("value"):
        return expand(variable["value"], known)
    source = variable.get("valueFrom") or {}
    for field, read in _SOURCES.items():
        if source.get(field) is not None:
            return read(source[field], pod, container, around)
    if source:
        raise ContainerConfigError(f"variable {variable['name']}: {', '.join(source)} is not supported here")
    return ""


def _of_field(source: Obj, pod: Obj, container: Obj, around: Surroundings) -> str:
    path = source.get("fieldPath", "")
    subscripted = _SUBSCRIPT.fullmatch(path)
    if subscripted is not None:
        return _MAPS[subscripted[1]](pod).get(subscripted[2], "")
    if path in _MAPS:
        return "\n".join(f"{key}={_quoted(value)}" for key, value in sorted(_MAPS[path](pod).items()))
    if path not in _FIELDS:
        raise ContainerConfigError(f"unsupported fieldPath: {path}")
    return _FIELDS[path](pod)


_SUBSCRIPT = re.compile(r"(metadata\.labels|metadata\.annotations)\['(.*)'\]", re.DOTALL)
_MAPS: dict[str, Callable[[Obj], dict[str, str]]] = {
    "metadata.labels": labels_of,
    "metadata.annotations": annotations_of,
}


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _status(pod: Obj, field: str) -> str:
    return str((pod.get("status") or {}).get(field) or "")


def _addresses(pod: Obj, field: str) -> str:
    return ",".join(each["ip"] for each in (pod.get("status") or {}).get(field) or ())


_FIELDS: dict[str, Callable[[Obj], str]] = {
    "metadata.name": name_of,
    "metadata.namespace": namespace_of,
    "metadata.uid": uid_of,
    "spec.nodeName": lambda pod: str(pod["spec"].get("nodeName") or ""),
    "spec.host": lambda pod: str(pod["spec"].get("nodeName") or ""),
    "spec.serviceAccountName": lambda pod: str(pod["spec"].get("serviceAccountName") or ""),
    "status.hostIP": lambda pod: _status(pod, "hostIP"),
    "status.hostIPs": lambda pod: _addresses(pod, "hostIPs"),
    "status.podIP": lambda pod: _status(pod, "podIP"),
    "status.podIPs": lambda pod: _addresses(pod, "podIPs"),
}


def _of_resource(source: Obj, pod: Obj, container: Obj, around: Surroundings) -> str:
    """An amount in units of the divisor, rounded up; a limit that is not set is the pod's or what the node has."""
    of = source.get("containerName") or ""
    if of and of != container["name"]:
        listed = [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ())]
        found = next((each for each in listed if each["name"] == of), None)
        if found is None:
            raise ContainerConfigError(f"container {of} not found")
        container = found
    side, _, resource = source.get("resource", "").partition(".")
    if side not in ("limits", "requests") or not _is_told(resource):
        raise ContainerConfigError(f"unsupported container resource : {source.get('resource')}")
    amount = quantity.parse(((container.get("resources") or {}).get(side) or {}).get(resource))
    if not amount and side == "limits" and resource in _TOLD:
        amount = _default_limit(resource, pod, around)
    divisor = quantity.parse(source.get("divisor") or "1") or quantity.parse("1")
    if resource == "cpu":
        return str(-(-amount.milli() // divisor.milli()))
    return str(-(-amount.value() // divisor.value()))


_TOLD = ("cpu", "memory", "ephemeral-storage")


def _is_told(resource: str) -> bool:
    return resource in _TOLD or resource.startswith("hugepages-")


def _default_limit(resource: str, pod: Obj, around: Surroundings) -> quantity.Quantity:
    whole = ((pod["spec"].get("resources") or {}).get("limits") or {}).get(resource)
    status: dict[str, Any] = (around.node or {}).get("status") or {}
    return quantity.parse(whole) or quantity.parse((status.get("allocatable") or {}).get(resource))


def _of_key(resource: str) -> Callable[[Obj, Obj, Obj, Surroundings], str | None]:
    def read(source: Obj, pod: Obj, container: Obj, around: Surroundings) -> str | None:
        held = _held(resource, source, around)
        if held is not None and source["key"] in held:
            return held[source["key"]]
        if source.get("optional"):
            return None
        kind = {"configmaps": "ConfigMap", "secrets": "Secret"}[resource]
        raise ContainerConfigError(f"couldn't find key {source['key']} in {kind} {namespace_of(pod)}/{source['name']}")

    return read


def _of_file(source: Obj, pod: Obj, container: Obj, around: Surroundings) -> str | None:
    """A variable of a file in a volume; None where nothing is told of the file."""
    volume, path, key = source.get("volumeName", ""), source.get("path", ""), source.get("key", "")
    if not any(each["name"] == volume for each in pod["spec"].get("volumes") or ()):
        raise ContainerConfigError(f'cannot find the volume "{volume}" referenced by FileKeyRef')
    text = envfiles.told(pod, volume, path)
    if text is None:
        return None
    try:
        value = envfiles.value(text, key)
    except ValueError as error:
        raise ContainerConfigError("couldn't parse env file") from error
    if not value and not source.get("optional"):
        told = envfiles.place(pod, volume, path)
        raise ContainerConfigError(f'environment variable key "{key}" not found in file "{told}"')
    return value or None


_SOURCES: dict[str, Callable[[Obj, Obj, Obj, Surroundings], str | None]] = {
    "fileKeyRef": _of_file,
    "fieldRef": _of_field,
    "resourceFieldRef": _of_resource,
    "configMapKeyRef": _of_key("configmaps"),
    "secretKeyRef": _of_key("secrets"),
}

_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")


def expand(text: str, known: Iterable[Mapping[str, str]]) -> str:
    """The text with $(NAME) replaced by what the first mapping that has NAME says; unknown ones stay, $$ is $."""
    maps = tuple(known)

    def of(match: re.Match[str]) -> str:
        if match[1] is None:
            return "$"
        return next((each[match[1]] for each in maps if match[1] in each), match[0])

    return _REFERENCE.sub(of, text)

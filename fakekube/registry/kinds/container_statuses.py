"""What a kubelet tells of containers beside their states: users, devices that were given to them, image volumes."""

from __future__ import annotations

from collections.abc import Iterator

from fakekube.core import names
from fakekube.core.fielderrors import duplicate, forbidden, invalid, not_supported, required, too_long
from fakekube.core.meta import Obj
from fakekube.registry.kinds.rules import LARGEST_ID, Errors, identity, named, within

FIELDS = {
    "containerStatuses": "containers",
    "initContainerStatuses": "initContainers",
    "ephemeralContainerStatuses": "ephemeralContainers",
}
CHECKED = frozenset({"user", "allocatedResourcesStatus", "volumeMounts"})
HEALTH = ("Healthy", "Unhealthy", "Unknown")
LONGEST_HEALTH_MESSAGE = 1024
LONGEST_IMAGE = 256
NO_REQUEST = "must match one of the container's resource requests"
NO_CLAIM = (
    "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or "
    "'claim:<claimName>' if request is empty"
)
NO_CONTAINER = "must match the name of an entry in spec.initContainers.name or spec.containers.name"
NO_EXTENDED = (
    "must match the extended resource name of an entry in spec.initContainers.resources.requests or "
    "spec.containers.resources.requests"
)


def validate_container_statuses(errors: Errors, status: Obj, spec: Obj) -> None:
    """The checks in the real server's order: first all users, then all devices, then all volumes."""
    told = list(_statuses(status))
    if not told:
        return
    system = (spec.get("os") or {}).get("name", "linux")
    for each, path, _ in told:
        _validate_user(errors, each.get("user") or {}, system, f"{path}.user.linux")
    for each, path, field in told:
        found = each.get("allocatedResourcesStatus")
        if found and field == "ephemeralContainers":
            errors.append(forbidden(f"{path}.allocatedResourcesStatus", "must not be specified in container status"))
        elif found:
            container = next((one for one in spec.get(field) or () if one.get("name") == each.get("name")), None)
            _validate_devices(errors, found, container, f"{path}.allocatedResourcesStatus")
    for each, path, _ in told:
        for index, mount in enumerate(each.get("volumeMounts") or ()):
            image = (mount.get("volumeStatus") or {}).get("image")
            if image is not None:
                _validate_image(errors, image, f"{path}.volumeMounts[{index}].volumeStatus.imageVolumeStatus.imageRef")


def _statuses(status: Obj) -> Iterator[tuple[Obj, str, str]]:
    """Those that have anything to be checked, with their paths and the field of the spec."""
    for field, of_spec in FIELDS.items():
        for index, each in enumerate(status.get(field) or ()):
            if not CHECKED.isdisjoint(each):
                yield each, f"status.{field}[{index}]", of_spec


def _validate_user(errors: Errors, user: Obj, system: str, path: str) -> None:
    linux = user.get("linux")
    if linux is None:
        return
    if system == "windows":
        errors.append(forbidden(path, "cannot be set for a windows pod"))
        return
    identity(errors, linux, "uid", path)
    identity(errors, linux, "gid", path)
    for index, group in enumerate(linux.get("supplementalGroups") or ()):
        within(errors, group, 0, LARGEST_ID, f"{path}.supplementalGroups[{index}]")


def _validate_devices(errors: Errors, resources: list[Obj], container: Obj | None, path: str) -> None:
    for index, resource in enumerate(resources):
        name, here = resource.get("name", ""), f"{path}[{index}]"
        if container is not None and name not in _requested(container, name):
            errors.append(invalid(f"{here}.name", name, NO_CLAIM if name.startswith("claim:") else NO_REQUEST))
        seen: set[str] = set()
        for place, device in enumerate(resource.get("resources") or ()):
            _validate_device(errors, device, seen, f"{here}.resources[{place}]")


def _requested(container: Obj, name: str) -> set[str]:
    resources = container.get("resources") or {}
    if not name.startswith("claim:"):
        return set(resources.get("requests") or ())
    listed = [(claim.get("name", ""), claim.get("request")) for claim in resources.get("claims") or ()]
    return {f"claim:{claim}/{request}" if request else f"claim:{claim}" for claim, request in listed}


def _validate_device(errors: Errors, device: Obj, seen: set[str], path: str) -> None:
    health, message, identifier = device.get("health", ""), device.get("message"), device.get("resourceID", "")
    if health not in HEALTH:
        errors.append(not_supported(f"{path}.health", health, HEALTH))
    if message == "":
        errors.append(required(f"{path}.message", "must be non-empty if specified"))
    elif message is not None and len(message.encode()) > LONGEST_HEALTH_MESSAGE:
        errors.append(too_long(f"{path}.message", LONGEST_HEALTH_MESSAGE))
    if identifier in seen:
        errors.append(duplicate(f"{path}.resourceID", identifier))
    seen.add(identifier)


def _validate_image(errors: Errors, image: Obj, path: str) -> None:
    reference = image.get("imageRef", "")
    if not reference:
        errors.append(required(path, "imageRef must not be empty"))
    if len(reference.encode()) > LONGEST_IMAGE:
        errors.append(too_long(path, LONGEST_IMAGE))


def validate_extended_claim(errors: Errors, told: Obj | None, spec: Obj) -> None:
    """The claim that was made for extended resources, and which containers' requests it serves."""
    if told is None:
        return
    path = "status.extendedResourceClaimStatus"
    containers = {
        each.get("name"): each for field in ("initContainers", "containers") for each in spec.get(field) or ()
    }
    if not told.get("requestMappings"):
        errors.append(required(f"{path}.requestMappings", "at least one request mapping is required"))
    seen: set[tuple[str, ...]] = set()
    for index, mapping in enumerate(told.get("requestMappings") or ()):
        here = f"{path}.requestMappings[{index}]"
        key = tuple(mapping.get(field, "") for field in ("containerName", "resourceName", "requestName"))
        _validate_mapping(errors, key, containers, here, path)
        if key in seen:
            fields = ("containerName", "resourceName", "requestName")
            errors.extend(duplicate(f"{here}.{field}", value) for field, value in zip(fields, key, strict=True))
        seen.add(key)
    name = told.get("resourceClaimName", "")
    if not name:
        errors.append(required(f"{path}.resourceClaimName"))
    else:
        named(errors, names.dns1123_subdomain(name), name, f"{path}.resourceClaimName")


def _validate_mapping(
    errors: Errors, key: tuple[str, ...], containers: dict[str | None, Obj], here: str, path: str
) -> None:
    container_name, resource, request = key
    container = containers.get(container_name)
    if container is None:
        errors.append(invalid(f"{here}.containerName", container_name, NO_CONTAINER))
    elif resource not in ((container.get("resources") or {}).get("requests") or ()):
        errors.append(invalid(f"{here}.resourceName", resource, NO_EXTENDED))
    named(errors, names.dns1123_label(request), request, f"{path}.requestName")

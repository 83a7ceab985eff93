"""StorageClasses, CSI drivers and nodes, attachments: what volumes are provisioned and attached by."""

from __future__ import annotations

from fakekube.core import names, quantity
from fakekube.core.fielderrors import FieldError, duplicate, forbidden, invalid, not_supported, required, too_long
from fakekube.core.meta import Obj
from fakekube.registry.kinds.checks import (
    dns_subdomain,
    has_odd_selector_value,
    immutable,
    invalids,
    label_name,
    label_selector,
    not_negative,
    one_of,
)
from fakekube.registry.kinds.filling import fill
from fakekube.registry.kinds.internal_form import internal
from fakekube.registry.kinds.node_labels import DEPRECATED, selector_warnings
from fakekube.registry.kinds.pod_validation.volumes import csi_driver_name
from fakekube.registry.kinds.rules import NOT_NEGATIVE
from fakekube.registry.kinds.volume_rules import volume_spec_faults
from fakekube.registry.strategy import Context, Strategy

GROUP = "storage.k8s.io"
MOST_PARAMETERS, LARGEST_PARAMETERS = 512, 256 * 1024
LARGEST_METADATA, LONGEST_ERROR = 256 * 1024, 1024
LONGEST_NODE_ID = 256
RECLAIM_POLICIES = ("Delete", "Retain")
BINDING_MODES = ("Immediate", "WaitForFirstConsumer")
LIFECYCLE_MODES = ("Persistent", "Ephemeral")
GROUP_POLICIES = ("File", "None", "ReadWriteOnceWithFSType")
SHORTEST_TOKEN_SECONDS, LONGEST_TOKEN_SECONDS = 600, 2**32
SHORTEST_UPDATE_SECONDS = 10


def _provisioner(field: str, name: str) -> list[FieldError]:
    return label_name(field, name.lower()) if name else [required(field)]


def _parameters(found: Obj | None, *, may_be_empty: bool) -> list[FieldError]:
    field, parameters = "parameters", found or {}
    if len(parameters) > MOST_PARAMETERS:
        return [too_long(field, MOST_PARAMETERS)]
    faults = [invalid(field, key, "field can not be empty.") for key in parameters if not key]
    if sum(len(key.encode()) + len(value.encode()) for key, value in parameters.items()) > LARGEST_PARAMETERS:
        faults.append(too_long(field, LARGEST_PARAMETERS))
    if not may_be_empty and not parameters:
        faults.append(required(field, "must contain at least one key/value pair"))
    return faults


def _topologies(terms: list[Obj]) -> list[FieldError]:
    faults: list[FieldError] = []
    seen: list[dict[str, set[str]]] = []
    for index, term in enumerate(terms):
        field = f"allowedTopologies[{index}].matchLabelExpressions"
        found: dict[str, set[str]] = {}
        for number, rule in enumerate(term.get("matchLabelExpressions") or ()):
            faults += _topology_rule(f"{field}[{number}]", rule, found)
        faults += [duplicate(field, "") for other in seen if other == found]
        seen.append(found)
    return faults


def _topology_rule(field: str, rule: Obj, found: dict[str, set[str]]) -> list[FieldError]:
    key, values = rule.get("key", ""), rule.get("values") or []
    faults = [] if values else [required(f"{field}.values")]
    repeated = [index for index, value in enumerate(values) if value in values[:index]]
    faults += [duplicate(f"{field}.values[{index}]", values[index]) for index in repeated]
    faults += label_name(f"{field}.key", key)
    if key in found:
        faults.append(duplicate(f"{field}.key", key))
    found[key] = set(values)
    return faults


class StorageClassStrategy(Strategy):
    """All but expansion, mount options and topologies is immutable; DELETE answers the object."""

    generation_fields = None
    answers_deleted_object = True

    def default(self, obj: Obj) -> None:
        """Volumes go with their claims, and are bound at once."""
        fill(obj, "reclaimPolicy", "Delete")
        fill(obj, "volumeBindingMode", "Immediate")

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Provisioner, parameters, policies and topologies."""
        faults = _provisioner("provisioner", obj.get("provisioner") or "")
        faults += _parameters(obj.get("parameters"), may_be_empty=True)
        if obj.get("reclaimPolicy"):
            faults += one_of("reclaimPolicy", obj["reclaimPolicy"], RECLAIM_POLICIES)
        mode = obj.get("volumeBindingMode")
        faults += [required("volumeBindingMode")] if mode is None else one_of("volumeBindingMode", mode, BINDING_MODES)
        return faults + _topologies(obj.get("allowedTopologies") or [])

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The same; then what may not change."""
        faults = self.validate(context, obj)
        for field in ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"):
            faults += immutable(field, obj.get(field), old.get(field))
        return faults

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """Deprecated labels in the topologies."""
        found = []
        for index, term in enumerate(obj.get("allowedTopologies") or ()):
            for number, rule in enumerate(term.get("matchLabelExpressions") or ()):
                if rule.get("key") in DEPRECATED:
                    field = f"allowedTopologies[{index}].matchLabelExpressions[{number}].key"
                    found.append(f"{field}: {DEPRECATED[rule['key']]}")
        return found


_DRIVER_DEFAULTS = {
    "attachRequired": True,
    "podInfoOnMount": False,
    "storageCapacity": False,
    "fsGroupPolicy": "ReadWriteOnceWithFSType",
    "requiresRepublish": False,
    "seLinuxMount": False,
}
_ALPHA = "preventPodSchedulingIfMissing"
"""A field of an alpha feature that is off."""

_TOKENS_WARNING = (
    "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible "
    "logging of tokens in volume attributes"
)


def _token_faults(requests: list[Obj]) -> list[FieldError]:
    faults: list[FieldError] = []
    seen: set[str] = set()
    for index, request in enumerate(requests):
        field, audience = f"spec.tokenRequests[{index}]", request.get("audience", "")
        if audience in seen:
            faults.append(duplicate(f"{field}.audience", audience))
            continue
        seen.add(audience)
        seconds, at = request.get("expirationSeconds"), f"{field}.expirationSeconds"
        if seconds is not None and seconds < SHORTEST_TOKEN_SECONDS:
            faults.append(invalid(at, seconds, "may not specify a duration less than 10 minutes"))
        if seconds is not None and seconds > LONGEST_TOKEN_SECONDS:
            faults.append(invalid(at, seconds, "may not specify a duration larger than 2^32 seconds"))
    return faults


class CsiDriverStrategy(Strategy):
    """No generation on create, but one that counts changes of the spec from then on."""

    generation_fields = None
    unconditional_update = False
    answers_deleted_object = True

    def default(self, obj: Obj) -> None:
        """What a driver that says nothing can and cannot do."""
        spec = obj.setdefault("spec", {})
        for name, value in _DRIVER_DEFAULTS.items():
            fill(spec, name, value)
        spec["volumeLifecycleModes"] = spec.get("volumeLifecycleModes") or ["Persistent"]

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """The field of an alpha feature is dropped."""
        obj["spec"].pop(_ALPHA, None)

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        """Count the change."""
        if _ALPHA not in old["spec"]:
            obj["spec"].pop(_ALPHA, None)
        if obj["spec"] != old["spec"]:
            obj["metadata"]["generation"] = (old["metadata"].get("generation") or 0) + 1

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Modes, policies and tokens."""
        spec = obj["spec"]
        faults = one_of("spec.fsGroupPolicy", spec["fsGroupPolicy"], GROUP_POLICIES)
        requests = spec.get("tokenRequests") or []
        faults += _token_faults(requests)
        for mode in spec.get("volumeLifecycleModes") or ():
            if mode not in LIFECYCLE_MODES:
                faults.append(not_supported("spec.volumeLifecycleModes", mode, LIFECYCLE_MODES))
        seconds = spec.get("nodeAllocatableUpdatePeriodSeconds")
        if seconds is not None and seconds < SHORTEST_UPDATE_SECONDS:
            why = f"must be greater than or equal to {SHORTEST_UPDATE_SECONDS} seconds"
            faults.append(invalid("spec.nodeAllocatableUpdatePeriodSeconds", seconds, why))
        secret = spec.get("serviceAccountTokenInSecrets")
        if secret is not None and not requests:
            why = "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
            faults.append(invalid("spec.serviceAccountTokenInSecrets", secret, why))
        return faults

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The same; whether volumes are attached, and their modes, stay."""
        faults, spec, then = self.validate(context, obj), obj["spec"], old["spec"]
        faults += immutable("spec.attachedRequired", spec.get("attachRequired"), then.get("attachRequired"))
        modes, before = spec.get("volumeLifecycleModes"), then.get("volumeLifecycleModes")
        return faults + immutable("spec.volumeLifecycleModes", modes, before)

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """Tokens should come in secrets; told when the requests are new."""
        spec = obj["spec"]
        requests = spec.get("tokenRequests") or []
        if not requests or spec.get("serviceAccountTokenInSecrets") is not None:
            return []
        return [] if old is not None and requests == old["spec"].get("tokenRequests") else [_TOKENS_WARNING]


def _node_driver_faults(field: str, driver: Obj, seen: set[str]) -> list[FieldError]:
    name, node = driver.get("name", ""), driver.get("nodeID", "")
    faults: list[FieldError] = []
    csi_driver_name(faults, name, f"{field}.name")
    if not node:
        faults.append(required(f"{field}.nodeID"))
    elif len(node) > LONGEST_NODE_ID:
        faults.append(invalid(f"{field}.nodeID", node, f"must be {LONGEST_NODE_ID} characters or less"))
    faults += not_negative(f"{field}.allocatable.count", (driver.get("allocatable") or {}).get("count") or 0)
    if name in seen:
        faults.append(duplicate(f"{field}.name", name))
    seen.add(name)
    keys: list[str] = driver.get("topologyKeys") or []
    for index, key in enumerate(keys):
        if not key:
            faults.append(required(field))
        if key in keys[:index]:
            faults.append(duplicate(field, key))
        faults += label_name(field, key)
    return faults


def _fixed_part(driver: Obj) -> Obj:
    """What may not change of a node's driver: all but how much it can take."""
    return {name: value for name, value in driver.items() if name != "allocatable"}


class CsiNodeStrategy(Strategy):
    """The drivers of a node; they are replaced, never changed."""

    generation_fields = None
    unconditional_update = False
    answers_deleted_object = True

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Each driver once, with an id of the node."""
        seen: set[str] = set()
        drivers = enumerate((obj.get("spec") or {}).get("drivers") or ())
        groups = [_node_driver_faults(f"spec.drivers[{index}]", driver, seen) for index, driver in drivers]
        return [fault for group in groups for fault in group]

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The same; a driver that stays is as it was."""
        faults = self.validate(context, obj)
        drivers, before = ((each.get("spec") or {}).get("drivers") or () for each in (obj, old))
        for was in before:
            for driver in drivers:
                if driver.get("name") == was.get("name"):
                    shown = internal("CSINodeDriver", _fixed_part(driver))
                    faults += immutable("spec.drivers", _fixed_part(driver), _fixed_part(was), shown)
        return faults


class CsiStorageCapacityStrategy(Strategy):
    """How much a class can give in a part of the cluster."""

    generation_fields = None
    unconditional_update = False

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """A class, a part of the cluster, and an amount."""
        return self._validate(obj, any_value=False)

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The same; class and part of the cluster stay."""
        faults = self._validate(obj, any_value=has_odd_selector_value(old.get("nodeTopology")))
        faults += immutable("nodeTopology", obj.get("nodeTopology"), old.get("nodeTopology"))
        return faults + immutable("storageClassName", obj.get("storageClassName"), old.get("storageClassName"))

    @staticmethod
    def _validate(obj: Obj, *, any_value: bool) -> list[FieldError]:
        faults = label_selector("nodeTopology", obj.get("nodeTopology"), any_value=any_value)
        faults += dns_subdomain("storageClassName", obj.get("storageClassName") or "")
        capacity = obj.get("capacity")
        if capacity is not None and quantity.parse(capacity).nanos < 0:
            faults.append(invalid("capacity", capacity, NOT_NEGATIVE))
        return faults

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """Deprecated labels."""
        return selector_warnings("nodeTopology", obj.get("nodeTopology"))


def _source_faults(source: Obj) -> list[FieldError]:
    field, name, inline = "spec.source", source.get("persistentVolumeName"), source.get("inlineVolumeSpec")
    why = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
    if name is None and inline is None:
        return [required(field, why)]
    if name is not None and inline is not None:
        return [forbidden(field, why)]
    if inline is not None:
        return volume_spec_faults(inline, "", f"{field}.inlineVolumeSpec", inline=True)
    at = f"{field}.persistentVolumeName"
    return [] if name else [required(at, "must specify non empty persistentVolumeName")]


def _attachment_faults(obj: Obj) -> list[FieldError]:
    spec = obj.get("spec") or {}
    faults: list[FieldError] = []
    csi_driver_name(faults, spec.get("attacher", ""), "spec.attacher")
    source = spec.get("source") or {}
    faults += _source_faults(source)
    faults += dns_subdomain("spec.nodeName", spec.get("nodeName", ""))
    faults += _attachment_status_faults(obj.get("status") or {})
    if source.get("persistentVolumeName") is not None:
        faults += dns_subdomain("spec.source.persistentVolumeName", source["persistentVolumeName"])
    return faults


def _attachment_status_faults(status: Obj) -> list[FieldError]:
    faults: list[FieldError] = []
    found = status.get("attachmentMetadata") or {}
    if sum(len(key.encode()) + len(value.encode()) for key, value in found.items()) > LARGEST_METADATA:
        faults.append(too_long("status.attachmentMetadata", LARGEST_METADATA))
    for part in ("attachError", "detachError"):
        error, field = status.get(part) or {}, f"status.{part}"
        if len((error.get("message") or "").encode()) > LONGEST_ERROR:
            faults.append(too_long(f"{field}.message", LARGEST_METADATA))
        code = error.get("errorCode")
        if code is not None and code < 0:
            faults += invalids(f"{field}.errorCode", code, names.in_range(code, 0, 2**31 - 1))
    return faults


class VolumeAttachmentStrategy(Strategy):
    """A wish in an immutable spec, and the driver's answer in the status."""

    generation_fields = None
    unconditional_update = False
    answers_deleted_object = True
    status_keeps = ("labels", "annotations", "finalizers", "ownerReferences")

    def default(self, obj: Obj) -> None:
        """Those of a volume within."""
        inline = ((obj.get("spec") or {}).get("source") or {}).get("inlineVolumeSpec")
        if inline is not None and inline.get("hostPath") is not None:
            fill(inline["hostPath"], "type", "")

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Nothing is attached yet."""
        obj["status"] = {"attached": False}

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Who attaches what to which node."""
        return _attachment_faults(obj)

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The same; the spec stays."""
        spec = obj.get("spec") or {}
        shown = internal("VolumeAttachmentSpec", spec)
        return self.validate(context, obj) + immutable("spec", spec, old.get("spec"), shown)

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The same as for the whole."""
        return self.validate_update(context, obj, old)


class VolumeAttributesClassStrategy(Strategy):
    """A driver and its parameters, all immutable."""

    generation_fields = None
    answers_deleted_object = True

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """A driver, and at least one parameter."""
        faults = _provisioner("driverName", obj.get("driverName") or "")
        return faults + _parameters(obj.get("parameters"), may_be_empty=False)

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """Nothing changes; then the rules for new classes."""
        fields = [name for name in ("driverName", "parameters") if obj.get(name) != old.get(name)]
        faults = [forbidden(name, f"updates to {name} are forbidden.") for name in fields]
        return faults + self.validate(context, obj)


ROWS = {
    f"storageclasses.{GROUP}": StorageClassStrategy(),
    f"csidrivers.{GROUP}": CsiDriverStrategy(),
    f"csinodes.{GROUP}": CsiNodeStrategy(),
    f"csistoragecapacities.{GROUP}": CsiStorageCapacityStrategy(),
    f"volumeattachments.{GROUP}": VolumeAttachmentStrategy(),
    f"volumeattributesclasses.{GROUP}": VolumeAttributesClassStrategy(),
}

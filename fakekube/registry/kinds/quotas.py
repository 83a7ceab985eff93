"""ResourceQuotas and LimitRanges: amounts by name, and which amounts go together."""

from __future__ import annotations

from fakekube.core import names, quantity
from fakekube.core.fielderrors import FieldError, duplicate, forbidden, invalid, required
from fakekube.core.meta import Obj
from fakekube.core.quantity import Quantity
from fakekube.registry.kinds import resource_names
from fakekube.registry.kinds.checks import IMMUTABLE, invalids
from fakekube.registry.kinds.internal_form import internal
from fakekube.registry.strategy import Context, Strategy

POD_COUNT = frozenset({"pods"})
POD_COMPUTE = frozenset({"cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"})
CLAIMS = frozenset({"persistentvolumeclaims", "requests.storage"})
SCOPES = {
    "Terminating": POD_COUNT | POD_COMPUTE,
    "NotTerminating": POD_COUNT | POD_COMPUTE,
    "BestEffort": POD_COUNT,
    "NotBestEffort": POD_COUNT | POD_COMPUTE,
    "PriorityClass": POD_COUNT | POD_COMPUTE,
    "CrossNamespacePodAffinity": POD_COUNT | POD_COMPUTE,
    "VolumeAttributesClass": CLAIMS,
}
"""Which of the well-known resources a scope can be applied to."""

_CONFLICTS = (("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating"))
_PLAIN_SCOPES = frozenset({"BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity"})
_PLAIN_SCOPE_RULE = (
    "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
    "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
)


def _misapplied(scope: str, hard: Obj) -> int:
    """How many of the limited resources the scope cannot be applied to."""
    fitting = SCOPES.get(scope)
    if fitting is None:
        return 0
    return sum(1 for name in hard if resource_names.is_quota_name(name) and name not in fitting)


def _amounts(field: str, amounts: Obj | None) -> list[FieldError]:
    faults: list[FieldError] = []
    for name, value in (amounts or {}).items():
        at = f"{field}[{name}]"
        faults += resource_names.quota_name_faults(at, name)
        faults += resource_names.amount_faults(at, name, value)
    return faults


def _scope_faults(spec: Obj) -> list[FieldError]:
    scopes, field = spec.get("scopes") or [], "spec.scopes"
    faults: list[FieldError] = []
    for scope in scopes:
        if scope not in SCOPES:
            faults.append(invalid(field, scopes, "unsupported scope"))
        count = _misapplied(scope, spec.get("hard") or {})
        faults += [invalid(field, scopes, "unsupported scope applied to resource")] * count
    return faults + _conflicts(field, scopes, scopes)


def _conflicts(field: str, scopes: list[str], shown: list[str] | None) -> list[FieldError]:
    return [
        invalid(field, shown, "conflicting scopes") for pair in _CONFLICTS if all(scope in scopes for scope in pair)
    ]


def _selector_faults(spec: Obj) -> list[FieldError]:
    selector = spec.get("scopeSelector")
    if selector is None:
        return []
    field = "spec.scopeSelector.matchExpressions"
    faults: list[FieldError] = []
    terms = selector.get("matchExpressions") or []
    for term in terms:
        scope = term.get("scopeName", "")
        if scope not in SCOPES:
            faults.append(invalid(f"{field}.scopeName", scope, "unsupported scope"))
        count = _misapplied(scope, spec.get("hard") or {})
        faults += [invalid(field, internal("ScopeSelector", selector), "unsupported scope applied to resource")] * count
        faults += _term_faults(field, term)
    return faults + _conflicts(field, [term.get("scopeName", "") for term in terms], spec.get("scopes"))


def _term_faults(field: str, term: Obj) -> list[FieldError]:
    faults: list[FieldError] = []
    operator, values = term.get("operator", ""), term.get("values") or []
    if term.get("scopeName", "") in _PLAIN_SCOPES and operator != "Exists":
        faults.append(invalid(f"{field}.operator", operator, _PLAIN_SCOPE_RULE))
    if operator in ("In", "NotIn"):
        if not values:
            why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
            faults.append(required(f"{field}.values", why))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
            faults.append(invalid(f"{field}.values", values, why))
    else:
        faults.append(invalid(f"{field}.operator", operator, "not a valid selector operator"))
    return faults


class ResourceQuotaStrategy(Strategy):
    """Limits of a namespace; the scopes stay as they are."""

    generation_fields = None
    answers_deleted_object = True

    def default(self, obj: Obj) -> None:
        """Amounts are kept in thousandths."""
        resource_names.round_to_milli((obj.get("spec") or {}).get("hard"))
        for part in ("hard", "used"):
            resource_names.round_to_milli((obj.get("status") or {}).get(part))

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """A new quota has an empty status."""
        obj["status"] = {}

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Names, amounts, scopes and the scope selector."""
        spec = obj.get("spec") or {}
        return _amounts("spec.hard", spec.get("hard")) + _scope_faults(spec) + _selector_faults(spec)

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The scopes, as a set, are immutable."""
        faults = self.validate(context, obj)
        scopes = (obj.get("spec") or {}).get("scopes")
        if set(scopes or ()) != set((old.get("spec") or {}).get("scopes") or ()):
            faults.append(invalid("spec.scopes", scopes, IMMUTABLE))
        return faults

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """Names and amounts."""
        status = obj.get("status") or {}
        return _amounts("status.hard", status.get("hard")) + _amounts("status.used", status.get("used"))

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """On create: requests allowed beyond the limits make no sense."""
        if old is not None:
            return []
        hard = (obj.get("spec") or {}).get("hard") or {}
        found = []
        for name in ("cpu", "memory", "storage", "ephemeral-storage"):
            request = f"requests.{name}"
            if request not in hard and name in ("cpu", "memory"):
                request = name
            limit = f"limits.{name}"
            if request in hard and limit in hard and quantity.parse(hard[request]) > quantity.parse(hard[limit]):
                found.append(f"ResourceQuota {request} ({hard[request]}) should be less than {limit} ({hard[limit]})")
        return found


_PARTS = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")
_TYPES = ("Pod", "Container", "PersistentVolumeClaim")
_LESS = (
    ("min", "max", "min", "min", "min value", "max value"),
    ("min", "defaultRequest", "defaultRequest", "defaultRequest", "min value", "default request value"),
    ("defaultRequest", "max", "defaultRequest", "defaultRequest", "default request value", "max value"),
    ("defaultRequest", "default", "defaultRequest", "defaultRequest", "default request value", "default limit value"),
    ("min", "default", "default", "min", "min value", "default value"),
    ("default", "max", "default", "max", "default value", "max value"),
)
"""The smaller part, the larger part, the field that is told, the part whose value is told, and what they are called."""

_LARGEST_MILLI = (2**63 - 1) // 1000


def _type_faults(field: str, name: str) -> list[FieldError]:
    faults = invalids(field, name, names.qualified_name(name))
    if not faults and "/" not in name and name not in _TYPES:
        faults.append(invalid(field, name, "must be a standard limit type or fully qualified"))
    return faults


def _limit_faults(field: str, limit: Obj) -> list[FieldError]:
    """What is wrong with one of spec.limits, its type apart."""
    kind = limit.get("type", "")
    name_faults = resource_names.container_name_faults if kind in ("Pod", "Container") else resource_names.name_faults
    faults: list[FieldError] = []
    amounts: dict[str, dict[str, Quantity]] = {}
    for part in _PARTS:
        found = limit.get(part) or {}
        if part == "maxLimitRequestRatio" and kind == "PersistentVolumeClaim":
            faults += _needs_storage(field, limit)
        if kind == "Pod" and part in ("default", "defaultRequest"):
            if found:
                faults.append(forbidden(f"{field}.{part}", "may not be specified when `type` is 'Pod'"))
            continue
        for name, value in found.items():
            faults += name_faults(f"{field}.{part}[{name}]", name)
            amounts.setdefault(name, {})[part] = quantity.parse(value)
    for name, parts in amounts.items():
        faults += _order_faults(field, name, parts)
    return faults


def _needs_storage(field: str, limit: Obj) -> list[FieldError]:
    if "storage" in (limit.get("min") or {}) or "storage" in (limit.get("max") or {}):
        return []
    why = "either minimum or maximum storage value is required, but neither was provided"
    return [required(f"{field}.limits", why)]


def _order_faults(field: str, name: str, parts: dict[str, Quantity]) -> list[FieldError]:
    faults = []
    for small, large, told, shown, less, more in _LESS:
        if small in parts and large in parts and parts[small] > parts[large]:
            why = f"{less} {parts[small]} is greater than {more} {parts[large]}"
            faults.append(invalid(f"{field}.{told}[{name}]", str(parts[shown]), why))
    ratio = parts.get("maxLimitRequestRatio")
    if ratio is None:
        return faults
    at = f"{field}.maxLimitRequestRatio[{name}]"
    if ratio < quantity.from_int(1):
        faults.append(invalid(at, str(ratio), f"ratio {ratio} is less than 1"))
    if "min" in parts and "max" in parts:
        asked, most = _ratios(ratio, parts["min"], parts["max"])
        if asked > most:
            faults.append(invalid(at, str(ratio), f"ratio {ratio} is greater than max/min = {most:f}"))
    return faults


def _ratios(ratio: Quantity, low: Quantity, high: Quantity) -> tuple[float, float]:
    """The ratio asked for and the one that max and min allow, in thousandths where these are exact."""
    if all(each.value() < _LARGEST_MILLI for each in (ratio, low, high)):
        asked, small, large = ratio.milli() / 1000, low.milli(), high.milli()
    else:
        asked, small, large = float(ratio.value()), low.value(), high.value()
    return asked, large / small if small else float("inf")


class LimitRangeStrategy(Strategy):
    """Limits of single objects; for containers the parts that are missing follow from the others."""

    create_on_update = True
    generation_fields = None

    def default(self, obj: Obj) -> None:
        """Defaults of a Container item follow from max and min; amounts are kept in thousandths."""
        for limit in (obj.get("spec") or {}).get("limits") or ():
            for part in _PARTS:
                resource_names.round_to_milli(limit.get(part))
            if limit.get("type") != "Container":
                continue
            _fill(limit, "default", limit.get("max"))
            _fill(limit, "defaultRequest", limit.get("default"))
            _fill(limit, "defaultRequest", limit.get("min"))

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """A range without any name gets one."""
        obj["metadata"]["name"] = obj["metadata"].get("name") or context.ids.uid()

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Types, once each; names; and amounts in the right order."""
        faults: list[FieldError] = []
        seen: set[str] = set()
        for index, limit in enumerate((obj.get("spec") or {}).get("limits") or ()):
            field, kind = f"spec.limits[{index}]", limit.get("type", "")
            faults += _type_faults(f"{field}.type", kind)
            if kind in seen:
                faults.append(duplicate(f"{field}.type", kind))
            seen.add(kind)
            faults += _limit_faults(field, limit)
        return faults


def _fill(limit: Obj, part: str, source: Obj | None) -> None:
    if source:
        limit[part] = {**source, **(limit.get(part) or {})}


ROWS = {"resourcequotas": ResourceQuotaStrategy(), "limitranges": LimitRangeStrategy()}

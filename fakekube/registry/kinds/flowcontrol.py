"""FlowSchemas and PriorityLevelConfigurations: kept and judged as the real server does, but nothing is throttled."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log2

from fakekube.core.fielderrors import FieldError, duplicate, forbidden, invalid, not_supported, required
from fakekube.core.meta import Obj
from fakekube.registry.kinds.checks import dns_subdomain
from fakekube.registry.kinds.filling import fill
from fakekube.registry.kinds.flow_rules import rule_faults
from fakekube.registry.strategy import Context, Strategy

GROUP = "flowcontrol.apiserver.k8s.io"
_EXEMPT = "exempt"
_LAST_PRECEDENCE = 10000
_DISTINGUISHERS = ("ByNamespace", "ByUser")
_QUEUING = {"handSize": 8, "queues": 64, "queueLengthLimit": 50}
_MOST_QUEUES = 10**7
_HASH_BITS = 60


def _condition_faults(obj: Obj) -> list[FieldError]:
    faults = []
    seen: set[str] = set()
    for index, condition in enumerate((obj.get("status") or {}).get("conditions") or ()):
        field, kind = f"status.conditions[{index}].type", condition.get("type") or ""
        if kind in seen:
            faults.append(duplicate(field, kind))
        if not kind:
            faults.append(required(field))
        seen.add(kind)
    return faults


class FlowControlStrategy(Strategy):
    """What both kinds have in common."""

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Nothing has been said about it yet."""
        obj["status"] = {}

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """Conditions have types, each its own."""
        return _condition_faults(obj)


class FlowSchemaStrategy(FlowControlStrategy):
    """Which requests go to which level."""

    def default(self, obj: Obj) -> None:
        """The precedence of a schema that names none."""
        spec = obj.setdefault("spec", {})
        spec["matchingPrecedence"] = spec.get("matchingPrecedence") or 1000

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """The precedence, the level, the rules."""
        spec = obj["spec"]
        faults = self._precedence_faults(spec["matchingPrecedence"], obj["metadata"].get("name", ""))
        method = spec.get("distinguisherMethod")
        if method is not None and method.get("type") not in _DISTINGUISHERS:
            shown = {"Type": method.get("type") or ""}
            faults.append(not_supported("spec.distinguisherMethod.type", shown, _DISTINGUISHERS))
        level, field = (
            (spec.get("priorityLevelConfiguration") or {}).get("name"),
            "spec.priorityLevelConfiguration.name",
        )
        faults += dns_subdomain(field, level) if level else [required(field, "must reference a priority level")]
        for index, rule in enumerate(spec.get("rules") or ()):
            faults += rule_faults(f"spec.rules[{index}]", rule)
        return faults + _condition_faults(obj)

    @staticmethod
    def _precedence_faults(found: int, name: str) -> list[FieldError]:
        rules = (
            (found <= 0, "must be a positive value"),
            (found > _LAST_PRECEDENCE, f"must not be greater than {_LAST_PRECEDENCE}"),
            (found == 1 and name != _EXEMPT, "only the schema named 'exempt' may have matchingPrecedence 1"),
        )
        return [invalid("spec.matchingPrecedence", found, why) for broken, why in rules if broken]


class PriorityLevelStrategy(FlowControlStrategy):
    """How much concurrency a level has."""

    status_keeps = ("labels", "annotations", "finalizers", "ownerReferences")

    def default(self, obj: Obj) -> None:
        """Shares, and the shape of the queues."""
        spec = obj.setdefault("spec", {})
        exempt, limited = spec.get("exempt"), spec.get("limited")
        if exempt is not None:
            fill(exempt, "nominalConcurrencyShares", 0)
            fill(exempt, "lendablePercent", 0)
        if limited is not None:
            fill(limited, "nominalConcurrencyShares", 30)
            fill(limited, "lendablePercent", 0)
            queuing = (limited.get("limitResponse") or {}).get("queuing")
            if queuing is not None:
                queuing.update({name: queuing.get(name) or value for name, value in _QUEUING.items()})

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """The part that belongs to the type, and no other."""
        spec, name = obj["spec"], obj["metadata"].get("name", "")
        kind, exempt, limited = spec.get("type") or "", spec.get("exempt"), spec.get("limited")
        faults = []
        if (name == _EXEMPT) != (kind == "Exempt"):
            faults.append(invalid("spec.type", kind, "must be 'Exempt' if and only if `name` is 'exempt'"))
        if kind == "Exempt":
            if limited is not None:
                faults.append(forbidden("spec.limited", "must be nil if the type is not Limited"))
            faults += _share_faults("spec.exempt", exempt or {})
        elif kind == "Limited":
            if exempt is not None:
                faults.append(forbidden("spec.exempt", "must be nil if the type is Limited"))
            if limited is None:
                faults.append(required("spec.limited", "must not be empty when type is Limited"))
            else:
                faults += _limited_faults("spec.limited", limited)
        else:
            faults.append(not_supported("spec.type", kind, ("Exempt", "Limited")))
        return faults + _condition_faults(obj)


def _share_faults(field: str, level: Obj, between: Sequence[FieldError] = ()) -> list[FieldError]:
    shares, lendable = level.get("nominalConcurrencyShares") or 0, level.get("lendablePercent") or 0
    faults = []
    if shares < 0:
        faults.append(invalid(f"{field}.nominalConcurrencyShares", shares, "must be a non-negative integer"))
    faults += between
    if not 0 <= lendable <= 100:
        faults.append(invalid(f"{field}.lendablePercent", lendable, "must be between 0 and 100, inclusive"))
    return faults


def _limited_faults(field: str, limited: Obj) -> list[FieldError]:
    borrowing = limited.get("borrowingLimitPercent") or 0
    response = _response_faults(f"{field}.limitResponse", limited.get("limitResponse") or {})
    faults = _share_faults(field, limited, response)
    if borrowing < 0:
        why = "if specified, must be a non-negative integer"
        faults.append(invalid(f"{field}.borrowingLimitPercent", borrowing, why))
    return faults


def _response_faults(field: str, response: Obj) -> list[FieldError]:
    kind, queuing = response.get("type") or "", response.get("queuing")
    if kind == "Reject":
        why = "must be nil if limited.limitResponse.type is not Limited"
        return [] if queuing is None else [forbidden(f"{field}.queuing", why)]
    if kind != "Queue":
        return [not_supported(f"{field}.type", kind, ("Queue", "Reject"))]
    if queuing is None:
        return [required(f"{field}.queuing", "must not be empty if limited.limitResponse.type is Limited")]
    return _queuing_faults(f"{field}.queuing", queuing)


def _queuing_faults(field: str, queuing: Obj) -> list[FieldError]:
    length, queues, hand = (queuing[name] for name in ("queueLengthLimit", "queues", "handSize"))
    faults = [] if length > 0 else [invalid(f"{field}.queueLengthLimit", length, "must be positive")]
    if queues <= 0:
        faults.append(invalid(f"{field}.queues", queues, "must be positive"))
    elif queues > _MOST_QUEUES:
        faults.append(invalid(f"{field}.queues", queues, f"must not be greater than {_MOST_QUEUES}"))
    problem = _hand_problem(hand, queues)
    return [*faults, invalid(f"{field}.handSize", hand, problem)] if problem else faults


def _hand_problem(hand: int, queues: int) -> str:
    if hand <= 0:
        return "must be positive"
    if hand > queues:
        return f"should not be greater than queues ({queues})"
    if ceil(log2(queues) * hand) > _HASH_BITS:
        sizes = f"deckSize {queues} and handSize {hand}"
        return f"required entropy bits of {sizes} should not be greater than {_HASH_BITS}"
    return ""


ROWS = {
    f"flowschemas.{GROUP}": FlowSchemaStrategy(),
    f"prioritylevelconfigurations.{GROUP}": PriorityLevelStrategy(),
}

"""Leases: who holds something, and until when."""

from __future__ import annotations

from fakekube.core import names
from fakekube.core.fielderrors import FieldError, forbidden, invalid
from fakekube.core.meta import Obj
from fakekube.registry.kinds.checks import invalids, not_negative, one_of
from fakekube.registry.strategy import Context, Strategy

ELECTION_FIELDS = ("strategy", "preferredHolder")
"""Fields of coordinated election, an alpha feature that is off."""


class LeaseStrategy(Strategy):
    """Created by PUT too; an update must name its resourceVersion; the fields of coordinated election are dropped."""

    create_on_update = True
    unconditional_update = False
    generation_fields = None

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Drop what belongs to coordinated election."""
        for name in ELECTION_FIELDS:
            (obj.get("spec") or {}).pop(name, None)

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        """The same unless it was there."""
        for name in ELECTION_FIELDS:
            if name not in (old.get("spec") or {}):
                (obj.get("spec") or {}).pop(name, None)

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Numbers that make sense."""
        spec = obj.get("spec") or {}
        faults: list[FieldError] = []
        duration = spec.get("leaseDurationSeconds")
        if duration is not None and duration <= 0:
            faults.append(invalid("spec.leaseDurationSeconds", duration, "must be greater than 0"))
        faults += not_negative("spec.leaseTransitions", spec.get("leaseTransitions") or 0)
        strategy = spec.get("strategy")
        if strategy is not None:
            at = "spec.strategy.strategy"
            plain = "/" not in strategy
            faults += one_of(at, strategy, ["OldestEmulationVersion"]) if plain else _qualified(at, strategy)
        if spec.get("preferredHolder") and not strategy:
            faults.append(forbidden("spec.preferredHolder", "may only be specified if `strategy` is defined"))
        return faults


def _qualified(field: str, value: str) -> list[FieldError]:
    return invalids(field, value, names.qualified_name(value))


ROWS = {"leases.coordination.k8s.io": LeaseStrategy()}

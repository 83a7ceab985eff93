"""ControllerRevisions: snapshots that never change (kubernetes/pkg/apis/apps, registry/apps/controllerrevision)."""

from __future__ import annotations

from fakekube.core.fielderrors import FieldError, invalid, required
from fakekube.core.meta import Obj
from fakekube.registry.kinds.rules import NOT_NEGATIVE, Errors, immutable
from fakekube.registry.strategy import Context, Strategy


class ControllerRevisionStrategy(Strategy):
    has_status = False
    generation_fields = None

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        errors = _validate_revision(obj)
        data = obj.get("data")
        if data is None:
            errors.append(required("data", "data is mandatory"))
        elif not isinstance(data, dict):
            errors.append(required("data", "data must be a valid JSON object"))
        return errors

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        errors = _validate_revision(obj)
        immutable(errors, obj.get("data"), old.get("data"), "data")
        return errors


def _validate_revision(obj: Obj) -> Errors:
    number = obj.get("revision") or 0
    return [invalid("revision", number, NOT_NEGATIVE)] if number < 0 else []


ROWS: dict[str, Strategy] = {"controllerrevisions.apps": ControllerRevisionStrategy()}

"""ConfigMaps: keys that are file names, and data that may be sealed."""

from __future__ import annotations

from fakekube.core import names
from fakekube.core.fielderrors import FieldError, forbidden, invalid, too_long
from fakekube.core.meta import Obj
from fakekube.registry.kinds.checks import invalids
from fakekube.registry.strategy import Context, Strategy

MAXIMUM_BYTES = 1024 * 1024
SEALED = "field is immutable when `immutable` is set"


def base64_size(text: str) -> int:
    """How many bytes base64 text stands for."""
    return len(text) // 4 * 3 - text[-2:].count("=")


def fill_nulls(data: Obj | None) -> None:
    """Bytes that are null are stored as no bytes."""
    if data:
        data.update(dict.fromkeys([key for key, value in data.items() if value is None], ""))


class ConfigMapStrategy(Strategy):
    """`data` and `binaryData` share one set of keys; `immutable: true` seals both for good."""

    generation_fields = None

    def default(self, obj: Obj) -> None:
        """Null bytes become empty ones."""
        fill_nulls(obj.get("binaryData"))

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Keys, keys given twice, and the size of all values together."""
        faults: list[FieldError] = []
        data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
        size = 0
        for key, value in data.items():
            faults += invalids(f"data[{key}]", key, names.config_map_key(key))
            if key in binary:
                faults.append(invalid(f"data[{key}]", key, "duplicate of key present in binaryData"))
            size += len(value.encode())
        for key, value in binary.items():
            faults += invalids(f"binaryData[{key}]", key, names.config_map_key(key))
            size += base64_size(value)
        return [*faults, too_long("", MAXIMUM_BYTES)] if size > MAXIMUM_BYTES else faults

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """What is sealed may neither change nor be unsealed."""
        faults: list[FieldError] = []
        if old.get("immutable"):
            if not obj.get("immutable"):
                faults.append(forbidden("immutable", SEALED))
            faults += [forbidden(field, SEALED) for field in ("data", "binaryData") if obj.get(field) != old.get(field)]
        return faults + self.validate(context, obj)


ROWS = {"configmaps": ConfigMapStrategy()}

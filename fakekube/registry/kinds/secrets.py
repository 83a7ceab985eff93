"""Secrets: text becomes data, and some types say which keys there must be."""

from __future__ import annotations

import base64

from fakekube.core import names
from fakekube.core.fielderrors import FieldError, forbidden, invalid, required, too_long
from fakekube.core.gojson import syntax_error
from fakekube.core.meta import Obj, annotations_of
from fakekube.registry.kinds.checks import immutable, invalids
from fakekube.registry.kinds.configmaps import MAXIMUM_BYTES, SEALED, base64_size, fill_nulls
from fakekube.registry.kinds.keypairs import pair_fault
from fakekube.registry.kinds.selectable import SelectableStrategy
from fakekube.registry.strategy import Context

ACCOUNT_NAME = "kubernetes.io/service-account.name"
TLS = "kubernetes.io/tls"
_REDACTED = "<secret contents redacted>"
_DOCKER = {
    "kubernetes.io/dockercfg": ".dockercfg",
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
}


def _json_fault(raw: bytes) -> str:
    """What Go says when it reads the text as a JSON object; '' if it can."""
    if found := syntax_error(raw):
        return found
    kinds = {b'"': "string", b"[": "array", b"t": "bool", b"f": "bool", b"{": "", b"n": ""}
    kind = kinds.get(raw.strip()[:1], "number")
    return f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}" if kind else ""


def _docker_faults(key: str, data: Obj) -> list[FieldError]:
    at = f"data[{key}]"
    if key not in data:
        return [required(at)]
    fault = _json_fault(base64.b64decode(data[key]))
    return [invalid(at, _REDACTED, fault)] if fault else []


def _type_faults(obj: Obj, data: Obj) -> list[FieldError]:
    """What a built-in type requires."""
    kind = obj.get("type") or ""
    if kind in _DOCKER:
        return _docker_faults(_DOCKER[kind], data)
    if kind == "kubernetes.io/service-account-token":
        there = bool(annotations_of(obj).get(ACCOUNT_NAME))
        return [] if there else [required(f"metadata.annotations[{ACCOUNT_NAME}]")]
    if kind == "kubernetes.io/basic-auth":
        keys = ("username", "password")
        return [] if any(key in data for key in keys) else [required(f"data[{key}]") for key in keys]
    if kind == "kubernetes.io/ssh-auth":
        return [] if data.get("ssh-privatekey") else [required("data[ssh-privatekey]")]
    if kind == TLS:
        return [required(f"data[{key}]") for key in ("tls.crt", "tls.key") if key not in data]
    return []


class SecretStrategy(SelectableStrategy):
    """stringData is write-only: it is laid over data; `immutable: true` seals the data for good."""

    generation_fields = None
    field_selectors = {"type": lambda obj: obj.get("type") or ""}  # noqa: RUF012 - a table that nobody changes

    def default(self, obj: Obj) -> None:
        """Text becomes data, and a Secret without a type is Opaque."""
        fill_nulls(obj.get("data"))
        text = obj.pop("stringData", None)
        if text:
            encoded = {key: base64.b64encode(value.encode()).decode() for key, value in text.items()}
            obj["data"] = {**(obj.get("data") or {}), **encoded}
        obj["type"] = obj.get("type") or "Opaque"

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Keys, size, and what the type requires."""
        data = obj.get("data") or {}
        faults: list[FieldError] = []
        for key in data:
            faults += invalids(f"data[{key}]", key, names.config_map_key(key))
        if sum(map(base64_size, data.values())) > MAXIMUM_BYTES:
            faults.append(too_long("data", MAXIMUM_BYTES))
        return faults + _type_faults(obj, data)

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The type stays; what is sealed may neither change nor be unsealed."""
        faults = immutable("type", obj.get("type"), old.get("type"))
        if old.get("immutable"):
            if not obj.get("immutable"):
                faults.append(forbidden("immutable", SEALED))
            if obj.get("data") != old.get("data"):
                faults.append(forbidden("data", SEALED))
        return faults + self.validate(context, obj)

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """A TLS pair that cannot be used is stored all the same, with a warning."""
        if obj.get("type") != TLS:
            return []
        data = obj.get("data") or {}
        fault = pair_fault(*(base64.b64decode(data.get(key) or "") for key in ("tls.crt", "tls.key")))
        return [fault] if fault else []


ROWS = {"secrets": SecretStrategy()}

"""The entries of managedFields: who owns what, since when, written in which version and by which path."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from fakekube.core.fielderrors import go_quote
from fakekube.core.meta import Obj
from fakekube.registry.fields import elements, sets
from fakekube.registry.fields.sets import Set

APPLY, UPDATE = "Apply", "Update"

UNKNOWN = "unknown"
BEFORE_FIRST_APPLY = "before-first-apply"
"""Owner of what was there when the first apply met an object that nobody had kept book of."""
ANCIENT = "ancient-changes"
"""Owner of what the oldest updaters wrote once there are too many."""

MOST_NAME_BYTES = 128
MOST_UPDATERS = 10


class Identity(NamedTuple):
    """What tells entries apart. An applier is one whatever version it writes in, so `version` is '' for it."""

    manager: str
    operation: str
    version: str
    subresource: str

    @classmethod
    def of(cls, manager: str, operation: str, version: str, subresource: str) -> Identity:
        return cls(manager or UNKNOWN, operation, "" if operation == APPLY else version, subresource)

    def rank(self) -> str:
        """Its place among others: that of its JSON text, as the real server sorts them."""
        members = {
            "manager": self.manager,
            "operation": self.operation,
            "apiVersion": self.version,
            "subresource": self.subresource,
        }
        return ",".join(f"{name}:{elements.go_json(value)}" for name, value in members.items() if value)

    def __str__(self) -> str:
        """As conflicts name it."""
        text = go_quote(self.manager)
        if self.subresource:
            text += f" with subresource {go_quote(self.subresource)}"
        return text if self.operation == APPLY else f"{text} using {self.version}"


class Entry(NamedTuple):
    """The fields of one manager, in the version it wrote them in; `time` is metav1.Time text, or '' for none."""

    fields: Set
    version: str
    time: str = ""


Managers = dict[Identity, Entry]


@lru_cache(maxsize=1024)
def manager_name(field_manager: str, user_agent: str) -> str:
    """The fieldManager parameter, or else the User-Agent up to its first slash: printable, 128 bytes at most."""
    if field_manager:
        return field_manager
    name = ""
    room = MOST_NAME_BYTES
    for letter in user_agent.partition("/")[0]:
        if not letter.isprintable():
            continue
        room -= len(letter.encode())
        if room < 0:
            break
        name += letter
    return name


def decode(raw: Any, *, trusted: bool = False) -> Managers:
    """managedFields as they are kept or sent; ValueError if any entry cannot be read. Trusted: written by `encode`."""
    found: Managers = {}
    for place, item in enumerate(raw or ()):
        get = item.get
        operation, version = get("operation", ""), get("apiVersion", "")
        if not trusted:
            _check(item, place)
        identity = Identity(
            get("manager", ""), operation, "" if operation == APPLY else version, get("subresource", "")
        )
        fields = get("fieldsV1") or {}
        found[identity] = Entry(fields if trusted else sets.read(fields), version, get("time") or "")
    return found


def check(raw: Any) -> None:
    """ValueError if managedFields cannot be read."""
    decode(raw)


def _check(item: Obj, place: int) -> None:
    if item.get("operation") not in (APPLY, UPDATE):
        raise ValueError("operation must be `Apply` or `Update`")
    if not item.get("apiVersion"):
        raise ValueError("apiVersion must not be empty")
    kind = item.get("fieldsType") or ""
    if not kind:
        raise ValueError(f"missing fieldsType in managed fields entry {place}")
    if kind != "FieldsV1":
        raise ValueError(f"invalid fieldsType {go_quote(kind)} in managed fields entry {place}")


def encode(managers: Managers) -> list[Obj]:
    """managedFields in order: appliers first, then by time, name, version and subresource."""
    if len(managers) == 1:
        return [_encoded(*item) for item in managers.items()]
    return [_encoded(*item) for item in sorted(managers.items(), key=_place)]


def _place(item: tuple[Identity, Entry]) -> tuple[str, ...]:
    identity, entry = item
    return identity.operation, entry.time, identity.manager, entry.version, identity.subresource


def _encoded(identity: Identity, entry: Entry) -> Obj:
    found: Obj = {"manager": identity.manager, "operation": identity.operation, "apiVersion": entry.version}
    if not identity.manager:
        del found["manager"]
    if entry.time:
        found["time"] = entry.time
    found["fieldsType"] = "FieldsV1"
    found["fieldsV1"] = entry.fields
    if identity.subresource:
        found["subresource"] = identity.subresource
    return found


def is_reset(raw: Any) -> bool:
    """Whether a client asks for all entries to be dropped: an empty list, or one entry with nothing in it."""
    if not isinstance(raw, list) or len(raw) > 1:
        return False
    return all(value in ("", None) for entry in raw for value in entry.values())


def cap(managers: Managers) -> Managers:
    """At most MOST_UPDATERS updaters: of those that wrote in one version the oldest become one, ANCIENT."""
    updaters = [identity for identity in managers if identity.operation == UPDATE]
    if len(updaters) <= MOST_UPDATERS:
        return managers
    found = dict(managers)
    updaters.sort(key=lambda identity: (managers[identity].time, identity.rank()))
    surplus = len(updaters) - MOST_UPDATERS
    first: dict[str, Identity] = {}
    for identity in updaters:
        if not surplus:
            break
        entry = managers[identity]
        if first.setdefault(entry.version, identity) is identity:
            continue
        bucket = Identity(ANCIENT, UPDATE, entry.version, "")
        if bucket not in found:
            found[bucket] = found.pop(first[entry.version])
        found[bucket] = Entry(sets.union(found[bucket].fields, entry.fields), entry.version, entry.time)
        del found[identity]
        surplus -= 1
    return found


def same_but_managed(old: Obj, new: Obj) -> bool:
    """Whether a write changes nothing but times of managedFields (and the resourceVersion): then it is no write."""
    if len(old) != len(new) or any(name not in new for name in old):
        return False
    if any(name != "metadata" and value != new[name] for name, value in old.items()):
        return False
    before, after = _compared(old), _compared(new)
    return before == after and _untimed(old) == _untimed(new)


def _compared(obj: Obj) -> Obj:
    ignored = ("managedFields", "resourceVersion")
    return {name: value for name, value in (obj.get("metadata") or {}).items() if name not in ignored}


def _untimed(obj: Obj) -> list[Obj]:
    entries: Iterable[Obj] = (obj.get("metadata") or {}).get("managedFields") or ()
    return [{name: value for name, value in entry.items() if name != "time"} for entry in entries]

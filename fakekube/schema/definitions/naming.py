"""The names of custom resources: of two definitions of one group that want the same, the first has it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from fakekube.core.fielderrors import go_quote
from fakekube.core.meta import Obj, condition, is_true

ACCEPTED, ESTABLISHED, TERMINATING = "NamesAccepted", "Established", "Terminating"
_SINGLE = (
    # name, whether it is a kind, the reason that says it is taken; short names come after the first two
    ("plural", False, "PluralConflict"),
    ("singular", False, "SingularConflict"),
    ("kind", True, "KindConflict"),
    ("listKind", True, "ListKindConflict"),
)
_ORDER = ("plural", "singular", "shortNames", "kind", "listKind", "categories")


class Naming(NamedTuple):
    """What a definition may call itself now, and the conditions (without times) that say so."""

    names: Obj
    accepted: Obj
    established: Obj


def naming(crd: Obj, others: Iterable[Obj]) -> Naming:
    """The names that are free, beside the other definitions of the group (`crd` itself may be among them)."""
    wanted, had = crd["spec"]["names"], (crd.get("status") or {}).get("acceptedNames") or {}
    resources, kinds = _taken(others)
    names: Obj = dict(had)
    problem: tuple[str, str] | None = None
    for name, is_kind, reason in _SINGLE[:2]:
        problem = _take(names, wanted, had, name, kinds if is_kind else resources, reason) or problem
    problem = _take_short_names(names, wanted, had, resources) or problem
    for name, is_kind, reason in _SINGLE[2:]:
        problem = _take(names, wanted, had, name, kinds if is_kind else resources, reason) or problem
    _copy(names, wanted, "categories")
    ordered = {name: names[name] for name in _ORDER if name in names}
    accepted = _condition(ACCEPTED, problem is None, *(problem or ("NoConflicts", "no conflicts found")))
    return Naming(ordered, accepted, _established(crd, problem is None))


def _taken(others: Iterable[Obj]) -> tuple[set[str], set[str]]:
    resources: set[str] = set()
    kinds: set[str] = set()
    for each in others:
        names = (each.get("status") or {}).get("acceptedNames") or {}
        resources |= {names.get("plural") or "", names.get("singular") or "", *(names.get("shortNames") or ())}
        kinds |= {names.get("kind") or "", names.get("listKind") or ""}
    return resources - {""}, kinds - {""}


def _take(names: Obj, wanted: Obj, had: Obj, name: str, used: set[str], reason: str) -> tuple[str, str] | None:
    asked = wanted.get(name) or ""
    if asked != (had.get(name) or "") and asked in used:
        return reason, f"{go_quote(asked)} is already in use"
    _copy(names, wanted, name)
    return None


def _take_short_names(names: Obj, wanted: Obj, had: Obj, used: set[str]) -> tuple[str, str] | None:
    asked, own = wanted.get("shortNames") or [], had.get("shortNames") or []
    refused = [name for name in asked if name not in own and name in used]
    if refused:
        texts = list(dict.fromkeys(f"{go_quote(name)} is already in use" for name in refused))
        return "ShortNamesConflict", texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"
    _copy(names, wanted, "shortNames")
    return None


def _copy(names: Obj, wanted: Obj, name: str) -> None:
    if wanted.get(name):
        names[name] = wanted[name]
    else:
        names.pop(name, None)


def _established(crd: Obj, free: bool) -> Obj:
    if is_true(crd, ESTABLISHED):
        found = condition(crd, ESTABLISHED)
        assert found is not None, "what is true is there"
        return {name: value for name, value in found.items() if name != "lastTransitionTime"}
    if free:
        return _condition(ESTABLISHED, False, "Installing", "the initial names have been accepted")
    found = condition(crd, ESTABLISHED)
    if found is not None:
        return {name: value for name, value in found.items() if name != "lastTransitionTime"}
    return _condition(ESTABLISHED, False, "NotAccepted", "not all names are accepted")


def _condition(kind: str, state: bool, reason: str, message: str) -> Obj:
    return {"type": kind, "status": "True" if state else "False", "reason": reason, "message": message}


def with_condition(status: Obj, wanted: Obj, now: str) -> Obj:
    """The status with the condition; its time is that of the last change of its truth."""
    found: list[Any] = list(status.get("conditions") or ())
    index = next((place for place, each in enumerate(found) if each["type"] == wanted["type"]), None)
    same = index is not None and found[index].get("status") == wanted["status"]
    since = found[index].get("lastTransitionTime") if index is not None and same else None
    made = {
        "type": wanted["type"],
        "status": wanted["status"],
        "lastTransitionTime": since or now,
        "reason": wanted["reason"],
        "message": wanted["message"],
    }
    if index is None:
        found.append(made)
    else:
        found[index] = made
    return {**status, "conditions": found}


def has_bad_bundle(spec: Obj) -> bool:
    """Whether the authorities of the conversion webhook cannot be read; until they can nothing is established."""
    from fakekube.core import bundles

    client = ((spec.get("conversion") or {}).get("webhook") or {}).get("clientConfig") or {}
    return bool(bundles.fault(client.get("caBundle") or ""))


def same_names(one: Obj, other: Obj) -> bool:
    """Whether both name the same; empty lists are none."""
    return all((one.get(name) or None) == (other.get(name) or None) for name in _ORDER)

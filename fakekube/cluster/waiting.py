"""Waiting for a state of an object without sleeping: conditions in kubectl's words, or any question to the object."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fakekube.core.meta import Obj, condition
from fakekube.storage.store import Store
from fakekube.storage.values import Event, Key

Condition = str | Callable[[Obj], bool]
Test = Callable[[Obj | None], bool]


def test_of(wanted: Condition) -> Test:
    """'condition=Ready[=False]', 'jsonpath={.status.phase}=Running', 'create', 'delete', or a function of the
    object."""
    if callable(wanted):
        return lambda obj: obj is not None and bool(wanted(obj))
    kind, _, rest = wanted.partition("=")
    if wanted == "delete":
        return lambda obj: obj is None
    if wanted == "create":
        return lambda obj: obj is not None
    if kind == "condition":
        name, _, value = rest.partition("=")
        return lambda obj: obj is not None and _holds(obj, name, value or "True")
    if kind == "jsonpath":
        return _jsonpath_test(rest)
    hint = "condition=NAME[=VALUE], jsonpath={PATH}[=VALUE], create, delete or a function of the object"
    raise ValueError(f"cannot wait for {wanted!r}; known: {hint}")


def _holds(obj: Obj, name: str, value: str) -> bool:
    found = condition(obj, name)
    if found is None or str(found.get("status", "")).lower() != value.lower():
        return False
    observed = (obj.get("status") or {}).get("observedGeneration")
    return observed is None or observed >= (obj["metadata"].get("generation") or 0)


def _jsonpath_test(text: str) -> Test:
    from fakekube.core import jsonpath

    path, _, value = text.rpartition("}=") if "}=" in text else (text, "", None)
    template = jsonpath.JSONPath(path + "}" if value is not None else path)

    def test(obj: Obj | None) -> bool:
        if obj is None:
            return False
        found = template.values(obj)
        if value is None:
            return bool(found)
        return any(_text(each) == value for each in found)

    return test


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Waits:
    """The waits of one cluster: each is looked at when its object is written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[Key, list[tuple[Test, asyncio.Event]]] = {}
        store.listen(self._on_event)

    def _on_event(self, event: Event) -> None:
        for test, woken in self._waiting.get(event.key, ()):
            if test(event.after.view if event.after is not None else None):
                woken.set()

    def present(self, key: Key) -> Obj | None:
        """A private copy of the object, if it is there."""
        stored = self._store.get(key)
        return None if stored is None else stored.decode()

    async def until(self, key: Key, test: Test, timeout: float) -> Obj | None:
        """The object once the test holds (None once it is gone, if that was waited for); TimeoutError with what it
        was."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        woken = asyncio.Event()
        entry = (test, woken)
        self._waiting.setdefault(key, []).append(entry)
        try:
            while True:
                found = self.present(key)
                if test(found):
                    return found
                woken.clear()
                try:
                    await asyncio.wait_for(woken.wait(), end - loop.time())
                except TimeoutError:
                    raise TimeoutError(_story(key, found, timeout)) from None
        finally:
            self._waiting[key].remove(entry)
            if not self._waiting[key]:
                del self._waiting[key]


def _story(key: Key, obj: Obj | None, timeout: float) -> str:
    name = f"{key.resource} {key.namespace}/{key.name}" if key.namespace else f"{key.resource} {key.name}"
    state = "it is not there" if obj is None else f"its status is {obj.get('status')}"
    return f"waited {timeout:g} s in vain for {name}: {state}"

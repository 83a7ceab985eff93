"""Configured webhooks, prepared once for each version of their configuration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fakekube.admission.conditions import Conditions
from fakekube.admission.expressions import Scope
from fakekube.admission.matching import Rule, Selection, rules_of
from fakekube.core.meta import Obj, name_of

if TYPE_CHECKING:
    from fakekube.storage.store import Store
    from fakekube.storage.values import Key

HARMLESS = ("None", "NoneOnDryRun")


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook of a configuration."""

    configuration: str
    index: int
    name: str
    client: Obj
    rules: tuple[Rule, ...]
    equivalent: bool
    selection: Selection
    conditions: Conditions
    ignores_failures: bool
    harmless: bool
    timeout_seconds: int
    review_versions: tuple[str, ...]
    reinvoked: bool

    @property
    def id(self) -> str:
        """Tells it from all others."""
        return f"{self.configuration}/{self.name}/{self.index}"


def _hook(configuration: str, index: int, hook: Obj) -> Hook:
    fails = hook.get("failurePolicy") != "Ignore"
    return Hook(
        configuration,
        index,
        hook["name"],
        hook.get("clientConfig") or {},
        rules_of(hook.get("rules")),
        hook.get("matchPolicy") == "Equivalent",
        Selection(hook.get("namespaceSelector"), hook.get("objectSelector")),
        Conditions(hook.get("matchConditions") or (), Scope(), fails=fails),
        not fails,
        hook.get("sideEffects") in HARMLESS,
        hook.get("timeoutSeconds") or 10,
        tuple(hook.get("admissionReviewVersions") or ()),
        hook.get("reinvocationPolicy") == "IfNeeded",
    )


class Hooks:
    """The webhooks of one kind of configuration, in the order of their configurations' names."""

    def __init__(self, store: Store, resource_id: str) -> None:
        self._store = store
        self._resource_id = resource_id
        self._prepared: dict[Key, tuple[int, list[Hook]]] = {}

    def __iter__(self) -> Iterator[Hook]:
        for stored in self._store.list(self._resource_id):
            kept = self._prepared.get(stored.key)
            if kept is None or kept[0] != stored.revision:
                kept = self._prepared[stored.key] = (stored.revision, _prepared(stored.view))
            yield from kept[1]


def _prepared(configuration: dict[str, Any]) -> list[Hook]:
    name = name_of(configuration)
    return [_hook(name, index, hook) for index, hook in enumerate(configuration.get("webhooks") or ())]

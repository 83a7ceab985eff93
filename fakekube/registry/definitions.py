"""CustomResourceDefinitions at work: what they define is served while they are there."""

from __future__ import annotations

from typing import NamedTuple

from fakekube.core.meta import Obj, condition, is_true
from fakekube.registry.verbs import Registry
from fakekube.schema.crds import CustomResource, resources_of
from fakekube.schema.definitions.naming import ACCEPTED, ESTABLISHED, TERMINATING, has_bad_bundle, naming
from fakekube.storage.values import Event, Stored

DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"


class Served(NamedTuple):
    """What a definition has served, and what of it that came from."""

    group: str
    plural: str
    spec: Obj
    names: Obj
    terminating: bool
    since: int
    resources: list[CustomResource]


class Definitions:
    """Follows the definitions in the store and keeps the scheme in step.

    A definition whose names are free is served at once; its conditions, which controllers set, follow.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._served: dict[str, Served] = {}

    def start(self) -> None:
        """Serve what is defined, and follow changes."""
        self._registry.backend.store.listen(self._on_event)
        self.reset()

    def reset(self) -> None:
        """Look at all definitions anew."""
        for name in list(self._served):
            self._withdraw(name)
        for stored in self._registry.backend.store.list(DEFINITIONS):
            self._serve(stored)

    def _on_event(self, event: Event) -> None:
        if event.key.resource != DEFINITIONS:
            return
        if event.after is None:
            self._withdraw(event.key.name)
        else:
            self._serve(event.after)

    def _serve(self, stored: Stored) -> None:
        crd, name = stored.view, stored.key.name
        names = self._names(crd)
        if names is None:
            self._withdraw(name)
            return
        spec, before, terminating = crd["spec"], self._served.get(name), is_true(crd, TERMINATING)
        if before is not None and before.spec == spec:
            if before.names == names and before.terminating == terminating:
                return
            since = before.since
        else:
            since = stored.revision
        group, plural = spec["group"], spec["names"]["plural"]
        scheme = self._registry.backend.scheme
        resources = resources_of({**crd, "spec": {**spec, "names": names}}, scheme.table, since)
        if before is not None and before.resources:
            scheme.remove(group, plural)
        scheme.add(*resources)
        self._served[name] = Served(group, plural, spec, names, terminating, since, resources)
        if before is not None and since != before.since:
            self._registry.backend.store.close_watchers(f"{plural}.{group}")

    def _names(self, crd: Obj) -> Obj | None:
        """The names to serve it by; None if they are taken, or if its conversion webhook cannot be called."""
        if not is_true(crd, ESTABLISHED) and has_bad_bundle(crd["spec"]):
            return None
        had: Obj = (crd.get("status") or {}).get("acceptedNames") or {}
        if is_true(crd, ACCEPTED) or is_true(crd, ESTABLISHED):
            return had if had.get("plural") else dict(crd["spec"]["names"])
        if condition(crd, ACCEPTED) is not None:
            return None
        group = crd["spec"]["group"]
        listed = (stored.view for stored in self._registry.backend.store.list(DEFINITIONS))
        found = naming(crd, [each for each in listed if each["spec"]["group"] == group])
        return found.names if found.accepted["status"] == "True" else None

    def _withdraw(self, name: str) -> None:
        served = self._served.pop(name, None)
        if served is None:
            return
        if served.resources:
            self._registry.backend.scheme.remove(served.group, served.plural)
        self._registry.backend.store.close_watchers(f"{served.plural}.{served.group}")

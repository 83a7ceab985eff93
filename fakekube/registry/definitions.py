"""CustomResourceDefinitions at work: what they define is served while they are there."""

from __future__ import annotations

from fakekube.core.meta import Obj, condition
from fakekube.registry.subresources.scale import Places
from fakekube.registry.verbs import Registry
from fakekube.schema.crds import resources_of
from fakekube.schema.resources import Resource
from fakekube.storage.values import Event

DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"


class Definitions:
    """Follows the definitions in the store and keeps the scheme in step."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._served: dict[str, tuple[Obj, list[Resource]]] = {}

    def start(self) -> None:
        """Serve what is defined, and follow changes."""
        self._registry.backend.store.listen(self._on_event)
        self.reset()

    def reset(self) -> None:
        """Look at all definitions anew."""
        for name in list(self._served):
            self._withdraw(name)
        for stored in self._registry.backend.store.list(DEFINITIONS):
            self._serve(stored.view)

    def _on_event(self, event: Event) -> None:
        if event.key.resource != DEFINITIONS:
            return
        if event.after is None:
            self._withdraw(event.key.name)
        else:
            self._serve(event.after.view)

    def _serve(self, crd: Obj) -> None:
        name = crd["metadata"]["name"]
        accepted = condition(crd, "NamesAccepted")
        if accepted is not None and accepted.get("status") == "False":
            return
        before = self._served.get(name)
        if before is not None and before[0] == crd["spec"]:
            return
        self._withdraw(name)
        scheme = self._registry.backend.scheme
        made = resources_of(crd, scheme.table)
        scheme.add(*made)
        self._served[name] = (crd["spec"], made)
        places = {version["name"]: _places(version) for version in crd["spec"]["versions"]}
        group, plural = crd["spec"]["group"], crd["spec"]["names"]["plural"]
        self._registry.scale_places[f"{plural}.{group}"] = places

    def _withdraw(self, name: str) -> None:
        served = self._served.pop(name, None)
        if served is None:
            return
        spec, made = served
        if made:
            self._registry.backend.scheme.remove(spec["group"], spec["names"]["plural"])
        self._registry.backend.store.close_watchers(f"{spec['names']['plural']}.{spec['group']}")


def _places(version: Obj) -> Places:
    scale = (version.get("subresources") or {}).get("scale") or {}

    def path(name: str) -> tuple[str, ...]:
        return tuple(part for part in scale.get(name, "").split(".") if part)

    return Places(
        path("specReplicasPath") or ("spec", "replicas"),
        path("statusReplicasPath") or ("status", "replicas"),
        path("labelSelectorPath"),
        True,
    )

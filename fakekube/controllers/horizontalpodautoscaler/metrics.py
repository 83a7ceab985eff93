"""What is measured: there is no metrics API, so a test says it by annotations `fakekube/metric.NAME`.

Each pod has those of its own use, an object or a namespace (for external metrics) those about it. What none of them
says, the autoscaler's own annotations say: of every pod, or of the object. Amounts are in thousandths.
"""

from __future__ import annotations

import re

from fakekube.core.meta import Obj, annotations_of, split_api_version
from fakekube.core.quantity import parse
from fakekube.machinery.podfacts import PodFacts
from fakekube.machinery.selection import go_text
from fakekube.machinery.world import World
from fakekube.storage.values import Key

PREFIX = "fakekube/metric."
_NOT_IN_A_KEY = re.compile(r"[^A-Za-z0-9._-]")
RESOURCES = "unable to fetch metrics from resource metrics API"
CUSTOM = "unable to fetch metrics from custom metrics API"
EXTERNAL = "unable to fetch metrics from external metrics API"
NO_RESOURCES = f"{RESOURCES}: the server could not find the requested resource (get pods.metrics.k8s.io)"
NO_CUSTOM = f"{CUSTOM}: no custom metrics API (custom.metrics.k8s.io) registered"
NO_EXTERNAL = EXTERNAL + ": the server could not find the requested resource (get {}.external.metrics.k8s.io)"


class Unknown(Exception):
    """There is no such measure; the text says why."""


def annotation(name: str) -> str:
    """The annotation that holds a metric; what cannot be in its name is written as '_'."""
    return PREFIX + _NOT_IN_A_KEY.sub("_", name)


def _said(obj: Obj, name: str) -> str | None:
    return annotations_of(obj).get(annotation(name))


def _amount(text: str, name: str) -> int:
    try:
        return parse(text).milli()
    except ValueError:
        raise Unknown(f"the annotation {annotation(name)} is not a quantity: {text}") from None


def of_pods(names: tuple[str, ...], pods: list[PodFacts], scaler: Obj, missing: str) -> dict[str, int]:
    """What each pod uses, by the first of the names that it, or else the autoscaler, says anything of."""
    keys = [(name, annotation(name)) for name in names]
    default = next(((name, text) for name, key in keys if (text := annotations_of(scaler).get(key))), None)
    found: dict[str, int] = {}
    for pod in pods:
        said = next(((name, text) for name, key in keys if (text := pod.annotations.get(key))), default)
        if said is not None:
            found[pod.name] = _amount(said[1], said[0])
    if not found and default is None:
        raise Unknown(missing)
    return found


def of_object(name: str, described: Obj, scaler: Obj, world: World) -> int:
    """What is measured of an object of the autoscaler's namespace."""
    group, version = split_api_version(described.get("apiVersion") or "")
    resource = world.scheme.by_kind(group, version, described["kind"])
    namespace = scaler["metadata"]["namespace"]
    found = None
    if resource is not None:
        place, of = (namespace, described["name"]) if resource.namespaced else ("", described["name"])
        found = world.at(Key(resource.storage.id, place, namespace if resource.kind == "Namespace" else of))
    text = _said(found, name) if found is not None else None
    text = text if text is not None else _said(scaler, name)
    if text is None:
        raise Unknown(f"{NO_CUSTOM} on {described['kind']} {namespace}/{described['name']}")
    return _amount(text, name)


def of_outside(metric: Obj, scaler: Obj, world: World) -> int:
    """An external metric: the sum of the amounts, with commas, that the namespace or the autoscaler says."""
    name, namespace = metric["name"], scaler["metadata"]["namespace"]
    place = world.get("namespaces", "", namespace)
    text = _said(place, name) if place is not None else None
    text = text if text is not None else _said(scaler, name)
    if text is None:
        raise Unknown(
            f"unable to get external metric {namespace}/{name}/{selector_text(metric)}: {NO_EXTERNAL.format(name)}"
        )
    return sum(_amount(each.strip(), name) for each in text.split(","))


def selector_text(metric: Obj) -> str:
    """A metric's selector as the real controller prints it."""
    selector = metric.get("selector")
    return "nil" if selector is None else go_text(selector)


def used(before: Obj, after: Obj) -> bool:
    """Whether what the object says of metrics differs between two of its states."""
    return _all(before) != _all(after)


def _all(obj: Obj) -> dict[str, str]:
    return {name: text for name, text in annotations_of(obj).items() if name.startswith(PREFIX)}

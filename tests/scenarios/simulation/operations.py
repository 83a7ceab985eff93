"""What may happen in a simulated life, row by row. Each says in words what it did; None: there was nothing to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from fakekube.cluster.composition import Cluster
from fakekube.cluster.nodes import NodeVerbs
from tests.scenarios.simulation.invariants import is_active, is_ready
from tests.scenarios.simulation.objects import (
    BESIDE,
    MADE,
    NAMESPACE,
    QUOTA,
    ROLLED,
    SCALED,
    WORKLOADS,
    retention,
)

NAMES = ("a", "b", "c")
LETTER = "example.com/hold"
MOST_NODES = 6
WIDE = 1000
"""Of pods: there are never so many."""
PROPAGATIONS = ("Background", "Background", "Foreground", "Orphan")
SPANS = (1, 10, 45, 70, 300, 400, 3600)
"""Seconds that may pass at once."""


class Life:
    """A cluster and the chance by which things happen to it."""

    def __init__(self, cluster: Cluster, chance: Random) -> None:
        self.cluster = cluster
        self.client = cluster.client
        self.chance = chance
        self.nodes = NodeVerbs(cluster)

    def any_of(self, *resources: str) -> tuple[str, dict[str, Any]] | None:
        """One of the objects there are of these resources."""
        found = [
            (resource, stored.view) for resource in resources for stored in self.cluster.store.list(resource, NAMESPACE)
        ]
        return self.chance.choice(found) if found else None

    def node(self) -> str | None:
        """The name of one of the nodes."""
        found = [stored.key.name for stored in self.cluster.store.list("nodes")]
        return self.chance.choice(found) if found else None

    async def patch(self, resource: str, name: str, body: Any, **options: Any) -> None:
        """Change an object by a merge patch."""
        await self.client.patch(resource, NAMESPACE, name, body, **options)


Told = Awaitable[str | None]


async def create(life: Life) -> str | None:
    resource = life.chance.choice(list(WORKLOADS) if life.chance.random() < 0.75 else list(BESIDE))
    name = life.chance.choice(NAMES)
    obj = MADE[resource](name if resource in BESIDE else f"{name}-{resource[:2]}", life.chance)
    if resource in BESIDE:
        obj["spec"]["selector"] = _selecting(resource, life)
    await life.client.create(resource, NAMESPACE, obj)
    return f"create {resource} {obj['metadata']['name']}"


def _selecting(resource: str, life: Life) -> dict[str, Any]:
    labels = {"app": f"{life.chance.choice(NAMES)}-{life.chance.choice(list(WORKLOADS))[:2]}"}
    return labels if resource == "services" else {"matchLabels": labels}


async def scale(life: Life) -> str | None:
    found = life.any_of(*SCALED)
    if found is None:
        return None
    name, replicas = found[1]["metadata"]["name"], life.chance.randint(0, 6)
    subresource = life.chance.choice(("", "scale"))
    await life.patch(found[0], name, {"spec": {"replicas": replicas}}, subresource=subresource)
    return f"scale {found[0]} {name} to {replicas}"


async def roll_out(life: Life) -> str | None:
    found = life.any_of(*ROLLED)
    if found is None:
        return None
    name, image = found[1]["metadata"]["name"], f"i:{life.chance.randint(1, 4)}"
    container = {"name": "c", "image": image}
    body = {"spec": {"template": {"spec": {"containers": [container]}}}}
    await life.patch(found[0], name, body, type="strategic")
    return f"roll {found[0]} {name} out to {image}"


async def break_or_mend(life: Life) -> str | None:
    """A template whose pods never become ready, or one whose do."""
    found = life.any_of(*ROLLED)
    if found is None:
        return None
    name, ready = found[1]["metadata"]["name"], life.chance.choice(("false", None))
    body = {"spec": {"template": {"metadata": {"annotations": {"fakekube/ready": ready}}}}}
    await life.patch(found[0], name, body)
    return f"{found[0]} {name}: ready {ready}"


async def undo(life: Life) -> str | None:
    """A ReplicaSet's template becomes its Deployment's again, as kubectl rollout undo does it or the old annotation."""
    found = life.any_of("replicasets.apps")
    above = found and next((each for each in found[1]["metadata"].get("ownerReferences") or ()), None)
    if found is None or above is None or above["kind"] != "Deployment":
        return None
    meta, template = found[1]["metadata"], found[1]["spec"]["template"]
    number = meta["annotations"]["deployment.kubernetes.io/revision"]
    if life.chance.random() < 0.3:
        notes = {"deprecated.deployment.rollback.to": life.chance.choice((number, "0"))}
        await life.patch("deployments.apps", above["name"], {"metadata": {"annotations": notes}})
        return f"ask {above['name']} to go back to {number}"
    labels = {name: text for name, text in template["metadata"]["labels"].items() if name != "pod-template-hash"}
    restored = {**template, "metadata": {**template["metadata"], "labels": labels}}
    body = [{"op": "replace", "path": "/spec/template", "value": restored}]
    await life.patch("deployments.apps", above["name"], body, type="json")
    return f"undo {above['name']} to {number}"


async def restart(life: Life) -> str | None:
    """What `kubectl rollout restart` does."""
    found = life.any_of(*ROLLED)
    if found is None:
        return None
    notes = {"kubectl.kubernetes.io/restartedAt": str(life.cluster.clock.now())}
    name = found[1]["metadata"]["name"]
    await life.patch(found[0], name, {"spec": {"template": {"metadata": {"annotations": notes}}}})
    return f"restart {found[0]} {name}"


async def change_strategy(life: Life) -> str | None:
    found = life.any_of(*ROLLED)
    if found is None:
        return None
    resource, name, chance = found[0], found[1]["metadata"]["name"], life.chance
    rolling: dict[str, Any] = {"type": "RollingUpdate"}
    if resource == "deployments.apps":
        strategy = chance.choice(({**rolling, "rollingUpdate": None}, {"type": "Recreate", "rollingUpdate": None}))
        body: dict[str, Any] = {"strategy": strategy}
    elif resource == "statefulsets.apps":
        strategy = {**rolling, "rollingUpdate": {"partition": chance.randint(0, 3)}}
        body = {"updateStrategy": chance.choice((strategy, {"type": "OnDelete", "rollingUpdate": None}))}
    else:
        strategy = {**rolling, "rollingUpdate": {"maxSurge": 0, "maxUnavailable": chance.randint(1, 3)}}
        body = {"updateStrategy": chance.choice((strategy, {"type": "OnDelete", "rollingUpdate": None}))}
    await life.patch(resource, name, {"spec": body})
    return f"{resource} {name}: {body}"


async def change_retention(life: Life) -> str | None:
    found = life.any_of("statefulsets.apps")
    if found is None:
        return None
    name, policy = found[1]["metadata"]["name"], retention(life.chance)
    await life.patch("statefulsets.apps", name, {"spec": {"persistentVolumeClaimRetentionPolicy": policy}})
    return f"claims of {name}: {policy}"


async def delete_claim(life: Life) -> str | None:
    found = life.any_of("persistentvolumeclaims")
    if found is None:
        return None
    await life.client.delete("persistentvolumeclaims", NAMESPACE, found[1]["metadata"]["name"], {})
    return f"delete claim {found[1]['metadata']['name']}"


async def squeeze(life: Life) -> str | None:
    """A quota of pods; once there, it gets narrower or wide enough."""
    spec = {"hard": {"pods": str(life.chance.choice((0, 2, 5, 8, WIDE, WIDE, WIDE)))}}
    if life.any_of("resourcequotas") is None:
        await life.client.create("resourcequotas", NAMESPACE, {**QUOTA, "spec": spec})
    else:
        await life.patch("resourcequotas", "simulated", {"spec": spec})
    return f"quota {spec['hard']}"


async def elastic(life: Life) -> str | None:
    """An indexed Job that goes on gets another size."""
    found = life.any_of("jobs.batch")
    if found is None or found[1]["spec"].get("completionMode") != "Indexed":
        return None
    if any(each["type"] in ("Complete", "Failed") for each in found[1]["status"].get("conditions") or ()):
        return None
    name, number = found[1]["metadata"]["name"], life.chance.randint(1, 5)
    await life.patch("jobs.batch", name, {"spec": {"parallelism": number, "completions": number}})
    return f"size of {name}: {number}"


async def pause(life: Life) -> str | None:
    found = life.any_of("deployments.apps", "jobs.batch", "cronjobs.batch")
    if found is None:
        return None
    name, on = found[1]["metadata"]["name"], life.chance.random() < 0.5
    field = "paused" if found[0] == "deployments.apps" else "suspend"
    await life.patch(found[0], name, {"spec": {field: on}})
    return f"{field} {found[0]} {name}: {on}"


async def parallelism(life: Life) -> str | None:
    found = life.any_of("jobs.batch")
    if found is None:
        return None
    name, number = found[1]["metadata"]["name"], life.chance.randint(0, 4)
    await life.patch("jobs.batch", name, {"spec": {"parallelism": number}})
    return f"parallelism of {name}: {number}"


async def delete(life: Life) -> str | None:
    found = life.any_of(*MADE)
    if found is None:
        return None
    name, propagation = found[1]["metadata"]["name"], life.chance.choice(PROPAGATIONS)
    await life.client.delete(found[0], NAMESPACE, name, {"propagationPolicy": propagation})
    return f"delete {found[0]} {name} {propagation}"


async def delete_pod(life: Life) -> str | None:
    found = life.any_of("pods")
    if found is None:
        return None
    name, grace = found[1]["metadata"]["name"], life.chance.choice((None, 0, 1))
    options = {} if grace is None else {"gracePeriodSeconds": grace}
    await life.client.delete("pods", NAMESPACE, name, options)
    return f"delete pod {name} grace {grace}"


async def evict(life: Life) -> str | None:
    found = life.any_of("pods")
    if found is None:
        return None
    name, spent = found[1]["metadata"]["name"], _is_guarded(life, found[1])
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": NAMESPACE}}
    await life.client.create("pods", NAMESPACE, eviction, subresource="eviction", name=name)
    assert not spent, f"{name} is evicted, and its budget allows no disruption"
    return f"evict {name}"


def _is_guarded(life: Life, pod: dict[str, Any]) -> bool:
    """Whether a budget keeps the healthy pod."""
    if not (is_ready(pod) and is_active(pod)):
        return False
    labels = pod["metadata"].get("labels") or {}
    budgets = [each.view for each in life.cluster.store.list("poddisruptionbudgets.policy", NAMESPACE)]
    over = [each for each in budgets if each["spec"]["selector"]["matchLabels"].items() <= labels.items()]
    return any(not each["status"].get("disruptionsAllowed") for each in over)


async def relabel(life: Life) -> str | None:
    """A pod leaves its owner, or comes to another."""
    found = life.any_of("pods")
    if found is None:
        return None
    name = found[1]["metadata"]["name"]
    label = life.chance.choice(("loose", f"{life.chance.choice(NAMES)}-{life.chance.choice(list(WORKLOADS))[:2]}"))
    await life.patch("pods", name, {"metadata": {"labels": {"app": label}}})
    return f"label pod {name} {label}"


async def hold(life: Life) -> str | None:
    """A finalizer more."""
    found = life.any_of(*MADE)
    if found is None or "deletionTimestamp" in found[1]["metadata"]:
        return None
    name = found[1]["metadata"]["name"]
    kept = [each for each in found[1]["metadata"].get("finalizers") or () if each != LETTER]
    await life.patch(found[0], name, {"metadata": {"finalizers": [*kept, LETTER]}})
    return f"hold {found[0]} {name}"


async def let_go(life: Life) -> str | None:
    """A finalizer less."""
    held = [
        (resource, stored.view["metadata"])
        for resource in MADE
        for stored in life.cluster.store.list(resource, NAMESPACE)
        if LETTER in (stored.view["metadata"].get("finalizers") or ())
    ]
    if not held:
        return None
    resource, meta = life.chance.choice(held)
    kept = [each for each in meta["finalizers"] if each != LETTER]
    await life.patch(resource, meta["name"], {"metadata": {"finalizers": kept}})
    return f"let {resource} {meta['name']} go"


async def add_node(life: Life) -> str | None:
    if len(life.cluster.store.list("nodes")) >= MOST_NODES:
        return None
    made = await life.nodes.add()
    return f"add {made['metadata']['name']}"


async def cordon(life: Life) -> str | None:
    name, on = life.node(), life.chance.choice((True, None))
    if name is None:
        return None
    await life.client.patch("nodes", "", name, {"spec": {"unschedulable": on}})
    return f"cordon {name}: {on}"


async def remove_node(life: Life) -> str | None:
    name = life.node()
    if name is None:
        return None
    await life.nodes.remove(name)
    return f"remove {name}"


async def silence(life: Life) -> str | None:
    name = life.node()
    if name is None or name in life.cluster.roster.silent:
        return None
    await life.nodes.stop(name)
    return f"silence {name}"


async def speak(life: Life) -> str | None:
    silent = sorted(life.cluster.roster.silent)
    if not silent:
        return None
    name = life.chance.choice(silent)
    await life.nodes.start(name)
    return f"{name} speaks again"


async def wait(life: Life) -> str | None:
    seconds = life.chance.choice(SPANS)
    await life.cluster.advance(seconds)
    return f"{seconds} seconds"


OPERATIONS: tuple[tuple[Callable[[Life], Told], int], ...] = (
    (create, 10),
    (scale, 6),
    (roll_out, 5),
    (break_or_mend, 2),
    (undo, 2),
    (restart, 1),
    (change_strategy, 2),
    (change_retention, 1),
    (delete_claim, 1),
    (squeeze, 1),
    (pause, 3),
    (parallelism, 1),
    (elastic, 1),
    (delete, 4),
    (delete_pod, 4),
    (evict, 1),
    (relabel, 2),
    (hold, 2),
    (let_go, 2),
    (add_node, 1),
    (cordon, 2),
    (remove_node, 1),
    (silence, 1),
    (speak, 2),
    (wait, 8),
)
"""Each with how often it comes beside the others."""

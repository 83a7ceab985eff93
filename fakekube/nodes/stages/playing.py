"""Plays stages: an object is matched with each of its versions, waits for the stage's delay, and takes its steps."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from fakekube.core.meta import Obj, annotations_of, name_of, namespace_of, split_api_version
from fakekube.core.yamltext import YamlError, first_document
from fakekube.machinery.plan import NOTHING, Change, Delete, Emit, Patch, Plan
from fakekube.machinery.world import World
from fakekube.nodes.stages import NODE, POD, Stages, Turn, kind_of
from fakekube.nodes.stages.functions import Surroundings
from fakekube.nodes.stages.reading import ApplyStep, DeleteStep, EventStep, FinalizersStep, PatchStep, Stage, Step
from fakekube.nodes.templates import Template, TemplateError
from fakekube.storage.values import Key

EDGE_SECONDS = 1e-6
STATUS = "kwok.x-k8s.io/status"
USER = "system:serviceaccount:kube-system:kwok-controller"


def reconcile(key: Key, world: World) -> Plan:
    """Play the object's stage if it is time; choose it first, if this version of the object has none yet."""
    turn, obj = turn_of(key, world), world.at(key)
    if obj is None or turn is None or turn.stage is None or turn.played:
        return NOTHING
    wait = turn.due - world.now()
    if wait > EDGE_SECONDS:
        return Plan(after=wait)
    changes = list(_changes(turn.stage, obj, key, world))
    _note(changes, key, turn, world.follower(Stages))
    return Plan(changes, user=_user(obj))


def turn_of(key: Key, world: World) -> Turn | None:
    """The stage of the object as it is now; None if it is none that is played."""
    stages = world.follower(Stages)
    stored = world.store.get(key)
    if stored is None or not plays(stored.view, world):
        return None
    turn = stages.turns.get(key)
    if turn is None or turn.revision != stored.revision:
        turn = stages.turns[key] = _turn(stored.view, stored.revision, stages, world)
    return turn


def plays(obj: Obj, world: World) -> bool:
    """Whether the object is played: pods on the cluster's own nodes, those nodes, and all of other kinds; but not those
    whose status is somebody else's, by KWOK's annotation."""
    if annotations_of(obj).get(STATUS) == "custom":
        return False
    kind = kind_of(obj)
    if kind == POD:
        return (obj.get("spec") or {}).get("nodeName") in world.settings.nodes
    return kind != NODE or obj["metadata"]["name"] in world.settings.nodes


def _user(obj: Obj) -> str:
    return f"system:node:{obj['spec']['nodeName']}" if kind_of(obj) == POD else USER


def _note(changes: list[Change], key: Key, turn: Turn, stages: Stages) -> None:
    """Remember that the stage is played once its last step is done: a version is not played twice."""

    def played(answer: Obj) -> list[Change]:
        if stages.turns.get(key) == turn:
            stages.turns[key] = turn._replace(played=True)
        return []

    if changes:
        changes[-1].then = played


# --- which stage


def _chance(obj: Obj, what: str) -> float:
    """From 0 to 1, the same for the same version of the same object."""
    meta = obj["metadata"]
    text = f"{what} {meta.get('uid')} {meta.get('resourceVersion')}"
    return int.from_bytes(blake2b(text.encode(), digest_size=7).digest(), "big") / float(1 << 56)


def _turn(obj: Obj, revision: int, stages: Stages, world: World) -> Turn:
    matching = [stage for stage in stages.of.get(kind_of(obj), ()) if stage.matches(obj)]
    stage = chosen(matching, obj)
    if stage is None:
        return Turn(revision, None, 0.0)
    now = world.now()
    return Turn(revision, stage, now + max(0.0, stage.wait(obj, now, _chance(obj, "wait"))))


def chosen(stages: list[Stage], obj: Obj) -> Stage | None:
    """One of the stages that match, by weight. Where all weigh nothing, all are alike; else those weigh nothing at
    all."""
    if len(stages) < 2:
        return stages[0] if stages else None
    weights = [(stage, stage.weight(obj)) for stage in stages]
    stated = [(stage, weight) for stage, weight in weights if weight is not None]
    total = sum(weight for _, weight in stated)
    if not total:
        alike = [stage for stage, _ in stated] or stages
        return alike[int(_chance(obj, "stage") * len(alike))]
    left = _chance(obj, "stage") * total
    for stage, weight in stated:
        left -= weight
        if weight > 0 and left < 0:
            return stage
    return stated[-1][0]


# --- what it does


def _changes(stage: Stage, obj: Obj, key: Key, world: World) -> Iterable[Change]:
    around = Surroundings(obj, world).functions()
    deleted = False
    for step in stage.steps:
        if not deleted or isinstance(step, EventStep):
            yield from _change(step, obj, key, around, world)
        deleted = deleted or isinstance(step, DeleteStep)


def _change(step: Step, obj: Obj, key: Key, around: Any, world: World) -> Iterable[Change]:
    match step:
        case EventStep():
            yield Emit(obj, step.reason, step.message, step.type)
        case FinalizersStep():
            found = finalizers(step, obj["metadata"].get("finalizers") or [])
            if found is not None:
                yield Patch(key, found, "json")
        case DeleteStep():
            yield Delete(key, obj["metadata"]["uid"], grace=0)
        case PatchStep():
            yield Patch(key, patch(step, obj, around), step.type, step.subresource, step.user)
        case ApplyStep():
            made = _made(step.template, obj, around)
            yield Patch(_key_of(made, key, world), made, step.type, step.subresource, step.user)


def _key_of(made: Any, key: Key, world: World) -> Key:
    """Where an object that a template made belongs: in its own namespace, or in that of the object it is made for."""
    if not isinstance(made, dict) or not name_of(made):
        raise TemplateError(f"the template makes no object with a name: {made!r}")
    resource = world.scheme.by_kind(*split_api_version(made.get("apiVersion", "")), made.get("kind", ""))
    if resource is None:
        raise TemplateError(f"nothing is known of {made.get('kind')} in {made.get('apiVersion')}")
    return Key(resource.storage.id, (namespace_of(made) or key.namespace) if resource.namespaced else "", name_of(made))


def finalizers(step: FinalizersStep, present: list[str]) -> list[Obj] | None:
    """The JSON patch of the finalizers; None if they stay as they are."""
    kept = [] if step.empty else [each for each in present if each not in step.remove]
    wanted = [*kept, *(each for each in step.add if each not in kept)]
    if wanted == present:
        return None
    if not wanted:
        return [{"op": "remove", "path": "/metadata/finalizers"}]
    return [{"op": "add", "path": "/metadata/finalizers", "value": wanted}]


def patch(step: PatchStep, obj: Obj, around: Any) -> Any:
    """The body of the patch; TemplateError if the template does not make YAML of this object."""
    body = _made(step.template, obj, around)
    if not step.root:
        return body
    if step.type == "json":
        return [{**each, "path": f"/{step.root}{each.get('path', '')}"} for each in body or ()]
    return {step.root: body}


def _made(template: Template, obj: Obj, around: Any) -> Any:
    text = template.render(obj, around)
    try:
        return first_document(text)[0]
    except YamlError as error:
        raise TemplateError(f"the template makes no YAML: {error}\n{text}") from error

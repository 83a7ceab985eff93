"""From Stage objects to what can be played: selectors, delays and templates compiled, and everything else refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fakekube.core.meta import Obj, name_of, split_api_version
from fakekube.nodes.stages import GROUP, Kind
from fakekube.nodes.stages.expressions import Matches, Number, seconds, selector, whole
from fakekube.nodes.stages.faults import StageError, known, listed, mapping, number
from fakekube.nodes.stages.functions import NAMES
from fakekube.nodes.templates import Template, TemplateError

PATCH_TYPES = ("json", "merge", "strategic")
APPLY_TYPES = ("apply", "merge", "strategic")


@dataclass(frozen=True, slots=True)
class PatchStep:
    """Patch the object, or its subresource, with what the template makes, put under `root` if there is one.

    `user`: as whom ('': as the usual one); so for ApplyStep.
    """

    template: Template
    type: str
    subresource: str = ""
    root: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class EventStep:
    """Tell an event about the object."""

    type: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class FinalizersStep:
    """Take finalizers away (`empty`: all), then add some."""

    add: tuple[str, ...]
    remove: tuple[str, ...]
    empty: bool


@dataclass(frozen=True, slots=True)
class DeleteStep:
    """Delete the object at once."""


@dataclass(frozen=True, slots=True)
class ApplyStep:
    """Apply the object that the template makes, whatever it is."""

    template: Template
    type: str
    subresource: str = ""
    user: str = ""


Step = PatchStep | EventStep | FinalizersStep | DeleteStep | ApplyStep


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A stage that can be played. `kind`: of the objects it is about."""

    name: str
    kind: Kind
    matches: Matches
    weight: Any
    delay: Number
    jitter: Number
    steps: tuple[Step, ...]

    def wait(self, obj: Obj, now: float, chance: float) -> float:
        """Seconds until it is played: the delay, or up to the jitter, as chance (from 0 to 1) has it."""
        delay, jitter = self.delay(obj, now), self.jitter(obj, now)
        if delay is None:
            return 0.0
        if jitter is None:
            return delay
        return jitter if jitter <= delay else delay + chance * (jitter - delay)


def read(objects: Iterable[Obj]) -> list[Stage]:
    """The stages of these objects; StageError if one is none, or asks for what is not supported."""
    return [stage for obj in objects if (stage := _stage(obj)) is not None]


def _stage(obj: Obj) -> Stage | None:
    """The stage; None if it selects nothing, as one without a selector does."""
    group, version = split_api_version(str(obj.get("apiVersion", "")))
    if (group, obj.get("kind")) != (GROUP, "Stage"):
        raise StageError(f"expected a Stage of {GROUP}, not {obj.get('kind')} of {obj.get('apiVersion')}")
    if version != "v1alpha1":
        raise StageError(f"Stage {name_of(obj)}: version {version} is not supported; v1alpha1 is")
    where = f"Stage {name_of(obj) or '(without a name)'}: spec"
    spec = mapping(obj, "spec", where)
    known(spec, _FIELDS, where)
    kind = _kind(mapping(spec, "resourceRef", where), f"{where}.resourceRef")
    if spec.get("selector") is None:
        return None
    delay, at = mapping(spec, "delay", where), f"{where}.delay"
    known(delay, ("durationMilliseconds", "durationFrom", "jitterDurationMilliseconds", "jitterDurationFrom"), at)
    base = (number(delay, "durationMilliseconds", at) or 0) if delay else None
    return Stage(
        name_of(obj),
        kind,
        selector(spec["selector"], f"{where}.selector"),
        whole(number(spec, "weight", where) or 0, spec.get("weightFrom"), f"{where}.weightFrom"),
        seconds(base, delay.get("durationFrom"), f"{at}.durationFrom"),
        seconds(
            number(delay, "jitterDurationMilliseconds", at),
            delay.get("jitterDurationFrom"),
            f"{at}.jitterDurationFrom",
        ),
        _steps(spec, kind, where),
    )


_FIELDS = ("resourceRef", "selector", "weight", "weightFrom", "delay", "next", "steps", "immediateNextStage")
_NEXT = ("event", "finalizers", "delete", "patches", "statusTemplate", "statusSubresource", "statusPatchAs")


def _kind(reference: Obj, where: str) -> Kind:
    known(reference, ("apiGroup", "kind"), where)
    if not reference.get("kind"):
        raise StageError(f"{where}.kind: needed")
    return split_api_version(reference.get("apiGroup") or "v1")[0], reference["kind"]


def _steps(spec: Obj, kind: Kind, where: str) -> tuple[Step, ...]:
    """The steps, in their order. `next` is the older way to write them."""
    given, at = listed(spec, "steps", where), f"{where}.steps"
    template = "patch.template"
    if not given and spec.get("next") is not None:
        given, at = _steps_of_next(mapping(spec, "next", where), f"{where}.next"), f"{where}.next"
        template = template if spec["next"].get("patches") else "statusTemplate"
    steps: list[Step] = []
    for step in given:
        known(step, ("patch", "apply", "event", "finalizers", "delete"), at)
        steps += _steps_of(step, kind, at, template)
    return tuple(steps)


def _steps_of_next(given: Obj, where: str) -> list[Obj]:
    known(given, _NEXT, where)
    found: list[Obj] = [{field: given[field]} for field in ("event", "finalizers") if given.get(field)]
    patches = listed(given, "patches", where)
    if patches:
        found += [{"patch": patch} for patch in patches]
    elif given.get("statusTemplate"):
        subresource = given.get("statusSubresource", "status")
        patch = {"subresource": subresource, "root": "status", "template": given["statusTemplate"]}
        found.append({"patch": patch | {"impersonation": given.get("statusPatchAs")}})
    if given.get("delete"):
        found.append({"delete": True})
    return found


def _steps_of(step: Obj, kind: Kind, where: str, template: str) -> list[Step]:
    """What one entry asks for; `template`: where a patch's template is written."""
    found: list[Step] = []
    if step.get("event"):
        event = step["event"]
        known(event, ("type", "reason", "message"), f"{where}.event")
        found.append(EventStep(event.get("type") or "Normal", event.get("reason", ""), event.get("message", "")))
    if step.get("finalizers"):
        found.append(_finalizers(step["finalizers"], f"{where}.finalizers"))
    if step.get("delete"):
        found.append(DeleteStep())
    if step.get("patch"):
        found.append(_patch(step["patch"], kind, f"{where}.patch", f"{where}.{template}"))
    if step.get("apply"):
        found.append(_apply(step["apply"], f"{where}.apply"))
    return found


def _finalizers(given: Obj, where: str) -> FinalizersStep:
    known(given, ("add", "remove", "empty"), where)
    add, remove = (tuple(each.get("value", "") for each in listed(given, name, where)) for name in ("add", "remove"))
    return FinalizersStep(add, remove, bool(given.get("empty")))


def _patch(given: Obj, kind: Kind, where: str, template: str) -> PatchStep:
    known(given, ("subresource", "root", "template", "type", "impersonation"), where)
    usual = "strategic" if kind in (("", "Pod"), ("", "Node")) else "merge"
    type = given.get("type") or usual
    if type not in PATCH_TYPES:
        raise StageError(f"{where}.type: must be one of {', '.join(PATCH_TYPES)}, not {type!r}")
    subresource, root = given.get("subresource") or "", given.get("root") or ""
    return PatchStep(_template(given, template), type, subresource, root, _user(given, where))


def _apply(given: Obj, where: str) -> ApplyStep:
    known(given, ("subresource", "template", "type", "impersonation"), where)
    type = given.get("type") or "apply"
    if type not in APPLY_TYPES:
        raise StageError(f"{where}.type: must be one of {', '.join(APPLY_TYPES)}, not {type!r}")
    return ApplyStep(_template(given, f"{where}.template"), type, given.get("subresource") or "", _user(given, where))


def _user(given: Obj, where: str) -> str:
    """Who is impersonated; '' if nobody is."""
    told = mapping(given, "impersonation", where)
    known(told, ("username",), f"{where}.impersonation")
    return str(told.get("username") or "")


def _template(given: Obj, where: str) -> Template:
    try:
        return Template(str(given.get("template") or ""), NAMES)
    except TemplateError as error:
        raise StageError(f"{where}: {error}") from error

"""The cells of the kinds of apps, batch, policy and autoscaling."""

from __future__ import annotations

from typing import Any

from fakekube.core import human
from fakekube.core.meta import Obj, controller_of, is_deleting, parse_time, split_api_version
from fakekube.core.selectors import SelectorError, from_object
from fakekube.registry.tables.parts import age, containers, has_true, name, part, spec, status, true_false


def pod_template(obj: Obj, now: float) -> list[Any]:
    """Name, Containers, Images, Pod Labels."""
    template = part(obj, "template")
    return [name(obj), *containers(template), human.labels_text(part(template, "metadata").get("labels"))]


def _counts(obj: Obj) -> list[int]:
    return [spec(obj).get("replicas") or 0, *(status(obj).get(key) or 0 for key in ("replicas", "readyReplicas"))]


def replication_controller(obj: Obj, now: float) -> list[Any]:
    """Name, Desired, Current, Ready, Age, Containers, Images, Selector."""
    selector = human.labels_text(spec(obj).get("selector"))
    return [name(obj), *_counts(obj), age(obj, now), *containers(part(obj, "spec", "template")), selector]


def replica_set(obj: Obj, now: float) -> list[Any]:
    """Name, Desired, Current, Ready, Age, Containers, Images, Selector."""
    selector = human.selector_text(spec(obj).get("selector"))
    return [name(obj), *_counts(obj), age(obj, now), *containers(part(obj, "spec", "template")), selector]


def _ready(obj: Obj) -> str:
    return f"{status(obj).get('readyReplicas') or 0}/{spec(obj).get('replicas') or 0}"


def deployment(obj: Obj, now: float) -> list[Any]:
    """Name, Ready, Up-to-date, Available, Age, Containers, Images, Selector."""
    try:
        selector = str(from_object(spec(obj).get("selector")))
    except SelectorError:
        selector = human.INVALID
    found = status(obj)
    counts = [found.get("updatedReplicas") or 0, found.get("availableReplicas") or 0]
    return [name(obj), _ready(obj), *counts, age(obj, now), *containers(part(obj, "spec", "template")), selector]


def stateful_set(obj: Obj, now: float) -> list[Any]:
    """Name, Ready, Age, Containers, Images."""
    return [name(obj), _ready(obj), age(obj, now), *containers(part(obj, "spec", "template"))]


_DAEMON_COUNTS = (
    "desiredNumberScheduled",
    "currentNumberScheduled",
    "numberReady",
    "updatedNumberScheduled",
    "numberAvailable",
)


def daemon_set(obj: Obj, now: float) -> list[Any]:
    """Name, Desired, Current, Ready, Up-to-date, Available, Node Selector, Age, Containers, Images, Selector."""
    found, template = status(obj), part(obj, "spec", "template")
    return [
        name(obj),
        *(found.get(key) or 0 for key in _DAEMON_COUNTS),
        human.labels_text(part(template, "spec").get("nodeSelector")),
        age(obj, now),
        *containers(template),
        human.selector_text(spec(obj).get("selector")),
    ]


def controller_revision(obj: Obj, now: float) -> list[Any]:
    """Name, Controller, Revision, Age."""
    owner = controller_of(obj)
    shown = human.NONE
    if owner is not None:
        group, _ = split_api_version(owner.get("apiVersion") or "")
        kind = (owner.get("kind") or "").lower()
        shown = f"{kind}.{group}/{owner.get('name')}" if group else f"{kind}/{owner.get('name')}"
    return [name(obj), shown, obj.get("revision") or 0, age(obj, now)]


_JOB_STATES = (
    ("Complete", "Complete"),
    ("Failed", "Failed"),
    ("", "Terminating"),
    ("Suspended", "Suspended"),
    ("FailureTarget", "FailureTarget"),
    ("SuccessCriteriaMet", "SuccessCriteriaMet"),
)
"""The first condition that is true gives the word; the one without a name stands for a deletion asked for."""


def job(obj: Obj, now: float) -> list[Any]:
    """Name, Status, Completions, Duration, Age, Containers, Images, Selector."""
    conditions = status(obj).get("conditions") or ()
    states = (shown for kind, shown in _JOB_STATES if (has_true(conditions, kind) if kind else is_deleting(obj)))
    return [
        name(obj),
        next(states, "Running"),
        _completions(obj),
        _duration(status(obj), now),
        age(obj, now),
        *containers(part(obj, "spec", "template")),
        human.selector_text(spec(obj).get("selector")),
    ]


def _completions(obj: Obj) -> str:
    succeeded = status(obj).get("succeeded") or 0
    wanted = spec(obj).get("completions")
    if wanted is not None:
        return f"{succeeded}/{wanted}"
    parallelism = spec(obj).get("parallelism") or 0
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _duration(found: Obj, now: float) -> str:
    if not found.get("startTime"):
        return ""
    end = parse_time(found["completionTime"]) if found.get("completionTime") else now
    return human.human_duration(end - parse_time(found["startTime"]))


def cron_job(obj: Obj, now: float) -> list[Any]:
    """Name, Schedule, Timezone, Suspend, Active, Last Schedule, Age, Containers, Images, Selector."""
    wanted, found = spec(obj), status(obj)
    of_job = part(wanted, "jobTemplate", "spec")
    last = found.get("lastScheduleTime")
    return [
        name(obj),
        wanted.get("schedule") or "",
        wanted.get("timeZone") or human.NONE,
        true_false(wanted.get("suspend")),
        len(found.get("active") or ()),
        human.age(last, now) if last else human.NONE,
        age(obj, now),
        *containers(part(of_job, "template")),
        human.selector_text(of_job.get("selector")),
    ]


def pod_disruption_budget(obj: Obj, now: float) -> list[Any]:
    """Name, Min Available, Max Unavailable, Allowed Disruptions, Age."""
    bounds = [spec(obj).get(key) for key in ("minAvailable", "maxUnavailable")]
    shown = ["N/A" if bound is None else str(bound) for bound in bounds]
    return [name(obj), *shown, status(obj).get("disruptionsAllowed") or 0, age(obj, now)]


def scale(obj: Obj, now: float) -> list[Any]:
    """Name, Desired, Available, Age."""
    return [name(obj), spec(obj).get("replicas") or 0, status(obj).get("replicas") or 0, age(obj, now)]


def horizontal_pod_autoscaler(obj: Obj, now: float) -> list[Any]:
    """Name, Reference, Targets, MinPods, MaxPods, Replicas, Age."""
    wanted, found = spec(obj), status(obj)
    target = part(wanted, "scaleTargetRef")
    least = wanted.get("minReplicas")
    return [
        name(obj),
        f"{target.get('kind') or ''}/{target.get('name') or ''}",
        _metrics(wanted.get("metrics") or [], found.get("currentMetrics") or []),
        human.UNSET if least is None else str(least),
        wanted.get("maxReplicas") or 0,
        found.get("currentReplicas") or 0,
        age(obj, now),
    ]


_SHOWN_METRICS = 2


def _metrics(wanted: list[Obj], found: list[Obj]) -> str:
    if not wanted:
        return human.NONE
    texts = [_metric(each, found[at] if at < len(found) else {}) for at, each in enumerate(wanted)]
    text = ", ".join(texts[:_SHOWN_METRICS])
    return f"{text} + {len(texts) - _SHOWN_METRICS} more..." if len(texts) > _SHOWN_METRICS else text


def _metric(wanted: Obj, found: Obj) -> str:
    """'current/target' of one metric, behind the resource's name if it is about one."""
    kind = wanted.get("type") or ""
    key = kind[:1].lower() + kind[1:]
    source, current = part(wanted, key), found.get(key)
    target = part(source, "target")
    now_at = part(current or {}, "current")
    match kind:
        case "External" | "Object":
            if target.get("averageValue") is not None:
                return f"{now_at.get('averageValue') or human.UNKNOWN}/{target['averageValue']} (avg)"
            return f"{_value(current, now_at, 'value')}/{_amount(target, 'value')}"
        case "Pods":
            return f"{_value(current, now_at, 'averageValue')}/{_amount(target, 'averageValue')}"
        case "Resource" | "ContainerResource":
            return f"{source.get('name')}: {_resource_metric(current, now_at, target)}"
    return "<unknown type>"


def _resource_metric(current: Obj | None, now_at: Obj, target: Obj) -> str:
    if target.get("averageValue") is not None:
        return f"{_value(current, now_at, 'averageValue')}/{target['averageValue']}"
    used, wanted = now_at.get("averageUtilization"), target.get("averageUtilization")
    return f"{human.UNKNOWN if used is None else f'{used}%'}/{'<auto>' if wanted is None else f'{wanted}%'}"


def _value(current: Obj | None, now_at: Obj, key: str) -> str:
    return human.UNKNOWN if current is None else _amount(now_at, key)


def _amount(holder: Obj, key: str) -> str:
    """A quantity that may be missing, as Go prints it then."""
    return str(holder.get(key, "<nil>"))

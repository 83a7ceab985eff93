"""What is posted to a pod: a binding puts it on a node, an eviction ends it if its disruption budget allows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fakekube.access.users import AUTHENTICATED, User
from fakekube.core import errors, selectors
from fakekube.core.clock import timestamp
from fakekube.core.errors import StatusError, cause
from fakekube.core.fielderrors import FieldError, go_quote, not_supported, required
from fakekube.core.meta import Obj, condition, is_deleting, is_true, labels_of, name_of
from fakekube.registry.admitting import admitted
from fakekube.registry.refusals import registry_path
from fakekube.registry.request import Outcome, Request
from fakekube.registry.reviews import Virtual
from fakekube.registry.subresources.handler import Handler
from fakekube.storage.store import Moved
from fakekube.storage.values import Stored

if TYPE_CHECKING:
    from fakekube.registry.verbs import Registry

API_SERVER = User("system:apiserver", ("system:masters", AUTHENTICATED))
BUDGETS = "poddisruptionbudgets.policy"
VIOLATED = "Cannot evict pod as it would violate the pod's disruption budget."
SEVERAL = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
MOST_DISRUPTED = 2000
BUSY_SECONDS = 10
TRIES = 5


def done() -> Outcome:
    """The answer to a posted binding or eviction."""
    return Outcome(201, errors.success(code=201))


def set_condition(status: Obj, entry: Obj, now: str) -> None:
    """Put a condition of a pod into its status; its time tells when its truth changed last."""
    listed = status.setdefault("conditions", [])
    index = next((place for place, each in enumerate(listed) if each.get("type") == entry["type"]), None)
    before = {} if index is None else listed[index]
    moved = now if before.get("status") != entry["status"] else before.get("lastTransitionTime")
    made = {**entry, "lastProbeTime": before.get("lastProbeTime"), "lastTransitionTime": moved}
    if index is None:
        listed.append(made)
    else:
        listed[index] = made


# --- binding


def binding_faults(binding: Obj) -> list[FieldError]:
    """What is wrong with a binding's target."""
    target = binding.get("target") or {}
    found: list[FieldError] = []
    if target.get("kind") not in (None, "", "Node"):
        found.append(not_supported("target.kind", target["kind"], ("Node", "<empty>")))
    if not target.get("name"):
        found.append(required("target.name"))
    return found


def bound(pod: Obj, binding: Obj, now: str) -> Obj:
    """The pod on its node; it shares with `pod`, which is left as it is, what a binding does not change. StatusError
    if it cannot be put there."""
    fault = _binding_obstacle(pod)
    if fault:
        raise errors.conflict("", "pods/binding", name_of(pod), fault)
    metadata, status = dict(pod["metadata"]), dict(pod.get("status") or {})
    for field in ("annotations", "labels"):
        added = binding["metadata"].get(field)
        if added:
            metadata[field] = {**metadata.get(field, {}), **added}
    status.pop("nominatedNodeName", None)
    status["conditions"] = list(status.get("conditions") or ())
    set_condition(status, {"type": "PodScheduled", "status": "True"}, now)
    spec = {**pod["spec"], "nodeName": binding["target"]["name"]}
    return {**pod, "metadata": metadata, "spec": spec, "status": status}


def _binding_obstacle(pod: Obj) -> str:
    name, spec = name_of(pod), pod["spec"]
    if is_deleting(pod):
        return f"pod {name} is being deleted, cannot be assigned to a host"
    if spec.get("nodeName"):
        return f"pod {name} is already assigned to node {go_quote(spec['nodeName'])}"
    return f"pod {name} has non-empty .spec.schedulingGates" if spec.get("schedulingGates") else ""


class BindingHandler(Handler):
    """POST pods/NAME/binding."""

    async def create(self, registry: Registry, request: Request, obj: Obj) -> Outcome:
        if name_of(obj) != request.name:
            raise errors.bad_request("name in URL does not match name in Binding object")
        faults = binding_faults(obj)
        if faults:
            text = ", ".join(map(str, faults))
            raise StatusError(500, "", text if len(faults) == 1 else f"[{text}]")
        obj = await admitted(registry, request, obj)
        for _ in range(TRIES):
            stored = registry.stored(request)
            _check_wanted(request, stored, obj)
            pod = bound(stored.view, obj, timestamp(registry.backend.clock))
            if request.dry_run:
                return done()
            try:
                await registry.backend.store.commit(stored.key, pod, expected=stored.revision)
            except Moved:
                continue
            return done()
        raise errors.conflict("", "pods/binding", request.name, errors.MODIFIED)


def _check_wanted(request: Request, stored: Stored, binding: Obj) -> None:
    """uid and resourceVersion of a binding are preconditions on the pod."""
    wanted, meta = binding["metadata"], stored.view["metadata"]
    for field, told in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        if wanted.get(field) and wanted[field] != meta.get(field):
            why = (
                f"StorageError: invalid object, Code: 4, Key: {registry_path(request)}, ResourceVersion: 0, "
                f"AdditionalErrorMsg: Precondition failed: {told} in precondition: {wanted[field]}, "
                f"{told} in object meta: {meta.get(field)}"
            )
            raise errors.conflict("", "pods", request.name, why)


class Bindings(Virtual):
    """POST bindings: the older way, where the pod's name is in the object alone."""

    async def create(self, registry: Registry, request: Request, obj: Obj) -> Outcome:
        pods = registry.backend.scheme.stored("pods")
        assert pods is not None, "pods are always served"
        return await _BINDING.create(
            registry, replace(request, resource=pods, name=name_of(obj), subresource="binding"), obj
        )


# --- eviction


class EvictionHandler(Handler):
    """POST pods/NAME/eviction."""

    async def create(self, registry: Registry, request: Request, obj: Obj) -> Outcome:
        if name_of(obj) != request.name:
            raise errors.bad_request("name in URL does not match name in Eviction object")
        options = dict(obj.get("deleteOptions") or {})
        dry_run = _dry_run(request, options)
        obj = await admitted(registry, request, obj)
        pod = registry.stored(request).decode()
        if needs_no_budget(pod):
            if pod.get("status", {}).get("phase") == "Pending" and not is_deleting(pod):
                options = _pinned(options, pod)
            await self._end(registry, request, options, dry_run)
            return done()
        pinned = await self._ask_budget(registry, request, pod, dry_run)
        try:
            await self._end(registry, request, _pinned(options, pod) if pinned else options, dry_run)
        except StatusError as error:
            if error.code == 409 and pinned and not (options.get("preconditions") or {}).get("resourceVersion"):
                raise busy(name_of(pinned)) from error
            raise
        return done()

    async def _ask_budget(self, registry: Registry, request: Request, pod: Obj, dry_run: bool) -> Obj | None:
        """Take one disruption from the pod's budget.

        A budget that is answered did not have to give any: then the pod must still be what it is now when it goes.
        """
        for _ in range(TRIES):
            budgets = budgets_of(registry, pod)
            if len(budgets) > 1:
                raise StatusError(500, "", SEVERAL)
            if not budgets:
                return None
            budget = budgets[0]
            if not is_true(pod, "Ready") and unhealthy_may_go(budget):
                return budget
            check_budget(budget)
            if dry_run:
                return None
            try:
                await _take_disruption(registry, request, budget, name_of(pod))
            except StatusError as error:
                if error.code != 409:
                    raise
                continue
            return None
        raise busy(name_of(budget))

    async def _end(self, registry: Registry, request: Request, options: Obj, dry_run: bool) -> None:
        request = replace(request, verb="delete", subresource="", dry_run=dry_run, is_judged=True)
        if not dry_run:
            options = await self._mark(registry, request, options)
        await registry.delete(request, options)

    async def _mark(self, registry: Registry, request: Request, options: Obj) -> Obj:
        """Tell in the pod's status why it goes; the options then speak of the pod so changed."""
        for _ in range(TRIES):
            stored = registry.stored(request)
            pod = stored.decode()
            _check_preconditions(pod, options.get("preconditions") or {})
            entry = {
                "type": "DisruptionTarget",
                "status": "True",
                "reason": "EvictionByEvictionAPI",
                "message": "Eviction API: evicting",
            }
            now = timestamp(registry.backend.clock)
            set_condition(pod.setdefault("status", {}), entry, now)
            try:
                event = await registry.backend.store.commit(stored.key, pod, expected=stored.revision)
            except Moved:
                continue
            if (options.get("preconditions") or {}).get("resourceVersion"):
                wanted = {**options["preconditions"], "resourceVersion": str(event.revision)}
                return {**options, "preconditions": wanted}
            return options
        raise errors.conflict("", "pods", request.name, errors.MODIFIED)


def _dry_run(request: Request, options: Obj) -> bool:
    asked, listed = request.dry_run, options.pop("dryRun", None) or []
    if asked and listed and listed != ["All"]:
        told = f"Non-matching dry-run options in request and content: [All] and [{' '.join(listed)}]"
        raise errors.bad_request(told)
    return asked or listed == ["All"]


def _pinned(options: Obj, pod: Obj) -> Obj:
    """The options with the version of the pod that was looked at."""
    wanted = options.get("preconditions") or {}
    if wanted.get("resourceVersion"):
        return options
    return {**options, "preconditions": {**wanted, "resourceVersion": pod["metadata"]["resourceVersion"]}}


def _check_preconditions(pod: Obj, wanted: Obj) -> None:
    meta = pod["metadata"]
    rows = (
        ("uid", "UID", "The object might have been deleted and then recreated"),
        ("resourceVersion", "ResourceVersion", "The object might have been modified"),
    )
    for field, told, guess in rows:
        if wanted.get(field) and wanted[field] != meta.get(field):
            mismatch = f"the {told} in the precondition ({wanted[field]}) does not match the {told} in record"
            why = f"{mismatch} ({meta.get(field)}). {guess}"
            raise errors.conflict("", "Pod", name_of(pod), why)


def needs_no_budget(pod: Obj) -> bool:
    """A pod that does not serve any more, or not yet, disrupts nothing by going."""
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed", "Pending") or is_deleting(pod)


def budgets_of(registry: Registry, pod: Obj) -> list[Obj]:
    """The budgets that select the pod, as private copies."""
    found = []
    for stored in registry.backend.store.list(BUDGETS, pod["metadata"]["namespace"]):
        try:
            selector = selectors.from_object((stored.view.get("spec") or {}).get("selector"))
        except selectors.SelectorError:
            continue
        if selector.matches(labels_of(pod)):
            found.append(stored.decode())
    return found


def unhealthy_may_go(budget: Obj) -> bool:
    """Whether a pod that is not ready may go without a disruption being counted."""
    status = budget.get("status") or {}
    desired = status.get("desiredHealthy") or 0
    always = (budget.get("spec") or {}).get("unhealthyPodEvictionPolicy") == "AlwaysAllow"
    return always or ((status.get("currentHealthy") or 0) >= desired > 0)


def busy(name: str) -> StatusError:
    """429: the budget's status is not up to date."""
    told = f"The disruption budget {name} is still being processed by the server."
    return errors.too_many_requests(VIOLATED, BUSY_SECONDS, [cause("DisruptionBudget", told)])


def check_budget(budget: Obj) -> None:
    """StatusError if the budget does not allow one more disruption."""
    status, meta, name = budget.get("status") or {}, budget["metadata"], name_of(budget)
    if (status.get("observedGeneration") or 0) < (meta.get("generation") or 0):
        raise busy(name)
    allowed = status.get("disruptionsAllowed") or 0
    if allowed < 0:
        raise errors.forbidden("policy", "poddisruptionbudget", name, "pdb disruptions allowed is negative")
    if len(status.get("disruptedPods") or ()) > MOST_DISRUPTED:
        why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        raise errors.forbidden("policy", "poddisruptionbudget", name, why)
    if allowed == 0:
        told = cause("DisruptionBudget", _why_not(budget, status))
        details = errors.details("", "", "", [told])
        raise StatusError(429, "TooManyRequests", VIOLATED, details)


def _why_not(budget: Obj, status: Obj) -> str:
    text = f"The disruption budget {name_of(budget)}"
    found = condition(budget, "DisruptionAllowed") or {}
    message = found.get("message", "") if found.get("status") == "False" else ""
    desired, current = status.get("desiredHealthy") or 0, status.get("currentHealthy") or 0
    if message and found.get("reason") == "SyncFailed":
        return f"{text} does not allow evicting pods currently because it failed sync: {message}"
    if current <= desired:
        return f"{text} needs {desired} healthy pods and has {current} currently"
    if message:
        return f"{text} does not allow evicting pods currently ({found.get('reason', '')}): {message}"
    return f"{text} does not allow evicting pods currently"


async def _take_disruption(registry: Registry, request: Request, budget: Obj, pod_name: str) -> None:
    """Count one disruption, and name the pod until the budget's controller has seen it go."""
    resource = registry.backend.scheme.stored(BUDGETS)
    assert resource is not None, "budgets are always served"
    now = timestamp(registry.backend.clock)
    status = budget["status"]
    status["disruptionsAllowed"] -= 1
    if status["disruptionsAllowed"] == 0:
        _disallow(budget, now)
    status.setdefault("disruptedPods", {})[pod_name] = now
    write = Request(
        "update",
        resource,
        namespace=request.namespace,
        name=name_of(budget),
        subresource="status",
        user=API_SERVER,
        user_agent="kube-apiserver",
    )
    await registry.writer.update(write, lambda stored: budget)


def _disallow(budget: Obj, now: str) -> None:
    entry = condition(budget, "DisruptionAllowed")
    if entry is None:
        entry = {"type": "DisruptionAllowed", "status": "", "message": ""}
        budget["status"].setdefault("conditions", []).append(entry)
    if entry["status"] != "False":
        entry["lastTransitionTime"] = now
    generation = budget["metadata"].get("generation") or 0
    entry |= {"status": "False", "reason": "InsufficientPods", "observedGeneration": generation}


class PodPathHandler(Handler):
    """ephemeralcontainers and resize: the pod itself, of which the strategy takes over what the path is about."""

    shows_itself = True


_BINDING = BindingHandler()

ROWS: dict[tuple[str, str], Handler] = {
    ("pods", "binding"): _BINDING,
    ("pods", "eviction"): EvictionHandler(),
    ("pods", "ephemeralcontainers"): PodPathHandler(),
    ("pods", "resize"): PodPathHandler(),
}

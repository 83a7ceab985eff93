"""What objects count for against a ResourceQuota: which limits concern them, how much they use, whether scopes fit.

Resources are named by id ("pods", "deployments.apps"). The rules are those of k8s.io/kubernetes/pkg/quota/v1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from fakekube.core import names
from fakekube.core.meta import Obj, parse_time
from fakekube.core.podresources import Amounts, add_amounts, amounts_of, requested
from fakekube.core.quantity import ZERO, Quantity, from_int, parse

COUNT = "count/"
PODS, SERVICES, CLAIMS, DEVICE_CLAIMS = "pods", "services", "persistentvolumeclaims", "resourceclaims.resource.k8s.io"
BY_STORAGE_CLASS = ".storageclass.storage.k8s.io/"
BY_DEVICE_CLASS = ".deviceclass.resource.k8s.io/devices"
MOST_DEVICES = 32
"""What a request for all devices counts as."""

UNCOUNTED = frozenset({"events", "events.events.k8s.io"})
"""Kinds that no quota limits."""
MUST_BE_SAID = frozenset({"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"})
"""Where these are limited, every container must ask for them."""

_COMPUTE = ("cpu", "memory", "ephemeral-storage")
_HUGE_PAGES = "hugepages-"
_REQUESTS = "requests."
_KINDS = {
    **{name: name for name in (PODS, SERVICES, CLAIMS, "configmaps", "secrets", "replicationcontrollers")},
    **{f"{side}{name}": PODS for name in _COMPUTE for side in ("", _REQUESTS, "limits.")},
    "resourcequotas": "resourcequotas",
    "services.nodeports": SERVICES,
    "services.loadbalancers": SERVICES,
    "requests.storage": CLAIMS,
}
_ONE = from_int(1)
_TERMINAL = ("Succeeded", "Failed")


@lru_cache(maxsize=1024)
def counted_kind(limit: str) -> str | None:
    """The resource whose objects count against a limit of this name; None if nothing does."""
    if limit.startswith(COUNT):
        return limit[len(COUNT) :]
    if limit in _KINDS:
        return _KINDS[limit]
    if limit.endswith((f"{BY_STORAGE_CLASS}requests.storage", f"{BY_STORAGE_CLASS}persistentvolumeclaims")):
        return CLAIMS
    if limit.endswith(BY_DEVICE_CLASS):
        return DEVICE_CLAIMS
    huge = limit.startswith((_HUGE_PAGES, f"{_REQUESTS}{_HUGE_PAGES}"))
    return PODS if huge or (limit.startswith(_REQUESTS) and not _is_native(limit)) else None


def limits_on(resource: str, limits: Iterable[str]) -> list[str]:
    """The limits that concern objects of this resource."""
    return [limit for limit in limits if counted_kind(limit) == resource]


def usage(resource: str, obj: Obj, now: float) -> Amounts:
    """What one object uses, by the names of the limits."""
    used = {f"{COUNT}{resource}": _ONE}
    if resource in _KINDS and resource != PODS:
        used[resource] = _ONE
    special = _USAGES.get(resource)
    return used | special(obj, now) if special is not None else used


def fits_scopes(spec: Obj, resource: str, obj: Obj) -> bool:
    """Whether a quota with this spec is for the object at all."""
    terms = [{"scopeName": scope, "operator": "Exists"} for scope in spec.get("scopes") or ()]
    terms += (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    return all(_fits(term, resource, obj) for term in terms)


def unsaid(limits: Iterable[str], pod: Obj) -> str:
    """Empty, or what the containers of a pod must ask for because it is limited, in the real server's words."""
    spec = pod["spec"]
    wanted = MUST_BE_SAID.intersection(limits)
    missing: dict[str, set[str]] = {}
    for container in (*spec["containers"], *(spec.get("initContainers") or ())):
        asked = _compute(amounts_of(container, "requests"), amounts_of(container, "limits"))
        for name in wanted.difference(asked):
            missing.setdefault(name, set()).add(container["name"])
    if not missing:
        return ""
    return "must specify " + "; ".join(f"{name} for: {','.join(sorted(missing[name]))}" for name in sorted(missing))


def _pod_usage(pod: Obj, now: float) -> Amounts:
    """A pod that has ended, or should long be gone, counts as an object only."""
    meta, spec = pod["metadata"], pod["spec"]
    if (pod.get("status") or {}).get("phase") in _TERMINAL or 0 <= overdue_at(meta) < now:
        return {}
    requests, limits = requested(spec, "requests"), requested(spec, "limits")
    overhead = {name: parse(amount) for name, amount in (spec.get("overhead") or {}).items()}
    add_amounts(requests, overhead)
    add_amounts(limits, {name: amount for name, amount in overhead.items() if limits.get(name)})
    return {PODS: _ONE, **_compute(requests, limits)}


def overdue_at(meta: Obj) -> float:
    """When a pod that is being deleted is given up on; -1 for others."""
    if "deletionTimestamp" not in meta or meta.get("deletionGracePeriodSeconds") is None:
        return -1.0
    return parse_time(meta["deletionTimestamp"]) + float(meta["deletionGracePeriodSeconds"])


def _compute(requests: Amounts, limits: Amounts) -> Amounts:
    used: Amounts = {}
    for name, amount in requests.items():
        if name in _COMPUTE or name.startswith(_HUGE_PAGES):
            used[name] = used[_REQUESTS + name] = amount
        elif not _is_native(name) and not name.startswith(_REQUESTS) and not names.qualified_name(_REQUESTS + name):
            used[_REQUESTS + name] = amount
    return used | {f"limits.{name}": limits[name] for name in _COMPUTE if name in limits}


def _is_native(name: str) -> bool:
    return "/" not in name or "kubernetes.io/" in name


def _service_usage(service: Obj, now: float) -> Amounts:
    spec = service["spec"]
    kind, ports = spec.get("type"), spec.get("ports") or []
    count = len(ports) if kind in ("NodePort", "LoadBalancer") else 0
    if kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is False:
        count = sum(1 for port in ports if port.get("nodePort"))
    return {"services.nodeports": from_int(count), "services.loadbalancers": from_int(int(kind == "LoadBalancer"))}


def _claim_usage(claim: Obj, now: float) -> Amounts:
    meta, spec = claim["metadata"], claim["spec"]
    beta = (meta.get("annotations") or {}).get("volume.beta.kubernetes.io/storage-class")
    of_class = f"{beta if beta is not None else spec.get('storageClassName') or ''}{BY_STORAGE_CLASS}"
    used: Amounts = {}
    asked = _storage((spec.get("resources") or {}).get("requests"))
    if asked is not None:
        allocated = _storage((claim.get("status") or {}).get("allocatedResources"))
        most = max(asked, allocated or asked)
        used["requests.storage"] = most if most.is_whole() else from_int(most.value(), most.form)
    if not of_class.startswith(BY_STORAGE_CLASS):
        used |= {of_class + name: amount for name, amount in used.items()}
        used[f"{of_class}persistentvolumeclaims"] = _ONE
    return used


def _storage(amounts: Obj | None) -> Quantity | None:
    return parse(amounts["storage"]) if amounts and "storage" in amounts else None


def _device_usage(claim: Obj, now: float) -> Amounts:
    """The devices of each class; of alternatives, the most that one of them takes."""
    used: Amounts = {}
    for request in (claim["spec"].get("devices") or {}).get("requests") or ():
        most: Amounts = {}
        for each in request.get("firstAvailable") or [request.get("exactly") or {}]:
            name = f"{each.get('deviceClassName', '')}{BY_DEVICE_CLASS}"
            count = MOST_DEVICES if each.get("allocationMode") == "All" else each.get("count", 1)
            most[name] = max(most.get(name, ZERO), from_int(count))
        add_amounts(used, most)
    return used


_USAGES: dict[str, Callable[[Obj, float], Amounts]] = {
    PODS: _pod_usage,
    SERVICES: _service_usage,
    CLAIMS: _claim_usage,
    DEVICE_CLAIMS: _device_usage,
}


def _fits(term: Obj, resource: str, obj: Obj) -> bool:
    scope = term["scopeName"]
    if resource == PODS:
        if scope == "PriorityClass":
            name = obj["spec"].get("priorityClassName")
            return _selects(term, [name] if name else [])
        test = _POD_SCOPES.get(scope)
        return test is not None and test(obj)
    return resource == CLAIMS and scope == "VolumeAttributesClass" and _selects(term, _attribute_classes(obj))


def _selects(term: Obj, found: list[str]) -> bool:
    """As a label selector would, on a label with each of these values in turn (or without one)."""
    operator, values = term["operator"], term.get("values") or ()
    if operator == "In":
        return any(name in values for name in found)
    if operator == "NotIn":
        return not found or any(name not in values for name in found)
    return bool(found) if operator == "Exists" else not found


def _attribute_classes(claim: Obj) -> list[str]:
    status = claim.get("status") or {}
    target = (status.get("modifyVolumeStatus") or {}).get("targetVolumeAttributesClassName")
    listed = (claim["spec"].get("volumeAttributesClassName"), status.get("currentVolumeAttributesClassName"), target)
    return [name for name in listed if name]


def _terminates(pod: Obj) -> bool:
    return pod["spec"].get("activeDeadlineSeconds") is not None


def _best_effort(pod: Obj) -> bool:
    known = (pod.get("status") or {}).get("qosClass")
    if known:
        return bool(known == "BestEffort")
    spec = pod["spec"]
    parts = [spec] if spec.get("resources") else [*spec["containers"], *(spec.get("initContainers") or ())]
    amounts = [amounts_of(part, side) for part in parts for side in ("requests", "limits")]
    return not any(each.get(name) for each in amounts for name in ("cpu", "memory"))


def _looks_across_namespaces(pod: Obj) -> bool:
    affinity = pod["spec"].get("affinity") or {}
    terms: list[Obj] = []
    for kind in ("podAffinity", "podAntiAffinity"):
        part = affinity.get(kind) or {}
        terms += part.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
        weighted = part.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
        terms += [each["podAffinityTerm"] for each in weighted]
    return any(term.get("namespaces") or term.get("namespaceSelector") is not None for term in terms)


_POD_SCOPES: dict[str, Callable[[Obj], bool]] = {
    "Terminating": _terminates,
    "NotTerminating": lambda pod: not _terminates(pod),
    "BestEffort": _best_effort,
    "NotBestEffort": lambda pod: not _best_effort(pod),
    "CrossNamespacePodAffinity": _looks_across_namespaces,
}

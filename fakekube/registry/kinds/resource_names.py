"""The names under which amounts are counted (cpu, pods, requests.storage, example.com/gpu) and what is wrong with them.

The sets and rules are those of k8s.io/kubernetes/pkg/apis/core/helper.
"""

from __future__ import annotations

from fakekube.core import names, quantity
from fakekube.core.fielderrors import FieldError, invalid
from fakekube.core.meta import Obj
from fakekube.registry.kinds.checks import NOT_NEGATIVE, invalids

_COUNTED = (
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
)
COUNTED = frozenset(_COUNTED)
_COMPUTE = ("cpu", "memory", "ephemeral-storage")
CONTAINER = frozenset(_COMPUTE)
QUOTA = frozenset(
    (
        *_COMPUTE,
        "requests.storage",
        *(f"{part}.{name}" for part in ("requests", "limits") for name in _COMPUTE),
        *_COUNTED,
    )
)
STANDARD = QUOTA | {"storage"}
_HUGE_PAGES = ("hugepages-", "requests.hugepages-")


def is_quota_name(name: str) -> bool:
    """Whether a quota may count under this name although it has no prefix."""
    return name in QUOTA or name.startswith(_HUGE_PAGES)


def is_native(name: str) -> bool:
    """Whether Kubernetes itself gives the name its meaning."""
    return "/" not in name or "kubernetes.io/" in name


def is_extended(name: str) -> bool:
    """Whether this is somebody's own resource, such as example.com/gpu."""
    if is_native(name) or name.startswith("requests."):
        return False
    return not names.qualified_name(f"requests.{name}")


def is_counted(name: str) -> bool:
    """Whether only whole amounts make sense."""
    return name in COUNTED or is_extended(name)


def name_faults(field: str, name: str) -> list[FieldError]:
    """What is wrong with the name of any resource."""
    faults = invalids(field, name, names.qualified_name(name))
    if not faults and "/" not in name and name not in STANDARD and not name.startswith(_HUGE_PAGES):
        faults.append(invalid(field, name, "must be a standard resource type or fully qualified"))
    return faults


def quota_name_faults(field: str, name: str) -> list[FieldError]:
    """What is wrong with a name in a quota."""
    faults = name_faults(field, name)
    if "/" not in name and not is_quota_name(name):
        faults.append(invalid(field, name, "must be a standard resource for quota"))
    return faults


def container_name_faults(field: str, name: str) -> list[FieldError]:
    """What is wrong with a name in the requests and limits of a container."""
    faults = name_faults(field, name)
    if "/" not in name:
        if name not in CONTAINER and not name.startswith("hugepages-"):
            faults.append(invalid(field, name, "must be a standard resource for containers"))
    elif not is_native(name) and not is_extended(name):
        faults.append(invalid(field, name, "doesn't follow extended resource name standard"))
    return faults


def not_negative(field: str, value: str) -> list[FieldError]:
    """A fault if the amount is below zero."""
    return [invalid(field, value, NOT_NEGATIVE)] if quantity.parse(value).nanos < 0 else []


def positive(field: str, value: str) -> list[FieldError]:
    """A fault if the amount is not above zero."""
    return [] if quantity.parse(value).nanos > 0 else [invalid(field, value, "must be greater than zero")]


def amount_faults(field: str, name: str, value: str) -> list[FieldError]:
    """What is wrong with an amount of this resource."""
    faults = not_negative(field, value)
    if is_counted(name) and quantity.parse(value).milli() % 1000:
        faults.append(invalid(field, value, "must be an integer"))
    return faults


def round_to_milli(resources: Obj | None) -> None:
    """Round amounts up to thousandths in place, as resource lists of the core group are kept."""
    for name, value in (resources or {}).items():
        found = quantity.parse(value)
        if found.nanos % 10**6:
            assert resources is not None, "there is an item"
            resources[name] = str(found.rounded_to_milli())

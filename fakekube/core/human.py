"""Durations, ages and joined texts as kubectl and the server's tables show them.

k8s.io/apimachinery/pkg/util/duration and the helpers of pkg/printers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fakekube.core.meta import Obj, parse_time
from fakekube.core.selectors import SelectorError, from_object

NONE, UNKNOWN, INVALID, UNSET = "<none>", "<unknown>", "<invalid>", "<unset>"

_MINUTE, _HOUR = 60, 3600


def human_duration(seconds: float) -> str:
    """Two or three figures: '119s', '5m30s', '179m', '7h59m', '47h', '7d23h', '729d', '7y364d', '8y'."""
    whole = int(seconds)
    if whole < -1:
        return INVALID
    if whole < 2 * _MINUTE:
        return f"{max(whole, 0)}s"
    minutes, hours = whole // _MINUTE, whole // _HOUR
    days = hours // 24
    years = days // 365
    if minutes < 10:
        return _two(minutes, "m", whole % 60, "s")
    if hours < 3:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if years < 2:
        return f"{days}d"
    return _two(years, "y", days % 365, "d") if years < 8 else f"{years}y"


def _two(more: int, unit: str, less: int, smaller: str) -> str:
    return f"{more}{unit}{less}{smaller}" if less else f"{more}{unit}"


def short_human_duration(seconds: float) -> str:
    """One figure: '59s', '59m', '23h', '364d', '9y'."""
    whole = int(seconds)
    if whole < -1:
        return INVALID
    for unit, size, below in (("s", 1, 60), ("m", _MINUTE, 60), ("h", _HOUR, 24), ("d", 24 * _HOUR, 365)):
        if whole < size * below:
            return f"{max(whole, 0) // size}{unit}"
    return f"{whole // (365 * 24 * _HOUR)}y"


def age(timestamp: str | None, now: float) -> str:
    """The time since a moment (metav1.Time or MicroTime); `now` in seconds since the epoch."""
    return human_duration(now - parse_time(timestamp)) if timestamp else UNKNOWN


def until(timestamp: str | None, now: float) -> str:
    """The time until a moment."""
    return human_duration(parse_time(timestamp) - now) if timestamp else UNKNOWN


def labels_text(labels: Mapping[str, str] | None) -> str:
    """'a=1,b=2', or '<none>'."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) if labels else NONE


def selector_text(selector: Obj | None) -> str:
    """A metav1.LabelSelector as label selector text; '<none>' if it restricts nothing or is none."""
    if selector is None:
        return NONE
    try:
        return str(from_object(selector)) or NONE
    except SelectorError:
        return "<error>"


def joined(items: Iterable[str]) -> str:
    """'a,b', or '<none>'."""
    return ",".join(items) or NONE

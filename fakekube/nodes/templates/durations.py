"""Durations as Go's time package writes and reads them, in nanoseconds."""

from __future__ import annotations

from fakekube.schema.cel.values import parse_duration

_SPANS = (("y", 365 * 86400), ("mo", 30 * 86400), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def nanos(text: str) -> int:
    """The nanoseconds of a text such as 1h30m; ValueError if it is none."""
    found = parse_duration(text)
    if found is None:
        raise ValueError(f'time: invalid duration "{text}"')
    return found.nanos


def shown(count: int) -> str:
    """So many nanoseconds as Duration.String shows them."""
    sign, count = ("-", -count) if count < 0 else ("", count)
    for unit, size in (("ns", 1), ("µs", 10**3), ("ms", 10**6)):
        if count < size * 1000:
            return f"{sign}{_decimal(count, size)}{unit}" if count else "0s"
    hours, rest = divmod(count, 3600 * 10**9)
    minutes, rest = divmod(rest, 60 * 10**9)
    made = f"{_decimal(rest, 10**9)}s"
    if hours:
        return f"{sign}{hours}h{minutes}m{made}"
    return f"{sign}{minutes}m{made}" if minutes else sign + made


def _decimal(count: int, size: int) -> str:
    whole, part = divmod(count, size)
    digits = f"{part:0{len(str(size)) - 1}d}".rstrip("0") if part else ""
    return f"{whole}.{digits}" if digits else str(whole)


def rounded(count: int) -> str:
    """The largest unit that fits, as sprig's durationRound tells it."""
    seconds = abs(count) / 10**9
    for unit, size in _SPANS:
        if seconds > size:
            return f"{int(seconds // size)}{unit}"
    return "0s"

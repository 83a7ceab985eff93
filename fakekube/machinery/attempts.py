"""Many changes of one kind of which some may be refused: the others are tried all the same, and then comes the rest.

Creations are tried in batches, each twice as large as the one before; after a batch in which one was refused the
batches that are left wait for the next look. So a quota that is spent is asked about once and not five hundred times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fakekube.core.errors import StatusError
from fakekube.machinery.plan import Change, Plan, Refused

Rest = Callable[[StatusError], Iterable[Change]]
"""What is done after a refusal when the others were tried, given the first one."""


def regardless(changes: Sequence[Change], rest: Rest) -> list[Change]:
    """All changes; one that is refused keeps none of the others from being tried."""
    return _guarded(changes, [len(changes)] * len(changes), rest)


def slow_start(changes: Sequence[Change], rest: Rest) -> list[Change]:
    """All changes, in batches: after one that is refused those of its batch are tried still, and no more."""
    ends: list[int] = []
    size = 1
    while len(ends) < len(changes):
        size = min(size, len(changes) - len(ends))
        ends += [len(ends) + size] * size
        size *= 2
    return _guarded(changes, ends, rest)


def _guarded(changes: Sequence[Change], ends: Sequence[int], rest: Rest) -> list[Change]:
    errors: list[StatusError] = []
    for place, change in enumerate(changes):
        change.refused = _going_on(change.refused, changes, place + 1, ends[place], errors, rest)
    return list(changes)


def _going_on(
    own: Refused | None, changes: Sequence[Change], first: int, end: int, errors: list[StatusError], rest: Rest
) -> Refused:
    def refused(error: StatusError) -> Plan | None:
        told = Plan() if own is None else own(error)
        if told is None:
            return None
        errors.append(error)
        return Plan([*told.changes, *changes[first:end], *rest(errors[0])], told.after, told.user, retry=True)

    return refused

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
    return _guarded(changes, range(1, len(changes) + 1), [len(changes)] * len(changes), rest)


def slow_start(changes: Sequence[Change], rest: Rest) -> list[Change]:
    """All changes, in batches: after one that is refused those of its batch are tried still, and no more."""
    return in_groups([[change] for change in changes], rest)


def in_groups(groups: Sequence[Sequence[Change]], rest: Rest, *, at_once: bool = True) -> list[Change]:
    """The same of groups, each of which a refusal ends; without `at_once` each is a batch by itself."""
    changes = [change for group in groups for change in group]
    nexts, ends = _borders(groups, at_once=at_once)
    return _guarded(changes, nexts, ends, rest)


def _borders(groups: Sequence[Sequence[Change]], *, at_once: bool) -> tuple[list[int], list[int]]:
    """For each change where the next group begins, and where its batch of groups ends."""
    nexts: list[int] = []
    ends: list[int] = []
    size, done = 1, 0
    while done < len(groups):
        batch = groups[done : done + size]
        for group in batch:
            nexts += [len(nexts) + len(group)] * len(group)
        ends += [len(nexts)] * (len(nexts) - len(ends))
        done, size = done + size, size * 2 if at_once else 1
    return nexts, ends


def _guarded(changes: Sequence[Change], nexts: Sequence[int], ends: Sequence[int], rest: Rest) -> list[Change]:
    errors: list[StatusError] = []
    for place, change in enumerate(changes):
        change.refused = _going_on(change.refused, changes, nexts[place], ends[place], errors, rest)
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

"""When a CronJob is due: by its schedule, from its last time on, and how much of that was missed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from fakekube.core.cron import Schedule
from fakekube.core.meta import Obj, parse_time

MANY_MISSED = 100


@dataclass(frozen=True, slots=True)
class Missed:
    """The last time that is due (None: none is), and whether more than a hundred were missed."""

    due: datetime | None
    many: bool = False


def since(owner: Obj, now: datetime, *, with_deadline: bool) -> datetime:
    """From when on times count: the last one, or the CronJob's making; not before the deadline."""
    status: Obj = owner.get("status") or {}
    start = parse_time(status.get("lastScheduleTime") or owner["metadata"]["creationTimestamp"])
    deadline = owner["spec"].get("startingDeadlineSeconds")
    if with_deadline and deadline is not None:
        start = max(start, now.timestamp() - deadline)
    return datetime.fromtimestamp(start, UTC)


def missed(schedule: Schedule, start: datetime, now: datetime) -> Missed:
    """What has become due since the start.

    Many times are not gone through one by one: they are taken to be as far apart as the first two.
    """
    first = schedule.next(start)
    if first is None or now < first:
        return Missed(None)
    second = schedule.next(first)
    if second is None or now < second:
        return Missed(first)
    apart = max(1, round((second - first).total_seconds()))
    count = int((now - first).total_seconds()) // apart + 1
    due, moment = None, schedule.next(later(first, (count - 2) * apart))
    while moment is not None and moment <= now:
        due, moment = moment, schedule.next(moment)
    return Missed(due, count > MANY_MISSED)


def until_next(schedule: Schedule, start: datetime, now: datetime) -> float | None:
    """Seconds until the next time; None if there is none.

    The real controller looks a tenth of a second later; here clocks agree, and who moves time by a minute sees that
    minute's Job.
    """
    following = schedule.next(missed(schedule, start, now).due or start)
    while following is not None and following <= now:
        following = schedule.next(following)
    return None if following is None else (following - now).total_seconds()


def later(moment: datetime, seconds: float) -> datetime:
    """So many seconds later."""
    return datetime.fromtimestamp(moment.timestamp() + seconds, UTC)

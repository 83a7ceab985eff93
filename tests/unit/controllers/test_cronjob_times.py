"""What of a CronJob's times was missed, on plain data. The figures are from ten o'clock on a Thursday on."""

from datetime import UTC, datetime, timedelta

import pytest

from fakekube.controllers.cronjob.times import missed, since, until_next
from fakekube.core.cron import parse
from fakekube.core.meta import Obj, time_text

TEN = datetime(2016, 5, 19, 10, tzinfo=UTC)
HOUR, DAY = 60, 24 * 60


def at(minutes: float) -> datetime:
    return TEN + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("schedule", "start", "now", "due", "many"),
    [
        ("0 * * * *", 0, 0.5, None, False),
        ("0 * * * *", 0, 61, 60, False),
        ("0 * * * *", 0, 5 * HOUR + 1, 5 * HOUR, False),
        ("30 6-16/4 * * 1-5", 30, DAY + 31, DAY + 30, False),
        ("30 6-16/4 * * 1-5", 30, 4 * DAY + 31, 4 * DAY + 30, False),  # a weekend lies between
        ("30 6-16/4 * * 1-5", 0, DAY + 31, DAY + 30, False),
        ("30 10,11,12 * * 1-5", 30, 30 * HOUR + 30, None, False),  # uneven times may be overlooked
        ("@every 1h", 1, 7 * DAY, 7 * DAY - 59, True),
        ("*/5 * * * *", 30, 31, None, False),
        ("59 23 31 2 *", 0, HOUR, None, False),
    ],
)
def test_the_last_time_that_is_due(schedule: str, start: float, now: float, due: float | None, many: bool) -> None:
    found = missed(parse(schedule), at(start), at(now))
    assert (found.due, found.many) == (None if due is None else at(due), many)


def test_times_count_from_the_last_one_but_not_before_the_deadline() -> None:
    owner: Obj = {"metadata": {"creationTimestamp": time_text(TEN.timestamp())}, "spec": {}}
    assert since(owner, at(32), with_deadline=True) == TEN
    owner |= {"status": {"lastScheduleTime": time_text(at(30).timestamp())}}
    assert since(owner, at(32), with_deadline=True) == at(30)
    owner["spec"] = {"startingDeadlineSeconds": 60}
    assert since(owner, at(32), with_deadline=True) == at(31)
    assert since(owner, at(32), with_deadline=False) == at(30)


@pytest.mark.parametrize(
    ("schedule", "start", "now", "minutes"),
    [
        ("0 * * * *", 0, 30, 30),
        ("0 * * * *", 0, 61, 59),
        ("@every 1h", 1, 30, 31),
        ("30 10,11,12 * * 1-5", 30, 1830, 3960),
    ],
)
def test_the_next_time(schedule: str, start: float, now: float, minutes: float) -> None:
    assert until_next(parse(schedule), at(start), at(now)) == minutes * 60

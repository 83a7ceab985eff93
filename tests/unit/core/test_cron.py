"""Cron expressions as robfig/cron reads them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fakekube.core.cron import CronError, parse

START = datetime(2026, 1, 1, 10, 30, 20, tzinfo=UTC)  # a Thursday


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* * * * *", "2026-01-01 10:31:00"),
        ("*/15 * * * *", "2026-01-01 10:45:00"),
        ("0 0 * * *", "2026-01-02 00:00:00"),
        ("5-7,20 9 * * *", "2026-01-02 09:05:00"),
        ("0 0 31 * *", "2026-01-31 00:00:00"),
        ("0 0 29 2 *", "2028-02-29 00:00:00"),
        ("0 0 * * sat", "2026-01-03 00:00:00"),
        ("0 0 ? JUN 1-5", "2026-06-01 00:00:00"),
        ("@hourly", "2026-01-01 11:00:00"),
        ("@weekly", "2026-01-04 00:00:00"),
        ("@yearly", "2027-01-01 00:00:00"),
        ("@every 1h30m", "2026-01-01 12:00:20"),
    ],
)
def test_next(text: str, expected: str) -> None:
    assert parse(text).next(START) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_day_of_month_and_day_of_week_widen_each_other_when_both_are_given() -> None:
    schedule = parse("0 0 15 * 5")
    found, moment = [], START
    for _ in range(3):
        moment = schedule.next(moment) or START
        found.append(moment.day)
    assert found == [2, 9, 15], "two Fridays, and the 15th, a Thursday"


def test_a_date_that_never_comes_has_no_next() -> None:
    assert parse("0 0 30 2 *").next(START) is None


def test_a_time_zone_of_its_own() -> None:
    found = parse("TZ=Europe/Berlin 0 12 * * *").next(START)
    assert found is not None
    assert found.astimezone(UTC) == datetime(2026, 1, 1, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("5-3 * * * *", "beginning of range (5) beyond end of range (3): 5-3"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("@often", "unrecognized descriptor: @often"),
    ],
)
def test_what_is_wrong_is_told_in_the_parsers_words(text: str, message: str) -> None:
    with pytest.raises(CronError) as caught:
        parse(text)
    assert str(caught.value) == message


def moments(text: str, start: datetime, count: int) -> list[str]:
    schedule, found = parse(text), [start]
    for _ in range(count):
        following = schedule.next(found[-1])
        assert following is not None
        found.append(following)
    return [each.astimezone(UTC).strftime("%d %H:%M") for each in found[1:]]


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [  # in New York the hour from 06:00 is the second from one to two on 1 November 2026
        ("30 1 * * *", datetime(2026, 10, 31, 12, tzinfo=UTC), ["01 05:30", "01 06:30", "02 06:30"]),
        ("0 * * * *", datetime(2026, 11, 1, 4, 30, tzinfo=UTC), ["01 05:00", "01 06:00", "01 07:00"]),
        # and on 8 March 2026 there is none from two to three
        ("30 2 * * *", datetime(2026, 3, 7, 0, tzinfo=UTC), ["07 07:30", "09 06:30"]),
        ("0 * * * *", datetime(2026, 3, 8, 5, 30, tzinfo=UTC), ["08 06:00", "08 07:00", "08 08:00"]),
        ("0 0 1 * *", datetime(2026, 10, 5, 0, tzinfo=UTC), ["01 04:00", "01 05:00"]),
    ],
)
def test_when_clocks_are_changed(text: str, start: datetime, expected: list[str]) -> None:
    assert moments(f"TZ=America/New_York {text}", start, len(expected)) == expected


def test_a_midnight_that_the_clocks_skip_does_not_come() -> None:
    start = datetime(2026, 9, 5, 0, tzinfo=UTC)  # in Santiago the 6th begins at one o'clock
    assert moments("TZ=America/Santiago 0 0 * * *", start, 2) == ["05 04:00", "07 03:00"]
    assert moments("TZ=America/Santiago 0 1 * * *", start, 2) == ["05 05:00", "06 04:00"]


def test_a_midnight_after_which_the_clocks_went_back_is_passed() -> None:
    start = datetime(2010, 11, 7, 1, tzinfo=UTC)  # in St. John's a minute past midnight was 23:01 again
    assert moments("TZ=America/St_Johns 0 6 8 * *", start, 1) == ["08 09:30"]
    assert moments("TZ=America/St_Johns 0 6 * 12 *", start, 1) == ["01 09:30"]

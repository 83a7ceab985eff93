"""Durations and ages read as kubectl shows them."""

import pytest

from fakekube.core import human

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize(
    ("seconds", "text", "short"),
    [
        (-2, "<invalid>", "<invalid>"),
        (-1.5, "0s", "0s"),
        (119.9, "119s", "1m"),
        (2 * MINUTE, "2m", "2m"),
        (9 * MINUTE + 59, "9m59s", "9m"),
        (10 * MINUTE + 59, "10m", "10m"),
        (3 * HOUR, "3h", "3h"),
        (7 * HOUR + 59 * MINUTE, "7h59m", "7h"),
        (47 * HOUR, "47h", "1d"),
        (7 * DAY + 23 * HOUR, "7d23h", "7d"),
        (729 * DAY, "729d", "1y"),
        (731 * DAY, "2y1d", "2y"),
        (8 * 365 * DAY, "8y", "8y"),
    ],
)
def test_durations(seconds, text, short):
    assert human.human_duration(seconds) == text
    assert human.short_human_duration(seconds) == short


def test_ages():
    assert human.age("1970-01-01T00:00:10Z", 15.0) == "5s"
    assert human.until("1970-01-01T00:00:10Z", 5.0) == "5s"
    assert human.age(None, 15.0) == "<unknown>"


def test_joined_texts():
    assert human.labels_text({"b": "2", "a": "1"}) == "a=1,b=2"
    assert human.labels_text({}) == "<none>"
    assert human.selector_text({"matchLabels": {"a": "b"}}) == "a=b"
    assert human.selector_text({}) == human.selector_text(None) == "<none>"
    assert human.selector_text({"matchExpressions": [{"key": "a", "operator": "?"}]}) == "<error>"

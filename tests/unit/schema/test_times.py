import pytest

from fakekube.schema.base64text import canonical
from fakekube.schema.times import canonical_micro_time, canonical_time

SECONDS, MICROS = "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05.000000Z07:00"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"),
        ("2024-02-29T23:59:59.999999999Z", "2024-02-29T23:59:59Z"),
        ("2024-01-01T00:30:00+01:00", "2023-12-31T23:30:00Z"),
        ("0001-01-01T00:00:00Z", None),
    ],
)
def test_times_are_written_in_utc_with_whole_seconds(text: str, written: str | None) -> None:
    assert canonical_time(text) == written


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yesterday", f'parsing time "yesterday" as "{SECONDS}": cannot parse "yesterday" as "2006"'),
        ("", f'parsing time "" as "{SECONDS}": cannot parse "" as "2006"'),
        ("2024-01-01", f'parsing time "2024-01-01" as "{SECONDS}": cannot parse "" as "T"'),
        ("2024-13-01T00:00:00Z", 'parsing time "2024-13-01T00:00:00Z": month out of range'),
        ("2023-02-29T00:00:00Z", 'parsing time "2023-02-29T00:00:00Z": day out of range'),
        ("2024-01-01T00:00:60Z", 'parsing time "2024-01-01T00:00:60Z": second out of range'),
        ("2024-01-01T00:00:00", f'parsing time "2024-01-01T00:00:00" as "{SECONDS}": cannot parse "" as "Z07:00"'),
        ("2024-01-01T00:00:00Zx", 'parsing time "2024-01-01T00:00:00Zx": extra text: "x"'),
    ],
)
def test_what_is_no_time_is_refused_in_gos_words(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        canonical_time(text)
    assert str(caught.value) == message


def test_micro_times_have_six_digits() -> None:
    assert canonical_micro_time("2024-01-01T00:00:00.000001Z") == "2024-01-01T00:00:00.000001Z"
    with pytest.raises(ValueError) as caught:
        canonical_micro_time("2024-01-01T00:00:00Z")
    assert str(caught.value) == f'parsing time "2024-01-01T00:00:00Z" as "{MICROS}": cannot parse "Z" as ".000000"'


@pytest.mark.parametrize(
    ("text", "place"), [("!", 0), ("abc", 0), ("abcdab", 4), ("a===", 1), ("ab=c", 2), ("ab==cd", 4)]
)
def test_the_place_where_base64_goes_wrong(text: str, place: int) -> None:
    with pytest.raises(ValueError, match=f"^illegal base64 data at input byte {place}$"):
        canonical(text)

"""Periods of retention rules, by the calendar (J9, P7)."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from dsr.law.retention import add_period, kept_until


@pytest.mark.parametrize(
    ("start", "period", "last"),
    [
        ("2024-03-01", {"years": 3}, "2027-03-01"),  # a paid order
        ("2024-02-29", {"years": 3}, "2027-02-28"),
        ("2024-02-29", {"years": 4}, "2028-02-29"),
        ("2026-01-31", {"months": 1}, "2026-02-28"),
        ("2026-08-31", {"months": 6}, "2027-02-28"),  # usage and device data
        ("2026-12-15", {"months": 1}, "2027-01-15"),
        ("2026-11-30", {"months": 13}, "2027-12-30"),
        ("2026-02-20", {"days": 30}, "2026-03-22"),
        ("2026-01-31", {"months": 1, "days": 1}, "2026-03-01"),
        ("2026-05-05", {"hours": 24}, "2026-05-06"),
        ("2026-05-05", {"hours": 25}, "2026-05-07"),
        ("2026-05-05", {}, "2026-05-05"),
    ],
)
def test_a_period_ends_on_its_day(start: str, period: dict[str, int], last: str) -> None:
    assert add_period(date.fromisoformat(start), **period) == date.fromisoformat(last)


@pytest.mark.parametrize(
    ("since", "last"),
    [
        ("2026-05-05T23:30:00", "2026-05-06"),
        ("2026-05-05 23:30:00", "2026-05-06"),
        ("2026-05-05T23:30:00.125Z", "2026-05-06"),
        ("2026-05-05", "2026-05-06"),
        (" 2026-05-05\n", "2026-05-06"),
        (datetime.fromisoformat("2026-05-05T23:30:00+09:00"), "2026-05-06"),
        (date(2026, 5, 5), "2026-05-06"),
    ],
)
def test_24_hours_end_on_the_next_day_however_the_start_is_written(since: str | date, last: str) -> None:
    assert kept_until(since, hours=24) == date.fromisoformat(last)


def test_hours_pass_by_the_clock_of_the_world_when_local_clocks_jump() -> None:
    before = datetime.fromisoformat("2026-03-28T23:30:00+00:00")
    assert kept_until(before, hours=1) == date(2026, 3, 29)


@pytest.mark.parametrize("since", ["9999-12-31", "9999-12-31T23:59:59"])
def test_a_date_beyond_the_calendar_ends_with_the_calendar(since: str) -> None:
    assert kept_until(since, years=3) == date.max


@pytest.mark.parametrize("since", ["", "soon", "2026-13-01", "1767225600000", "2026-05"])
def test_a_start_that_cannot_be_read_is_said_and_never_guessed(since: str) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        kept_until(since, years=3)


@pytest.mark.parametrize(
    ("since", "zone", "last"),
    [
        ("2024-03-01T20:00:00Z", "Asia/Shanghai", "2032-03-02"),  # there it is the second of March
        ("2024-03-01T20:00:00Z", "Europe/Berlin", "2032-03-01"),
        ("2024-03-02T03:00:00Z", "America/Los_Angeles", "2032-03-01"),
        ("2024-02-28T20:00:00Z", "Asia/Shanghai", "2032-02-29"),  # a leap day
        ("2023-02-28T20:00:00Z", "Asia/Shanghai", "2031-03-01"),
        ("2026-03-28T23:30:00Z", "Europe/Berlin", "2034-03-29"),  # clocks jump an hour and a half later
        ("2026-10-24T22:30:00Z", "Europe/Berlin", "2034-10-25"),
        ("2024-03-01T20:00:00", "Asia/Shanghai", "2032-03-01"),  # no zone: it counts as local
        (datetime(2024, 3, 1, 20, tzinfo=UTC), "Asia/Shanghai", "2032-03-02"),
        (1709323200, "Asia/Shanghai", "2032-03-02"),
        (date(2024, 3, 1), "Asia/Shanghai", "2032-03-01"),
    ],
)
def test_the_day_on_which_a_period_begins_is_the_controllers_own(since: object, zone: str, last: str) -> None:
    assert kept_until(since, zone=ZoneInfo(zone), years=8) == date.fromisoformat(last)


def test_hours_that_pass_while_local_clocks_jump_end_on_the_local_day() -> None:
    assert kept_until("2026-03-28T22:30:00Z", zone=ZoneInfo("Europe/Berlin"), hours=24) == date(2026, 3, 30)


@pytest.mark.parametrize("since", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_a_moment_that_is_out_of_every_local_calendar_never_ends(since: str) -> None:
    zone = ZoneInfo("Asia/Shanghai" if since.startswith("9") else "America/Los_Angeles")
    assert kept_until(since, zone=zone, years=8) == date.max

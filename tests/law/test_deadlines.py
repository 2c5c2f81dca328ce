"""The promise of 15 business days (J1, M2); the vectors were computed apart and checked twice."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dsr.law.calendars import Calendar, working_day
from dsr.law.deadlines import business_days_left, closes_at, due_on, in_words, leaving
from tests.law.places import GERMANY, UNITED_STATES


def noon(day: str, zone: str) -> datetime:
    return datetime.fromisoformat(day).replace(hour=12, tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-03-05", "2026-03-26"),
        ("2026-08-31", "2026-09-21"),
        ("2026-01-31", "2026-02-20"),
        ("2028-01-31", "2028-02-21"),
        ("2026-11-25", "2026-12-16"),
        ("2026-04-14", "2026-05-06"),
    ],
)
def test_sam_is_answered_within_15_german_business_days(received: str, due: str) -> None:
    assert due_on(noon(received, GERMANY.zone), 15, GERMANY) == date.fromisoformat(due)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-03-05T23:59:59+01:00", "2026-03-26"),
        ("2026-03-06T00:00:00+01:00", "2026-03-27"),
        ("2026-03-05T23:00:00+00:00", "2026-03-27"),  # already tomorrow in Berlin
        ("2026-03-28T23:30:00+01:00", "2026-04-21"),  # the night the clocks go forward
        ("2026-03-29T00:30:00+01:00", "2026-04-21"),
        ("2026-10-25T02:30:00+02:00", "2026-11-13"),  # the hour that comes twice
        ("2026-10-25T02:30:00+01:00", "2026-11-13"),
    ],
)
def test_the_day_of_receipt_is_the_local_one(received: str, due: str) -> None:
    assert due_on(datetime.fromisoformat(received), 15, GERMANY) == date.fromisoformat(due)


def test_the_same_moment_is_due_on_different_days_in_two_zones() -> None:
    moment = datetime(2026, 6, 8, 20, tzinfo=UTC)  # Tuesday in Shanghai
    plain = [Calendar("DE", zone) for zone in ("America/New_York", "Asia/Shanghai")]
    assert [due_on(moment, 1, calendar) for calendar in plain] == [date(2026, 6, 9), date(2026, 6, 10)]


def test_a_day_on_which_the_entity_is_closed_does_not_count() -> None:
    closed = Calendar("DE", "Europe/Berlin", closed_on=frozenset({date(2026, 6, 9)}))
    assert due_on(noon("2026-06-08", closed.zone), 1, closed) == date(2026, 6, 10)


def test_a_holiday_of_the_subdivision_does_not_count() -> None:
    bavaria = Calendar("DE", "Europe/Berlin", subdivision="BY")
    epiphany = date(2026, 1, 6)
    assert (working_day(bavaria, epiphany), working_day(GERMANY, epiphany)) == (False, True)


def test_a_holiday_kept_on_the_last_day_of_the_year_before_does_not_count() -> None:
    assert not working_day(UNITED_STATES, date(2021, 12, 31))  # for Saturday, 1 January 2022


def test_what_is_left_falls_from_15_to_0_and_below() -> None:
    due = date(2026, 3, 26)
    days = [date(2026, 3, 5), date(2026, 3, 25), due, date(2026, 3, 27), date(2026, 3, 30)]
    assert [business_days_left(day, due, GERMANY) for day in days] == [15, 1, 0, -1, -2]


def test_after_the_day_before_so_many_business_days_so_many_are_left() -> None:
    for due in (date(2026, 3, 26), date(2026, 4, 7), date(2026, 4, 6)):  # Tuesday after Easter; Easter Monday
        day = leaving(5, due, GERMANY)
        assert business_days_left(day, due, GERMANY) == 5
        assert business_days_left(day + timedelta(days=1), due, GERMANY) < 5


def test_the_weekend_after_the_due_date_is_already_late() -> None:
    assert business_days_left(date(2026, 3, 28), date(2026, 3, 27), GERMANY) == -1


@pytest.mark.parametrize(
    ("zone", "due", "end"),
    [
        ("Europe/Berlin", "2026-03-26", "2026-03-26T23:00:00+00:00"),
        ("Europe/Berlin", "2026-03-29", "2026-03-29T22:00:00+00:00"),  # 23 hours long
        ("Europe/Berlin", "2026-10-25", "2026-10-25T23:00:00+00:00"),  # 25 hours long
        ("Asia/Beirut", "2026-03-28", "2026-03-28T22:00:00+00:00"),  # the next day starts at 01:00
        (
            "America/Havana",
            "2026-10-31",
            "2026-11-01T04:00:00+00:00",
        ),  # midnight comes twice: the first ends the day
    ],
)
def test_the_last_day_ends_with_its_last_local_hour(zone: str, due: str, end: str) -> None:
    assert closes_at(date.fromisoformat(due), Calendar("DE", zone)) == datetime.fromisoformat(end)


@pytest.mark.parametrize(
    ("country", "zone", "subdivision"),
    [
        ("XX", "UTC", None),
        ("DE", "Europe/Atlantis", None),
        ("DE", "", None),
        ("DE", "UTC", "ZZ"),
        ("DE", "../etc", None),
    ],
)
def test_a_calendar_nobody_can_count_by_is_refused(country: str, zone: str, subdivision: str | None) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Calendar(country, zone, subdivision)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        due_on(datetime(2026, 3, 5), 15, GERMANY)  # noqa: DTZ001 - the promise is that this is refused


@pytest.mark.parametrize("days", [0, -1])
def test_a_promise_of_no_days_is_refused(days: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        due_on(noon("2026-03-05", GERMANY.zone), days, GERMANY)


def test_a_moment_in_words_leaves_no_doubt_about_its_zone() -> None:
    calendar = Calendar("US", "America/Los_Angeles")
    words = in_words(datetime(2026, 11, 25, 0, 45, tzinfo=UTC), calendar)
    assert words == "Tuesday 24 November 2026, 16:45 (America/Los_Angeles, UTC-08:00)"

"""An edition is the calendar as it was known at intake: its dates stand, whatever a library learns later (M2)."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from dsr.law import calendars
from dsr.law.calendars import Calendar, Edition, take_down, working_day
from dsr.law.deadlines import business_days_left, closes_at, in_words, local_day
from dsr.law.terms import Term, ends_on
from tests.law.places import CALIFORNIA, CHINA, ENGLAND, GERMANY, UNITED_STATES, edition

FIFTEEN = Term.parse("15 business-days")
BAVARIA = Calendar("DE", "Europe/Berlin", "BY", frozenset({date(2026, 12, 24), date(2026, 6, 6)}))
RIYADH = Calendar("SA", "Asia/Riyadh")
EVERY = [GERMANY, BAVARIA, CHINA, ENGLAND, UNITED_STATES, CALIFORNIA, RIYADH, Calendar("HU", "Europe/Budapest")]


@pytest.mark.parametrize("calendar", EVERY, ids=lambda each: f"{each.country}-{each.subdivision}")
@pytest.mark.parametrize("saturdays", [False, True])
def test_an_edition_knows_the_working_days_of_its_calendar(
    calendar: Calendar,
    saturdays: bool,
) -> None:
    book = edition(calendar)
    days = [book.first + timedelta(days=n) for n in range((book.last - book.first).days + 1)]
    assert [each for each in days if working_day(book, each, saturdays=saturdays)] == [
        each for each in days if working_day(calendar, each, saturdays=saturdays)
    ]


@pytest.mark.parametrize("calendar", EVERY, ids=lambda each: f"{each.country}-{each.subdivision}")
def test_an_edition_is_read_as_it_was_written(calendar: Calendar) -> None:
    book = edition(calendar)
    read = Edition.from_json(book.to_json())
    assert (read, read.to_json()) == (book, book.to_json())


def test_an_edition_covers_the_year_before_and_two_years_after() -> None:
    book = edition(GERMANY, 2026)
    assert (book.first, book.last) == (date(2025, 1, 1), date(2028, 12, 31))


def test_a_holiday_added_after_intake_leaves_the_date_where_it_was() -> None:
    kept = Edition.from_json(edition(GERMANY).to_json())
    later = replace(kept, holidays=kept.holidays | {date(2026, 3, 10)})  # a library that knows one more
    received = date(2026, 3, 5)
    assert [ends_on(received, FIFTEEN, book) for book in (kept, later)] == [date(2026, 3, 26), date(2026, 3, 27)]


def test_reading_a_kept_edition_asks_no_library() -> None:
    kept = json.loads(edition(GERMANY).to_json()) | {"country": "XX", "holidays": ["2026-03-10"]}
    book = Edition.from_json(json.dumps(kept))
    assert ends_on(date(2026, 3, 5), FIFTEEN, book) == date(2026, 3, 27)


def test_a_version_names_the_days_and_nothing_else() -> None:
    versions = {take_down(each, 2026).version for each in EVERY} | {take_down(GERMANY, 2027).version}
    assert len(versions) == len(EVERY) + 1
    assert {len(version) for version in versions} == {12}


def test_two_zones_of_one_country_are_two_editions() -> None:
    west, east = (edition(Calendar("US", f"America/{city}")) for city in ("Los_Angeles", "New_York"))
    assert west.version != east.version


def test_an_own_closing_day_is_frozen_too() -> None:
    assert [working_day(edition(each), date(2026, 12, 24)) for each in (GERMANY, BAVARIA)] == [True, False]


def test_an_own_closing_day_is_named_among_the_holidays_even_on_a_weekend() -> None:
    assert date(2026, 6, 6) in edition(BAVARIA).holidays


def test_another_library_that_knows_the_same_days_makes_the_same_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars, "version", lambda _: "99.0")
    newer = take_down.__wrapped__(GERMANY, 2026)
    assert (newer.library, newer.version) == ("holidays 99.0", edition(GERMANY).version)


def test_a_day_kept_for_a_holiday_on_a_sunday_does_not_make_california_wait() -> None:
    kept_for_the_fourth = date(2027, 7, 5)  # a Monday
    assert working_day(edition(CALIFORNIA), kept_for_the_fourth, saturdays=True)
    assert not working_day(edition(CALIFORNIA), kept_for_the_fourth)


def test_a_closing_day_wins_over_a_saturday_made_up_for() -> None:
    made_up = date(2026, 2, 14)
    closed = Calendar("CN", "Asia/Shanghai", closed_on=frozenset({made_up}))
    assert [working_day(edition(each), made_up) for each in (CHINA, closed)] == [True, False]


def test_a_saturday_is_a_working_day_where_friday_is_not() -> None:
    days = [date(2026, 6, 5), date(2026, 6, 6), date(2026, 6, 7)]  # Friday to Sunday
    assert [working_day(edition(RIYADH), each) for each in days] == [False, False, True]


def test_china_has_not_named_the_days_it_makes_up_in_2027() -> None:
    book = edition(CHINA)
    days = [date(2026, 12, 31), date(2027, 1, 1), date(2028, 6, 1)]
    assert [book.provisional(each) for each in days] == [False, True, True]


def test_the_last_year_of_an_edition_is_provisional_too() -> None:
    book = edition(CHINA, 2025)
    assert (book.last, book.provisional_from) == (date(2027, 12, 31), date(2027, 1, 1))


def test_feasts_that_were_estimated_long_ago_make_no_later_year_provisional() -> None:
    book = edition(Calendar("BD", "Asia/Dhaka"))  # its feasts of 2020 and 2021 stand as estimates for ever
    assert [book.provisional(each) for each in (date(2026, 12, 31), date(2027, 1, 1))] == [False, True]


@pytest.mark.parametrize("calendar", [GERMANY, ENGLAND, UNITED_STATES], ids=lambda each: each.country)
def test_a_country_that_makes_up_for_nothing_is_known_in_advance(calendar: Calendar) -> None:
    assert not edition(calendar).provisional(date(2028, 12, 31))


def test_feasts_that_wait_for_the_moon_are_provisional() -> None:
    emirates = edition(Calendar("AE", "Asia/Dubai"))
    assert emirates.provisional(date(2028, 6, 1))


def test_beyond_its_last_day_an_edition_knows_weekends_and_says_so() -> None:
    book, new_year = edition(GERMANY, 2024), date(2027, 1, 1)  # a Friday
    assert (working_day(book, new_year), book.provisional(new_year)) == (True, True)
    assert not working_day(book, date(2027, 1, 2))


def test_a_count_beyond_its_last_day_ends_too_early_rather_than_too_late() -> None:
    received = date(2026, 12, 18)
    assert ends_on(received, FIFTEEN, edition(GERMANY, 2024)) < ends_on(received, FIFTEEN, edition(GERMANY, 2026))


def test_an_edition_answers_what_a_calendar_answers() -> None:
    book, due = edition(GERMANY), date(2026, 3, 26)
    moment = closes_at(due, GERMANY)
    asked = [
        (
            closes_at(due, each),
            local_day(moment, each),
            in_words(moment, each),
            business_days_left(date(2026, 3, 5), due, each),
        )
        for each in (book, GERMANY)
    ]
    assert asked[0] == asked[1]

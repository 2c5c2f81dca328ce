"""Terms and how they are counted (Reg. 1182/71; Cal. Civ. Code §§ 7-10); the vectors were computed apart (M2)."""

from datetime import date, timedelta

import pytest

from dsr.law.calendars import Calendar
from dsr.law.terms import Span, Term, Unit, ends_on, read_spans, spell
from tests.law.places import CALIFORNIA, CHINA, ENGLAND, GERMANY, UNITED_STATES, day, edition, end

TEXTS = ["1 month", "3 months", "1 day", "45 days", "1 business-day", "15 business-days"]
TEXTS += ["1 business-day-with-saturdays", "10 business-days-with-saturdays"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_term_is_read_as_it_was_written(text: str) -> None:
    assert str(Term.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "month", "1", "0 days", "-1 days", "01 month", "1 months", "2 month", "1  month", " 1 month", "1 month ",
     "1.5 months", "15 workdays", "15 Business-days", "²  days", "99999 days"],
)  # fmt: skip
def test_a_term_written_in_another_way_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no term"):
        Term.parse(text)


def test_a_term_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        Term(0, Unit.DAYS)


@pytest.mark.parametrize(
    ("received", "fifteen", "month", "three_months"),
    [
        ("2026-03-05", "2026-03-26", "2026-04-07", "2026-06-05"),  # Easter Sunday, then Easter Monday
        ("2026-08-31", "2026-09-21", "2026-09-30", "2026-11-30"),
        ("2026-01-31", "2026-02-20", "2026-03-02", "2026-04-30"),
        ("2028-01-31", "2028-02-21", "2028-02-29", "2028-05-02"),  # 30 April is a Sunday, 1 May a holiday
        ("2026-11-25", "2026-12-16", "2026-12-28", "2027-02-25"),
        ("2026-04-14", "2026-05-06", "2026-05-15", "2026-07-14"),  # Ascension
    ],
)
def test_german_terms_end_where_they_were_computed_to(
    received: str, fifteen: str, month: str, three_months: str
) -> None:
    found = [end(received, term) for term in ("15 business-days", "1 month", "3 months")]
    assert found == [fifteen, month, three_months]


def test_ten_californian_business_days_count_saturdays() -> None:
    terms = ("10 business-days-with-saturdays", "10 business-days")
    assert [end("2026-12-21", term, CALIFORNIA) for term in terms] == ["2027-01-04", "2027-01-06"]


@pytest.mark.parametrize("calendar", [CHINA, GERMANY, UNITED_STATES], ids=lambda each: each.country)
def test_a_holiday_elsewhere_does_not_make_california_wait(calendar: Calendar) -> None:
    closed = Calendar(calendar.country, calendar.zone, closed_on=frozenset({date(2026, 12, 22)}))
    assert end("2026-12-21", "10 business-days-with-saturdays", closed) == "2027-01-04"


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-02-09", "2026-03-06"),
        ("2026-02-13", "2026-03-12"),
        ("2026-09-21", "2026-10-19"),
        ("2026-11-20", "2026-12-11"),
    ],
)
def test_a_saturday_that_china_works_to_make_up_for_a_holiday_counts(received: str, due: str) -> None:
    assert end(received, "15 business-days", CHINA) == due


@pytest.mark.parametrize(
    ("received", "ten", "fifteen"),
    [
        ("2026-06-08", 14, 21),  # Monday
        ("2026-06-09", 14, 21),
        ("2026-06-10", 14, 21),
        ("2026-06-11", 14, 21),
        ("2026-06-12", 14, 21),
        ("2026-06-13", 13, 20),  # Saturday
        ("2026-06-14", 12, 19),  # Sunday
    ],
)
def test_without_holidays_15_business_days_are_three_weeks(received: str, ten: int, fifteen: int) -> None:
    ends = [day(end(received, f"{count} business-days")) for count in (10, 15)]
    assert [(each - day(received)).days for each in ends] == [ten, fifteen]


def test_with_saturdays_15_business_days_are_17_or_18_days() -> None:
    received = [date(2026, 7, 6) + timedelta(days=n) for n in range(7)]  # no Californian holiday follows
    spans = {
        count: {(day(end(str(each), f"{count} business-days-with-saturdays")) - each).days for each in received}
        for count in (10, 15)
    }
    assert spans == {10: {11, 12}, 15: {17, 18}}


@pytest.mark.parametrize(
    ("country", "most"),
    [
        ("DE", 26),
        ("FR", 27),
        ("BE", 26),
        ("NL", 26),
        ("IE", 25),
        ("GB", 26),
        ("US", 26),
        ("BR", 25),
        ("PL", 27),
    ],
)
def test_15_business_days_never_pass_one_month(country: str, most: int) -> None:
    book = edition(Calendar(country, "UTC"))
    received = [date(2026, 1, 1) + timedelta(days=n) for n in range(730)]
    fifteen, month = Term.parse("15 business-days"), Term.parse("1 month")
    ends = [(each, ends_on(each, fifteen, book)) for each in received]
    assert max((last - first).days for first, last in ends) == most
    assert [first for first, last in ends if last > ends_on(first, month, book)] == []


@pytest.mark.parametrize(
    ("received", "term", "last"),
    [
        ("2026-11-25", "45 days", "2027-01-09"),  # a Saturday: calendar days do not roll
        ("2026-11-25", "90 days", "2027-02-23"),
        ("2028-01-15", "45 days", "2028-02-29"),
        ("2028-02-29", "1 month", "2028-03-29"),
        ("2028-02-28", "1 day", "2028-02-29"),
        ("2028-02-28", "1 business-day", "2028-02-29"),
        ("2024-02-29", "12 months", "2025-02-28"),
        ("2026-12-31", "2 months", "2027-03-01"),  # 28 February is a Sunday
    ],
)
def test_a_term_ends_on_the_day_the_calendar_says(received: str, term: str, last: str) -> None:
    assert end(received, term) == last


@pytest.mark.parametrize(
    ("starts_on", "paused", "last"),
    [
        ("2026-06-08", "", "2026-06-29"),
        ("2026-06-08", "2026-06-12/2026-06-15", "2026-07-01"),  # over a weekend: two business days
        ("2026-06-08", "2026-06-13/2026-06-14", "2026-06-29"),  # a weekend alone: none
        ("2026-06-08", "2026-06-29/2026-06-29", "2026-06-30"),
        ("2026-06-08", "2026-06-30/2026-07-10", "2026-06-29"),  # after the end: too late to stop it
        ("2026-06-08", "2026-06-01/2026-06-08", "2026-06-29"),  # until the day it starts on
        ("2026-06-08", "2026-06-10/2026-06-11 2026-06-11/2026-06-12", "2026-07-02"),  # a day twice is one day
        ("2026-06-08", "2026-06-29/2026-07-03 2026-07-06/2026-07-06", "2026-07-07"),  # reached by being moved
    ],
)
def test_paused_days_are_no_business_days(starts_on: str, paused: str, last: str) -> None:
    spans = read_spans(paused)
    assert ends_on(day(starts_on), Term.parse("15 business-days"), edition(GERMANY), spans) == day(last)


@pytest.mark.parametrize(
    ("term", "paused", "last"),
    [
        ("1 month", "2026-06-10/2026-06-12", "2026-07-13"),  # 11 July is a Saturday
        ("1 month", "2026-06-12/2026-06-15", "2026-07-13"),  # a weekend counts as any other day: four
        ("1 month", "2026-06-12/2026-06-16", "2026-07-13"),
        ("1 month", "2026-06-12/2026-06-17", "2026-07-14"),
        ("1 month", "2026-07-09/2026-07-10", "2026-07-08"),  # over before it is paused
        ("1 month", "2026-06-01/2026-06-05", "2026-07-08"),  # over before it starts
        ("1 month", "2026-06-01/2026-06-08", "2026-07-08"),  # until the day it starts on, which does not count
        ("1 month", "2026-06-01/2026-06-10", "2026-07-10"),  # two days of it lie in the month
        ("45 days", "2026-06-01/2026-06-05", "2026-07-23"),
        ("1 month", "2026-06-10/2026-06-10 2026-07-09/2026-07-09", "2026-07-10"),
        ("45 days", "2026-06-10/2026-06-12", "2026-07-26"),  # a Sunday: calendar days do not roll
        ("10 business-days-with-saturdays", "2026-06-12/2026-06-14", "2026-06-23"),  # Friday and Saturday; 19 June
    ],
)
def test_paused_days_move_the_end_of_months_and_days(term: str, paused: str, last: str) -> None:
    spans = read_spans(paused)
    assert ends_on(date(2026, 6, 8), Term.parse(term), edition(GERMANY), spans) == day(last)


def test_an_end_that_rolls_onto_a_paused_day_rolls_on() -> None:
    # The month ends on Sunday, 12 July; Dana asks on the Monday, which is the last day.
    spans = read_spans("2026-07-13/2026-07-15")
    assert ends_on(date(2026, 6, 12), Term.parse("1 month"), edition(GERMANY), spans) == date(2026, 7, 16)


@pytest.mark.parametrize("text", ["1 month", "45 days", "15 business-days", "15 business-days-with-saturdays"])
def test_no_pause_brings_an_end_forward(text: str) -> None:
    term, book = Term.parse(text), edition(ENGLAND)
    for n in range(60):
        first = date(2026, 3, 1) + timedelta(days=n)
        ends = [ends_on(date(2026, 3, 6), term, book, [Span(first, first + timedelta(days=m))]) for m in range(20)]
        assert ends == sorted(ends)
        assert ends[0] >= ends_on(date(2026, 3, 6), term, book)


@pytest.mark.parametrize("term", ["1 month", "45 days", "15 business-days"])
@pytest.mark.parametrize(
    "second", [("2026-06-11", "2026-06-12"), ("2026-06-12", "2026-06-17"), ("2026-06-10", "2026-06-10")]
)
def test_a_day_that_two_pauses_share_moves_the_end_once(term: str, second: tuple[str, str]) -> None:
    long = Span(day("2026-06-10"), day("2026-06-16"))
    days = {long, Span(day(second[0]), day(second[1]))}
    whole = Span(long.first, max(span.last for span in days))
    ends = [ends_on(date(2026, 6, 8), Term.parse(term), edition(GERMANY), spans) for spans in (days, [whole])]
    assert ends[0] == ends[1]


def test_a_span_within_another_is_part_of_it() -> None:
    assert spell(read_spans("2026-06-10/2026-06-20 2026-06-12/2026-06-13")) == "2026-06-10/2026-06-20"


def test_spans_are_written_in_order_and_what_touches_is_one() -> None:
    days = [("2026-04-01", "2026-04-03"), ("2026-03-04", "2026-03-05"), ("2026-03-02", "2026-03-03")]
    spans = [Span(day(first), day(last)) for first, last in days]
    assert spell(spans) == "2026-03-02/2026-03-05 2026-04-01/2026-04-03"


@pytest.mark.parametrize("text", ["", "2026-03-02/2026-03-02", "2026-03-02/2026-03-05 2026-04-01/2026-04-03"])
def test_spans_are_read_as_they_were_written(text: str) -> None:
    assert spell(read_spans(text)) == text


@pytest.mark.parametrize("text", ["2026-03-02", "2026-03-05/2026-03-02", "x/y", "2026-03-02/2026-02-30"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_spans(text)

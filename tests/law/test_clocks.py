"""Which dates a request has, and what may move each of them (M2)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from dsr.law import clocks as module
from dsr.law.calendars import Calendar
from dsr.law.clocks import Clock, Duty, Pause, clocks, due
from dsr.law.regimes import Key, regimes
from dsr.law.rights import Right
from dsr.law.terms import Term, Unit, ends_on, read_spans
from tests.law.places import CHINA, ENGLAND, GERMANY, UNITED_STATES, edition

BOTH = frozenset(Pause)
RECEIVED = date(2026, 3, 5)


def one(right: Right, regime: str, duty: Duty = Duty.ANSWER, *, beside: tuple[str, ...] = ()) -> Clock:
    """The clock of one regime, the promise too, among those of a request."""
    laws = beside or ((regime,) if regime != "house" else ())
    [found] = [clock for clock in clocks(right, laws, RECEIVED, 15) if (clock.regime, clock.duty) == (regime, duty)]
    return found


def test_the_promise_comes_first_and_then_the_laws_of_the_region() -> None:
    found = clocks(Right.ACCESS, ("gdpr", "ccpa"), RECEIVED, 15)
    assert [(clock.regime, clock.duty.value, str(clock.term)) for clock in found] == [
        ("house", "answer", "15 business-days"),
        ("gdpr", "answer", "1 month"),
        ("ccpa", "confirm", "10 business-days-with-saturdays"),
        ("ccpa", "answer", "45 days"),
    ]


def test_a_law_that_is_not_active_sets_no_date() -> None:
    assert clocks(Right.ACCESS, ("lgpd", "korea-pipa"), RECEIVED, 15) == clocks(Right.ACCESS, (), RECEIVED, 15)


@pytest.mark.parametrize("right", list(Right))
def test_every_request_has_a_date(right: Right) -> None:
    assert clocks(right, ("gdpr",), RECEIVED, 15)[0].regime == "house"


def test_the_promise_stands_once_though_a_region_names_it_too() -> None:
    assert clocks(Right.ACCESS, ("house", "gdpr"), RECEIVED, 15) == clocks(Right.ACCESS, ("gdpr",), RECEIVED, 15)


@pytest.mark.parametrize(
    ("follows", "pausable", "longer"),
    [("pauses", BOTH, None), ("extension", frozenset(), "30 business-days")],
)
def test_the_promise_follows_the_laws_only_in_what_its_own_rule_says(
    follows: str, pausable: frozenset[Pause], longer: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = regimes()["house"]
    rows = tuple(replace(row, value=follows) if row.key == Key.FOLLOWS else row for row in house.rows)
    laws = {**regimes(), "house": replace(house, rows=rows)}
    monkeypatch.setattr(module, "regimes", lambda: laws)
    promise = clocks(Right.ACCESS, ("gdpr",), RECEIVED, 15)[0]
    assert (promise.pausable, promise.extended_term and str(promise.extended_term)) == (pausable, longer)


def test_a_law_nobody_wrote_is_refused() -> None:
    with pytest.raises(KeyError):
        clocks(Right.ACCESS, ("atlantis",), RECEIVED, 15)


def test_a_month_and_three_after_an_extension() -> None:
    clock, book = one(Right.ACCESS, "gdpr"), edition(GERMANY)
    found = [due(clock, book, extended=extended, paused=()) for extended in (False, True)]
    assert found == [date(2026, 4, 7), date(2026, 6, 5)]


def test_an_extension_leaves_a_term_alone_that_knows_none() -> None:
    clock, book = one(Right.CONSENT_WITHDRAWAL, "ccpa"), edition(UNITED_STATES)
    assert due(clock, book, extended=True, paused=()) == due(clock, book, extended=False, paused=())


def test_in_the_united_kingdom_the_proof_starts_the_month() -> None:
    clock, book = one(Right.ERASURE, "uk-gdpr"), edition(ENGLAND)
    found = [due(each, book, extended=False, paused=()) for each in (clock, clock.proven(date(2026, 3, 20)))]
    assert found == [date(2026, 4, 7), date(2026, 4, 20)]  # Easter is from 3 to 6 April


def test_a_proof_that_was_there_before_the_request_starts_nothing_earlier() -> None:
    clock = one(Right.ERASURE, "uk-gdpr")
    assert clock.proven(date(2026, 3, 1)).starts_on == RECEIVED


@pytest.mark.parametrize("regime", ["house", "gdpr", "ccpa"])
def test_elsewhere_the_proof_starts_nothing(regime: str) -> None:
    clock = one(Right.ERASURE, regime)
    assert clock.proven(date(2026, 3, 20)) == clock


@pytest.mark.parametrize(
    ("regime", "right", "pausable"),
    [
        ("gdpr", Right.ACCESS, BOTH),
        ("gdpr", Right.CONSENT_WITHDRAWAL, {Pause.IDENTITY_REQUIRED}),
        ("uk-gdpr", Right.ACCESS, {Pause.INFORMATION_REQUIRED}),
        ("uk-gdpr", Right.ERASURE, set()),
        ("ccpa", Right.ACCESS, set()),
        ("ccpa", Right.CONSENT_WITHDRAWAL, set()),
    ],
)
def test_a_clock_stops_only_where_its_own_law_lets_it(regime: str, right: Right, pausable: set[Pause]) -> None:
    assert one(right, regime).pausable == pausable


@pytest.mark.parametrize(
    ("laws", "right", "pausable"),
    [
        ((), Right.ACCESS, BOTH),
        (("gdpr",), Right.ACCESS, BOTH),
        (("gdpr",), Right.COMPLAINT, BOTH),  # no law has a date for it
        (("uk-gdpr",), Right.ACCESS, BOTH),  # the proof starts the month, so the promise waits for it too
        (("uk-gdpr",), Right.ERASURE, {Pause.IDENTITY_REQUIRED}),
        (("ccpa",), Right.ACCESS, set()),
        (("gdpr", "ccpa"), Right.ACCESS, set()),
    ],
)
def test_the_promise_stops_only_where_every_law_beside_it_does(
    laws: tuple[str, ...], right: Right, pausable: set[Pause]
) -> None:
    assert clocks(right, laws, RECEIVED, 15)[0].pausable == pausable


@pytest.mark.parametrize(
    ("laws", "right", "longer"),
    [
        ((), Right.COMPLAINT, "30 business-days"),
        (("gdpr",), Right.ACCESS, "30 business-days"),
        (("gdpr",), Right.CONSENT_WITHDRAWAL, None),
        (("ccpa",), Right.CONSENT_WITHDRAWAL, None),
        (("ccpa",), Right.ACCESS, "30 business-days"),  # that a receipt is confirmed in time is another duty
        (("gdpr", "ccpa"), Right.CONSENT_WITHDRAWAL, None),
    ],
)
def test_the_promise_is_lengthened_only_where_every_law_beside_it_allows_more_time(
    laws: tuple[str, ...], right: Right, longer: str | None
) -> None:
    term = clocks(right, laws, RECEIVED, 15)[0].extended_term
    assert (term and str(term)) == longer


def test_a_receipt_is_confirmed_whatever_was_asked() -> None:
    clock = one(Right.ERASURE, "ccpa", Duty.CONFIRM)
    assert (clock.pausable, clock.extended_term, clock.starts_with_proof) == (frozenset(), None, False)


def test_the_extended_term_is_paused_like_the_first() -> None:
    clock, book = one(Right.ACCESS, "gdpr"), edition(GERMANY)
    paused = read_spans("2026-03-10/2026-03-12")
    found = [due(clock, book, extended=extended, paused=paused) for extended in (False, True)]
    assert found == [date(2026, 4, 8), date(2026, 6, 8)]


def test_an_opt_out_in_california_is_due_before_the_promise() -> None:
    for n in range(365):
        received = date(2026, 1, 1) + timedelta(days=n)
        house, opt_out = clocks(Right.CONSENT_WITHDRAWAL, ("ccpa",), received, 15)
        book = edition(UNITED_STATES)
        assert due(opt_out, book, extended=False, paused=()) < due(house, book, extended=False, paused=())


@pytest.mark.parametrize("slug", ["lgpd", "korea-pipa"])
@pytest.mark.parametrize("calendar", [GERMANY, CHINA, UNITED_STATES], ids=lambda each: each.country)
def test_15_business_days_always_miss_brazil_and_korea(slug: str, calendar: Calendar) -> None:
    book = edition(calendar)
    law = regimes()[slug].answer(Right.ACCESS)
    assert law is not None
    received = [date(2026, 1, 1) + timedelta(days=n) for n in range(730)]
    fifteen = Term(15, Unit.BUSINESS_DAYS)
    assert [each for each in received if ends_on(each, fifteen, book) <= ends_on(each, law, book)] == []

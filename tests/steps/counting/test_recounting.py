"""Counting a million dates again: always the same few statements, and always what one by one would give."""

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dsr.law import calendars
from dsr.law.calendars import take_down
from dsr.law.deadlines import local_day
from dsr.law.terms import Span, Term, ends_on, read_spans
from dsr.models import CalendarEdition, Deadline, Event, SubjectRequest
from dsr.steps import maps
from dsr.steps.counting import reckoning, recounting
from tests.conftest import World
from tests.steps import timing

TERMS = ("15 business-days", "1 month", "45 days", "10 business-days-with-saturdays")


def many(number: int, at: datetime) -> None:
    """So many open requests with one date each, of all kinds; what they say they are due is wrong."""
    chance = random.Random(7)
    edition = reckoning.keep(maps.calendar("joypix"), 2026, at=at)
    kinds = list(product(TERMS, range(30), ("", "2026-10-20/2026-10-22"), (None, date(2026, 11, 1))))
    requests, rows = [], []
    for number_ in range(number):
        term, days, paused, pausing = kinds[number_ % len(kinds)]
        received = date(2026, 10, 5) + timedelta(days=days)
        one = SubjectRequest(
            reference=f"R{number_:08}", controller="joypix", right="access", received_at=at, due_on=received
        )
        requests.append(one)
        rows.append(
            Deadline(
                subject_request=one,
                regime="house",
                duty="answer",
                edition_id=edition.version,
                receipt_on=received,
                starts_on=received,
                term=term,
                extended_term="3 months" if chance.random() < 0.5 else "",
                extended=chance.random() < 0.3,
                paused=paused,
                pausing_from=pausing,
                pausing_to=pausing and pausing + timedelta(days=14),
                due_on=received,
                unpaused_on=received,
                provisional=pausing is None,
            )
        )
    SubjectRequest.objects.bulk_create(requests)
    Deadline.objects.bulk_create(rows)


def one_by_one(row: Deadline, today: date) -> date:
    """The same date, by the law's own function."""
    spans = list(read_spans(row.paused))
    if row.pausing_from and row.pausing_to:
        spans.append(Span(row.pausing_from, min(today, row.pausing_to)))
    term = row.extended_term if row.extended and row.extended_term else row.term
    return ends_on(row.starts_on, Term.parse(term), reckoning.edition_of(row.edition_id), spans)


def recounted(number: int, at: datetime) -> dict[str, object]:
    """So many wrong dates counted again: how many moved, and how many are not what one by one gives."""
    many(number, at)
    moved = recounting.count(at=at)
    today = local_day(at, maps.calendar("joypix"))
    wrong = sum(row.due_on != one_by_one(row, today) for row in Deadline.objects.all())
    wrong += sum(one.due_on != one.deadlines.get().due_on for one in SubjectRequest.objects.all())
    return {"moved": moved, "wrong": wrong}


def test_a_recount_gives_what_counting_one_by_one_gives(world: World) -> None:
    assert recounted(700, world.at) == {"moved": 700, "wrong": 0}


def test_a_recount_of_fifty_times_as_many_is_as_many_statements(world: World) -> None:
    statements = []
    for number in (100, 5_000):
        Deadline.objects.all().delete()
        SubjectRequest.objects.all().delete()
        many(number, world.at)
        with CaptureQueriesContext(connection) as captured:
            recounting.count(at=world.at)
        statements.append(len(captured))
    assert statements[0] == statements[1]
    assert statements[0] < 15


def test_a_recount_twice_moves_nothing(world: World) -> None:
    many(300, world.at)
    recounting.count(at=world.at)
    assert recounting.count(at=world.at) == 0


def test_what_is_met_is_never_counted_again(world: World) -> None:
    subject_request = timing.filed(world, "eea")
    Deadline.objects.update(met_at=world.at, due_on=date(2020, 1, 1), provisional=True)
    recounting.count(at=world.at, every=True)
    assert timing.deadline(subject_request, "gdpr").due_on == date(2020, 1, 1)


def test_a_full_recount_finds_every_date_as_it_stands(world: World) -> None:
    timing.filed(world, "eea")
    timing.filed(world, "uk")
    timing.filed(world, "california")
    assert recounting.count(at=world.at, every=True) == 0


@pytest.fixture
def unpublished(world: World, monkeypatch: pytest.MonkeyPatch) -> SubjectRequest:
    """A request whose dates end in a month that nobody has published yet."""
    real = take_down(maps.calendar("joypix"), 2026)
    early = replace(
        real,
        holidays=frozenset(day for day in real.holidays if day < date(2026, 11, 20)),
        provisional_from=date(2026, 11, 20),
        version="early0000000",
    )
    with monkeypatch.context() as patch:
        patch.setattr(reckoning, "take_down", lambda *_: early)
        return timing.filed(world, "eea")


def test_a_provisional_date_moves_to_the_calendar_once_it_is_known(unpublished: SubjectRequest, world: World) -> None:
    month = timing.deadline(unpublished, "gdpr")
    assert month.provisional
    assert month.edition_id == "early0000000"
    timing.turn(world.later(days=1))
    known = timing.deadline(unpublished, "gdpr")
    assert not known.provisional
    assert known.edition_id == take_down(maps.calendar("joypix"), 2026).version
    event = Event.objects.get(tag="clock:edition")
    assert (event.details["before"], event.details["deadlines"]) == ("early0000000", 2)


def test_a_date_that_is_known_stays_with_its_calendar(world: World) -> None:
    subject_request = timing.filed(world, "eea")
    before = timing.deadline(subject_request, "gdpr").edition_id
    CalendarEdition.objects.create(version="newer", content=CalendarEdition.objects.get().content, taken_at=world.at)
    timing.turn(world.later(days=1))
    assert timing.deadline(subject_request, "gdpr").edition_id == before


def test_a_controller_that_moves_to_another_country_moves_no_date(
    unpublished: SubjectRequest, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    abroad = calendars.Calendar("DE", "Europe/Berlin")
    monkeypatch.setattr(maps, "calendar", lambda _: abroad)
    recounting.count(at=world.later(days=1))
    assert timing.deadline(unpublished, "gdpr").edition_id == "early0000000"


def test_a_request_from_before_there_were_dates_gets_its_own(world: World) -> None:
    subject_request = timing.filed(world, "elsewhere")
    Deadline.objects.all().delete()
    timing.turn(world.later(days=1))
    assert timing.dates(subject_request) == {"house answer": "2026-11-25"}


def test_a_reminder_that_was_sent_is_not_sent_again_by_a_recount(world: World) -> None:
    timing.filed(world, "eea")
    Deadline.objects.update(attend_on=date(2027, 1, 1), provisional=True)
    recounting.count(at=world.at)
    assert set(Deadline.objects.values_list("attend_on", flat=True)) == {date(2027, 1, 1)}

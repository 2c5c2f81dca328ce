"""A system that is slow, dead or busy delays its own items only: the gate before each system."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count, takewhile

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from dsr.connectors.contract import Unreachable
from dsr.datamap.schema import Pace
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import Event, Gate, PlanItem, SubjectRequest
from dsr.steps import gates, ledger, turns, work
from dsr.steps.fulfilling import search
from tests.conftest import World
from tests.steps import scenes

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
APP = "app-database"


def people(world: World, dana: Actor, many: int) -> list[SubjectRequest]:
    """So many accepted accesses; each begins with the application's database. No package is made here."""
    filed = [scenes.accepted(world, dana, Right.ACCESS, email=f"stranger.{n}@example.com") for n in range(many)]
    PlanItem.objects.filter(kind=Kind.ASSEMBLE).update(not_before=world.at + timedelta(days=99))
    return filed


@contextmanager
def silence(world: World) -> Iterator[None]:
    """The application's database is away."""
    database = world.systems.folder / "joypix" / "database.sqlite3"
    away = database.with_suffix(".away")
    database.rename(away)
    yield
    database.unlink(missing_ok=True)
    away.rename(database)


def turn(world: World) -> int:
    """Do whatever is due at this moment; how many items there were."""
    return sum(1 for _ in takewhile(bool, (work.do_next(at=world.at) for _ in count())))


def gate() -> Gate:
    return Gate.objects.get(controller="joypix", system=APP)


def claims(world: World) -> list[str]:
    """The systems of all items that can be claimed now, and stay claimed."""
    return [item.system for item in iter(lambda: ledger.claim(at=world.at), None)]


def paced(monkeypatch: pytest.MonkeyPatch, pace: Pace) -> None:
    """Every map says this."""
    monkeypatch.setattr(gates, "pace", lambda _: pace)


def test_a_system_that_is_silent_is_left_alone_by_all_other_items(world: World, dana: Actor) -> None:
    people(world, dana, 10)
    with silence(world):
        turn(world)
    asked = PlanItem.objects.filter(system=APP, fence__gt=0).count()
    assert (asked, gate().misses, gate().silent_since) == (gates.MISSES, gates.MISSES, world.at)


def test_beside_a_silent_system_everybody_else_is_searched(world: World, dana: Actor) -> None:
    mine = people(world, dana, 5)
    with silence(world):
        turn(world)
    others = PlanItem.objects.filter(kind=Kind.FIND, after=None, subject_request__in=mine).exclude(system=APP)
    assert others.exists()
    assert {item.state for item in others} == {ItemState.DONE}


def test_a_silent_system_is_probed_by_one_item_at_a_time(world: World, dana: Actor) -> None:
    people(world, dana, 6)
    with silence(world):
        turn(world)
        before = Gate.objects.get().not_before
        assert before is not None
        world.at = before
        assert claims(world).count(APP) == 1


def test_the_pause_between_probes_doubles(world: World, dana: Actor) -> None:
    people(world, dana, 8)
    pauses = []
    with silence(world):
        turn(world)
        for _ in range(3):
            until = gate().not_before
            assert until is not None
            pauses.append(scenes.seconds_until(until, world))
            world.at = until
            turn(world)
    assert pauses == [8, 16, 32]


def test_one_answer_opens_the_gate_for_all(world: World, dana: Actor) -> None:
    mine = people(world, dana, 6)
    with silence(world):
        turn(world)
    world.later(hours=1)
    turn(world)
    assert (gate().misses, gate().silent_since, gate().not_before) == (0, None, None)
    finds = PlanItem.objects.filter(system=APP, kind=Kind.FIND, subject_request__in=mine)
    assert set(finds.values_list("outcome", flat=True)) == {Outcome.NOTHING}


def test_what_waits_before_a_gate_loses_none_of_its_tries(world: World, dana: Actor) -> None:
    people(world, dana, 9)
    with silence(world):
        for _ in range(4):
            turn(world)
            world.at = gate().not_before or world.at
    untouched = PlanItem.objects.filter(system=APP, fence=0)
    assert untouched.exists()
    assert not untouched.exclude(tries=0).exists()


def test_the_record_says_when_a_system_fell_silent_and_when_it_came_back(world: World, dana: Actor) -> None:
    people(world, dana, 4)
    with silence(world):
        turn(world)
    world.later(hours=1)
    turn(world)
    told = Event.objects.filter(tag__startswith="system:").order_by("pk")
    assert [(event.tag, event.controller, event.subject_request) for event in told] == [
        (gates.SILENT, "joypix", None),
        (gates.BACK, "joypix", None),
    ]
    assert {event.details["system"] for event in told} == {APP}


def test_misses_that_lie_far_apart_make_no_silence(world: World, dana: Actor) -> None:
    people(world, dana, 1)
    with silence(world):
        for _ in range(gates.MISSES + 1):
            turn(world)
            world.later(minutes=11)
    assert (gate().misses, gate().silent_since) == (1, None)


def test_a_retry_after_holds_for_everybody_who_wants_to_go_in(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(world, dana, 3)

    def busy(item: PlanItem, *, at: datetime) -> None:
        raise Unreachable("answered 429", retry_in=90)

    monkeypatch.setitem(work.ACTS, Kind.FIND, busy)
    assert work.do_next(at=world.at)
    assert gate().not_before == world.at + timedelta(seconds=90)
    assert APP not in claims(world)


def test_no_more_items_of_a_system_run_at_once_than_its_map_allows(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(world, dana, 5)
    paced(monkeypatch, Pace(at_once=3))
    assert claims(world).count(APP) == 3


def test_two_run_at_once_when_the_map_says_nothing(world: World, dana: Actor) -> None:
    people(world, dana, 5)
    assert claims(world).count(APP) == 2


def test_a_worker_that_died_takes_no_place_for_ever(world: World, dana: Actor) -> None:
    people(world, dana, 5)
    claims(world)
    PlanItem.objects.filter(state=ItemState.RUNNING).update(lease_until=LONG_AGO)
    assert claims(world).count(APP) == 2


def test_after_one_missed_answer_a_system_holds_one_worker_only(world: World, dana: Actor) -> None:
    people(world, dana, 5)
    with silence(world):
        assert work.do_next(at=world.at)
    assert gate().misses == 1
    assert claims(world).count(APP) == 1


def test_no_more_items_begin_in_a_minute_than_the_map_allows(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(world, dana, 5)
    paced(monkeypatch, Pace(at_once=100, per_minute=2))
    assert claims(world).count(APP) == 2
    world.later(seconds=59)
    assert APP not in claims(world)
    world.later(seconds=1)
    assert claims(world).count(APP) == 2


def test_staff_who_try_again_need_not_wait_for_the_next_probe(world: World, dana: Actor) -> None:
    mine = people(world, dana, 4)
    with silence(world):
        turn(world)
    ledger.retry(scenes.item_of(mine[0], Kind.FIND, APP), by=dana, at=world.at)
    turn(world)
    assert gate().silent_since is None


def test_the_portals_own_house_has_no_gate(world: World, dana: Actor) -> None:
    subject_request = people(world, dana, 1)[0]
    own = scenes.item_of(subject_request, Kind.FIND, "rightful")
    for _ in range(gates.MISSES):
        gates.missed(own, seconds=3600.0, at=world.at)
    assert gates.admit(own, at=world.at)
    assert not Gate.objects.exists()


def test_a_controller_that_has_no_map_any_more_stops_nobody(world: World, dana: Actor) -> None:
    item = scenes.item_of(people(world, dana, 1)[0], Kind.FIND, APP)
    item.subject_request.controller = "gone"
    assert gates.admit(item, at=world.at)


def test_an_attempt_without_an_end_is_given_up_and_writes_nothing_any_more(world: World, dana: Actor) -> None:
    people(world, dana, 1)
    hanging = ledger.claim(at=world.at)
    assert hanging is not None
    turns.give_up(hanging, at=world.at)
    with pytest.raises(ledger.Fenced):
        ledger.finish(hanging, Outcome.FOUND, at=world.at, counts={})
    item = PlanItem.objects.get(pk=hanging.pk)
    assert (item.state, item.tries, item.fence) == (ItemState.READY, 1, hanging.fence + 1)
    assert "900 seconds" in item.note
    assert gate().misses == 1


def test_what_hangs_five_times_is_for_a_person(world: World, dana: Actor) -> None:
    people(world, dana, 1)
    PlanItem.objects.exclude(system=APP).delete()
    for _ in range(ledger.ATTEMPTS):
        hanging = ledger.claim(at=world.at)
        assert hanging is not None
        turns.give_up(hanging, at=world.at)
        world.later(hours=1)
    claims(world)
    assert PlanItem.objects.get(system=APP).state == ItemState.QUARANTINED


def test_who_was_fenced_off_gives_up_nothing(world: World, dana: Actor) -> None:
    people(world, dana, 1)
    sleeper = ledger.claim(at=world.at)
    assert sleeper is not None
    PlanItem.objects.filter(pk=sleeper.pk).update(fence=F("fence") + 1)
    with pytest.raises(ledger.Fenced):
        turns.give_up(sleeper, at=world.at)
    assert PlanItem.objects.get(pk=sleeper.pk).state == ItemState.RUNNING


def test_a_worker_whose_item_hangs_is_told_so_when_its_time_is_over(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(world, dana, 1)
    item = ledger.claim(at=world.at)
    assert item is not None
    told, given_up = threading.Event(), []
    monkeypatch.setattr(turns, "overrun", told.set)
    monkeypatch.setattr(turns, "limit", lambda _: 0.1)
    monkeypatch.setattr(turns, "give_up", lambda item, *, at: given_up.append((item, at)))  # another connection
    with turns.held(item, at=world.at):
        assert told.wait(120)
    assert given_up == [(item, world.at + timedelta(seconds=0.1))]


def test_what_ends_in_its_time_recycles_nobody(world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    people(world, dana, 1)
    told = threading.Event()
    monkeypatch.setattr(turns, "overrun", told.set)
    assert work.do_next(at=world.at)
    assert not told.is_set()


def test_an_error_nobody_foresaw_ends_no_sweep_when_another_worker_has_the_item(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(world, dana, 1)

    def overtaken(item: PlanItem, *, at: datetime) -> None:
        PlanItem.objects.filter(pk=item.pk).update(fence=F("fence") + 1)
        raise LookupError("nobody foresaw this")

    monkeypatch.setitem(work.ACTS, Kind.FIND, overtaken)
    assert work.do_next(at=world.at)
    assert PlanItem.objects.filter(state=ItemState.QUARANTINED).count() == 0


def test_the_log_of_an_error_nobody_foresaw_holds_places_and_no_values(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    people(world, dana, 1)

    def quoting(item: PlanItem) -> object:
        try:
            return dict[str, object]()["canary-inner@example.com"]
        except KeyError as error:
            raise LookupError("canary-outer@example.com") from error

    monkeypatch.setattr(search, "reach", quoting)
    assert work.do_next(at=world.at)
    assert "canary" not in caplog.text
    assert "LookupError at tests.steps.test_gates:" in caplog.text
    assert "dsr.steps.fulfilling.search:" in caplog.text
    assert "after KeyError at tests.steps.test_gates:" in caplog.text


def test_who_else_runs_is_counted_by_the_index_of_running_items(world: World, dana: Actor) -> None:
    people(world, dana, 1)
    with CaptureQueriesContext(connection) as asked:
        ledger.claim(at=world.at)
    counting = next(row["sql"] for row in asked if row["sql"].startswith("SELECT COUNT"))
    # The moment is a function of Django's own, which a plain EXPLAIN of the text knows as well.
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {counting}")
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    assert "USING INDEX dsr_item_running" in plan

"""Work that survives anything: what fails waits by itself, and the rest goes on."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F

from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import Event, Part, PlanItem, sealed
from dsr.steps import ledger, work
from dsr.steps.asking import cancellation
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests.conftest import SAM, World
from tests.steps import scenes

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
PAYMENT = "payment-institution"


def down(world: World, times: int = 1, **fault: object) -> None:
    """The payment institution does not answer the next times."""
    world.systems.services.add_fault({"service": "payment", "times": times, "status": 503, **fault})


def worker_dies(item: PlanItem) -> None:
    """Its lease runs out, for nobody renews it."""
    PlanItem.objects.filter(pk=item.pk).update(lease_until=LONG_AGO)


def claimed(world: World) -> PlanItem:
    item = ledger.claim(at=world.at)
    assert item is not None
    return item


def test_a_system_that_is_down_pauses_its_own_item_only(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ERASURE)
    down(world, retry_after=90)
    scenes.work_on(world, subject_request, Kind.FIND)
    finds = {item.system: item for item in subject_request.items.filter(kind=Kind.FIND)}
    paused = finds.pop(PAYMENT)
    assert (paused.state, paused.tries) == (ItemState.READY, 1)
    assert {item.state for item in finds.values()} == {ItemState.DONE}


def test_a_system_that_says_when_is_not_asked_before(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ERASURE)
    down(world, retry_after=90)
    scenes.work_on(world, subject_request, Kind.FIND)
    assert scenes.item_of(subject_request, Kind.FIND, PAYMENT).not_before == world.at + timedelta(seconds=90)


def test_staff_read_what_failed_and_nothing_of_the_person(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ERASURE)
    down(world)
    scenes.work_on(world, subject_request, Kind.FIND)
    note = scenes.item_of(subject_request, Kind.FIND, PAYMENT).note
    assert "503" in note
    assert not [word for word in (SAM, "sam", "Sam", "jp000001") if word in note]


def test_the_answer_comes_once_the_system_is_back(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ERASURE)
    down(world, times=3)
    for _ in range(4):
        scenes.work_on(world, subject_request, Kind.FIND)
        world.later(hours=1)
    world.work(State.SEARCHED, subject_request)
    assert scenes.item_of(subject_request, Kind.FIND, PAYMENT).outcome == Outcome.FOUND


def test_the_pauses_grow_until_a_person_must_look(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    database = world.systems.folder / "joypix" / "database.sqlite3"
    database.rename(database.with_suffix(".away"))
    pauses = []
    for _ in range(ledger.TRIES - 1):
        scenes.work_on(world, subject_request, Kind.FIND)
        item = scenes.item_of(subject_request, Kind.FIND, "app-database")
        pauses.append(scenes.seconds_until(item.not_before, world))
        world.at = item.not_before
    assert pauses == [min(ledger.LONGEST_PAUSE, 2.0**tries) for tries in range(1, ledger.TRIES)]
    scenes.work_on(world, subject_request, Kind.FIND)
    item.refresh_from_db()
    assert item.state == ItemState.QUARANTINED
    assert not database.exists()


def test_what_was_quarantined_goes_on_when_staff_retry_it(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ERASURE)
    database = world.systems.folder / "joypix" / "database.sqlite3"
    database.rename(database.with_suffix(".away"))
    item = scenes.item_of(subject_request, Kind.FIND, "app-database")
    PlanItem.objects.filter(pk=item.pk).update(tries=ledger.TRIES - 1)
    scenes.work_on(world, subject_request, Kind.FIND)
    database.with_suffix(".away").rename(database)
    ledger.retry(item, by=dana, at=world.at)
    world.work(State.SEARCHED, subject_request)
    assert scenes.item_of(subject_request, Kind.FIND, "app-database").outcome == Outcome.FOUND


def test_items_wait_for_those_whose_keys_they_need(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    database = world.systems.folder / "joypix" / "database.sqlite3"
    database.rename(database.with_suffix(".away"))
    scenes.work_on(world, subject_request, Kind.FIND)
    others = subject_request.items.filter(after__system="app-database")
    assert {item.fence for item in others} == {0}


def test_an_item_on_which_its_worker_died_five_times_is_quarantined(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ERASURE)
    for _ in range(ledger.ATTEMPTS):
        worker_dies(claimed(world))
    assert ledger.claim(at=world.at) is None
    item = scenes.item_of(subject_request, Kind.STOP, "app-database")
    assert (item.state, item.fence) == (ItemState.QUARANTINED, ledger.ATTEMPTS)
    assert Event.objects.filter(tag="item:quarantined").count() == 1


def test_the_rest_of_the_ledger_goes_on_beside_items_that_kill_workers(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ERASURE)
    fatal = [
        PlanItem(
            subject_request=subject_request,
            kind=Kind.FIND,
            system=f"fatal-{number}",
            state=ItemState.RUNNING,
            attempts=ledger.ATTEMPTS,
            lease_until=LONG_AGO,
            not_before=LONG_AGO,
            created_at=LONG_AGO,
        )
        for number in range(300)
    ]
    PlanItem.objects.bulk_create(fatal)
    assert claimed(world).system == "app-database"
    assert subject_request.items.filter(state=ItemState.QUARANTINED).count() == 300


def test_a_lease_that_stands_is_respected(world: World, dana: Actor) -> None:
    scenes.accepted(world, dana, Right.ERASURE)
    claimed(world)
    assert ledger.claim(at=world.at) is None


def test_of_two_workers_one_gets_the_item(world: World, dana: Actor) -> None:
    scenes.accepted(world, dana, Right.ACCESS)
    rival = PlanItem.objects.filter(system="app-database", kind=Kind.FIND)
    # The other one is faster by a moment: its claim lies between our look and our claim.
    with scenes.a_rival_before('UPDATE "dsr_planitem"', lambda: rival.update(fence=F("fence") + 1)):
        assert ledger.claim(at=world.at) is None
    assert rival.get().attempts == 0


@pytest.mark.parametrize("ending", ["finish", "wait", "release", "quarantine"])
def test_who_comes_back_after_the_lease_writes_nothing(world: World, dana: Actor, ending: str) -> None:
    scenes.accepted(world, dana, Right.ERASURE)
    sleeper = claimed(world)
    worker_dies(sleeper)
    taken = claimed(world)
    before = (PlanItem.objects.filter(pk=taken.pk).values().get(), Event.objects.count())
    endings = {
        "finish": lambda: ledger.finish(sleeper, Outcome.ERASED, at=world.at, counts={}),
        "wait": lambda: ledger.wait(sleeper, seconds=1, handle="x", at=world.at),
        "release": lambda: ledger.release(sleeper, seconds=1, note="x", at=world.at),
        "quarantine": lambda: ledger.quarantine(sleeper, note="x", at=world.at),
    }
    assert taken.pk == sleeper.pk
    with pytest.raises(ledger.Fenced):
        endings[ending]()
    assert (PlanItem.objects.filter(pk=taken.pk).values().get(), Event.objects.count()) == before


def test_what_has_started_elsewhere_is_asked_for_until_it_is_done(world: World, dana: Actor, eli: Actor) -> None:
    subject_request = scenes.approved(world, dana, eli, "pixplus")
    world.later(days=4)
    scenes.work_on(world, subject_request, Kind.ERASE)
    waiting = scenes.item_of(subject_request, Kind.ERASE, "runninghub")
    assert waiting.state == ItemState.WAITING
    assert "task" not in waiting.handle_sealed
    for _ in range(40):
        waiting.refresh_from_db()
        if waiting.state != ItemState.WAITING:
            break
        world.later(seconds=5)
        scenes.work_on(world, subject_request, Kind.ERASE)
    assert waiting.outcome in {Outcome.ERASED, Outcome.KEPT}
    assert waiting.handle_sealed == ""
    journal = world.systems.services.state.journal()["items"]
    assert isinstance(journal, list)
    assert len([entry for entry in journal if entry["service"] == "runninghub"]) == 1


def test_a_cancelled_request_is_off_the_ledger(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ERASURE)
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    assert not work.do_next(at=world.at)
    assert {item.state for item in subject_request.items.all()} == {ItemState.DONE}
    assert not Part.objects.exists()


def test_what_runs_while_a_request_is_called_off_is_left_to_end(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ERASURE)
    running = claimed(world)
    ledger.call_off(subject_request)
    running.refresh_from_db()
    assert running.state == ItemState.RUNNING


def test_an_item_of_a_closed_request_is_not_tried_again(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    item = claimed(world)
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    ledger.quarantine(item, note="It ran when the request was cancelled.", at=world.at)
    with pytest.raises(Conflict):
        ledger.retry(item, by=dana, at=world.at)


def test_an_item_that_is_done_is_not_tried_again(world: World, dana: Actor) -> None:
    subject_request = scenes.searched(world, dana)
    with pytest.raises(Conflict):
        ledger.retry(scenes.item_of(subject_request, Kind.FIND, PAYMENT), by=dana, at=world.at)


def test_who_only_approves_or_audits_retries_nothing(world: World, dana: Actor, eli: Actor, ada: Actor) -> None:
    scenes.accepted(world, dana, Right.ERASURE)
    item = claimed(world)
    ledger.quarantine(item, note="A test.", at=world.at)
    for by in (eli, ada, SUBJECT):
        with pytest.raises(Forbidden):
            ledger.retry(item, by=by, at=world.at)
    item.refresh_from_db()
    assert item.state == ItemState.QUARANTINED


def test_a_sealed_file_that_was_changed_stops_its_own_item_only(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ERASURE)
    other = scenes.accepted(world, dana, Right.ERASURE, "pixplus")
    while not subject_request.parts.filter(system="app-database").exists():
        work.do_next(at=world.at)
    part = subject_request.parts.get(system="app-database")
    path = sealed.file_path(part.pk)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    world.work(State.SEARCHED, other)
    notes = {item.note for item in subject_request.items.filter(state=ItemState.QUARANTINED)}
    assert len(notes) == 1
    assert "not as it was written" in notes.pop()


def test_a_wrong_setting_is_for_a_person_and_stops_nobody_else(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject_request = scenes.accepted(world, dana, Right.ERASURE)
    monkeypatch.delenv("JOYPIX_PAYMENT_TOKEN")
    scenes.work_on(world, subject_request, Kind.FIND)
    states = {item.system: item.state for item in subject_request.items.filter(kind=Kind.FIND)}
    assert states.pop(PAYMENT) == ItemState.QUARANTINED
    assert set(states.values()) == {ItemState.DONE}

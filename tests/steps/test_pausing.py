"""An engineer or privacy officer pauses one system: nothing goes in there, everything else goes on."""

from collections.abc import Callable

import pytest

from dsr.connectors.contract import Chunk, Connector, Receipt
from dsr.connectors.sql.database import SqlDatabase
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import Deadline, Event, EventSecret, Gate, PlanItem, SubjectRequest
from dsr.steps import gates, ledger, pausing, work
from dsr.steps.asking import intake
from dsr.steps.deciding import approval
from dsr.steps.fulfilling import previewing, rectification, search, travel, whole
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests.conftest import SAM, World
from tests.steps import scenes
from tests.steps.fulfilling.rectifying import proposed

APP, WHY = "app-database", "The processor asks us to stop calling."


def pause(world: World, by: Actor, system: str = APP) -> None:
    pausing.pause("joypix", system, reason=WHY, by=by, at=world.at)


def due(world: World, dana: Actor, eli: Actor) -> SubjectRequest:
    """An erasure of Sam's whose grace is over."""
    erasure = scenes.approved(world, dana, eli)
    world.later(days=4)
    return erasure


def devices(world: World) -> int:
    """How many devices of Sam's still stand there, asked past the portal."""
    with scenes.live(world) as database:
        return int(database.execute("SELECT count(*) FROM devices WHERE user_id = 'jp000001'").fetchone()[0])


def test_nothing_of_a_paused_system_is_claimed_and_everything_else_goes_on(
    world: World, dana: Actor, engineer: Actor
) -> None:
    own = scenes.accepted(world, dana, Right.ACCESS)
    pause(world, engineer)
    world.work()
    item = scenes.item_of(own, Kind.FIND, APP)
    assert (item.state, item.fence, item.tries) == (ItemState.READY, 0, 0)
    others = own.items.filter(kind=Kind.FIND, after=None).exclude(pk=item.pk)
    assert {other.state for other in others} == {ItemState.DONE}


def test_once_it_is_resumed_the_request_goes_on_and_its_dates_never_moved(
    world: World, dana: Actor, engineer: Actor
) -> None:
    own = scenes.accepted(world, dana, Right.ACCESS)
    pause(world, engineer)
    dates = list(Deadline.objects.filter(subject_request=own).values_list("pk", "due_on", "pausing_from"))
    world.work()
    world.later(days=2)
    pausing.resume("joypix", APP, by=engineer, at=world.at)
    world.work(State.PACKAGED, own)
    assert list(Deadline.objects.filter(subject_request=own).values_list("pk", "due_on", "pausing_from")) == dates
    assert scenes.item_of(own, Kind.FIND, APP).outcome == Outcome.FOUND


def test_a_silent_system_that_is_paused_is_not_even_probed_and_try_again_opens_nothing(
    world: World, dana: Actor, engineer: Actor
) -> None:
    own = scenes.accepted(world, dana, Right.ACCESS)
    item = scenes.item_of(own, Kind.FIND, APP)
    PlanItem.objects.filter(pk=item.pk).update(tries=1)
    for _ in range(gates.MISSES):
        gates.missed(item, seconds=None, at=world.at)
    pause(world, engineer)
    world.later(hours=2)
    ledger.retry(item, by=dana, at=world.at)
    world.work()
    item.refresh_from_db()
    assert (item.state, item.fence) == (ItemState.READY, 0)


def test_a_claim_that_looked_before_the_pause_does_not_go_in_after_it(
    world: World, dana: Actor, engineer: Actor
) -> None:
    item = scenes.item_of(scenes.accepted(world, dana, Right.ACCESS), Kind.FIND, APP)
    pause(world, engineer)
    assert not gates.admit(item, at=world.at)
    pausing.resume("joypix", APP, by=engineer, at=world.at)
    assert gates.admit(item, at=world.at)


def test_only_an_engineer_or_privacy_officer_of_that_controller_pauses_and_resumes(
    world: World, dana: Actor, eli: Actor, ada: Actor, officer: Actor, engineer: Actor
) -> None:
    for by in (dana, eli, ada, SUBJECT):
        with pytest.raises(Forbidden):
            pause(world, by)
    with pytest.raises(Forbidden):  # Enzo works for JoyPix alone
        pausing.pause("pixplus", APP, reason=WHY, by=engineer, at=world.at)
    pause(world, engineer)
    with pytest.raises(Forbidden):
        pausing.resume("joypix", APP, by=dana, at=world.at)
    pausing.resume("joypix", APP, by=officer, at=world.at)
    assert Gate.objects.get().paused_at is None


@pytest.mark.parametrize(
    ("system", "reason", "says"),
    [(APP, "  ", "Say why"), ("nowhere", WHY, "no such system"), ("rightful", WHY, "the portal itself")],
)
def test_what_cannot_be_paused_is_not(world: World, engineer: Actor, system: str, reason: str, says: str) -> None:
    with pytest.raises(Conflict, match=says):
        pausing.pause("joypix", system, reason=reason, by=engineer, at=world.at)
    assert not Gate.objects.exclude(paused_at=None).exists()


def test_of_two_who_pause_or_resume_one_is_told_that_it_is_done(world: World, engineer: Actor, officer: Actor) -> None:
    pause(world, engineer)
    with pytest.raises(Conflict, match="already"):
        pause(world, officer)
    pausing.resume("joypix", APP, by=officer, at=world.at)
    with pytest.raises(Conflict, match="not paused"):
        pausing.resume("joypix", APP, by=engineer, at=world.at)
    assert list(Event.objects.filter(tag__startswith="system:").values_list("tag", flat=True).order_by("pk")) == [
        pausing.PAUSED,
        pausing.RESUMED,
    ]


def test_the_record_names_who_which_and_until_when_and_commits_to_the_reason(world: World, engineer: Actor) -> None:
    began = world.at
    pause(world, engineer)
    world.later(hours=3)
    pausing.resume("joypix", APP, by=engineer, at=world.at)
    paused, resumed = Event.objects.filter(tag__startswith="system:").order_by("pk")
    assert (paused.controller, paused.actor, paused.details) == ("joypix", str(engineer), {"system": APP})
    assert WHY in EventSecret.objects.get(event=paused).text()
    assert resumed.details == {"system": APP, "since": began.isoformat()}
    assert Gate.objects.get().reason() == ""


def test_an_erasure_that_runs_stops_before_its_next_chunk_and_ends_after_the_pause(
    world: World, dana: Actor, eli: Actor, engineer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase, chunks = SqlDatabase.erase, list[Chunk]()

    def erased(self: SqlDatabase, chunk: Chunk, key: str) -> Receipt:
        if not chunks:
            pause(world, engineer)
        chunks.append(chunk)
        return erase(self, chunk, key)

    monkeypatch.setattr(SqlDatabase, "erase", erased)
    monkeypatch.setattr(whole, "CHUNK", 1)
    erasure = due(world, dana, eli)
    scenes.work_on(world, erasure, Kind.ERASE)
    item = scenes.item_of(erasure, Kind.ERASE, APP)
    assert (len(chunks), item.state, item.note) == (1, ItemState.READY, gates.PAUSED)
    pausing.resume("joypix", APP, by=engineer, at=world.at)
    scenes.work_on(world, erasure, Kind.ERASE)
    item.refresh_from_db()
    assert (item.outcome, devices(world)) == (Outcome.ERASED, 0)


def test_a_correction_that_meets_a_pause_after_its_claim_changes_nothing_until_it_is_over(
    world: World, dana: Actor, engineer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = proposed(world, dana, nickname="Samantha")
    row = own.corrections.get()
    reach, met = search.reach, list[PlanItem]()

    def reached(item: PlanItem) -> object:
        if not met:
            pause(world, engineer)
        met.append(item)
        return reach(item)

    monkeypatch.setattr(search, "reach", reached)
    rectification.decide(row, accepted=True, words="", by=dana, at=world.at)
    world.work()
    item = scenes.item_of(own, Kind.CORRECT, APP)
    assert (item.state, item.note, len(met)) == (ItemState.READY, gates.PAUSED, 1)
    pausing.resume("joypix", APP, by=engineer, at=world.at)
    world.work()
    item.refresh_from_db()
    assert item.outcome == Outcome.CORRECTED


def test_a_stop_by_way_of_a_paused_system_waits_and_asks_it_nothing(
    world: World, engineer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gathered(_plan: object, _known: object, connect: Callable[[str], Connector], _wanted: object) -> None:
        connect("payment-institution")
        pytest.fail("a paused system was asked")

    monkeypatch.setattr(travel, "gathered", gathered)
    identities = ((IdentityKind.EMAIL, SAM),)
    asked = intake.Intake("joypix", Right.CONSENT_WITHDRAWAL, identities, purposes=("marketing",))
    own = intake.receive(asked, by=SUBJECT, at=world.at)
    world.prove(own)
    work.advance(own, at=world.at)
    pause(world, engineer, "payment-institution")
    work.do_next(at=world.at)
    item = scenes.item_of(own, Kind.STOP, APP)
    assert (item.state, item.note) == (ItemState.READY, gates.PAUSED)


def test_a_look_at_which_addresses_are_on_file_asks_many_systems_and_waits_for_each(
    world: World, dana: Actor, engineer: Actor
) -> None:
    own = scenes.accepted(world, dana, Right.ACCESS)
    PlanItem.objects.filter(subject_request=own).delete()
    look = PlanItem.objects.create(subject_request=own, kind=Kind.ADDRESSES, not_before=world.at, created_at=world.at)
    pause(world, engineer)
    assert ledger.claim(at=world.at) is None
    pausing.resume("joypix", APP, by=engineer, at=world.at)
    assert ledger.claim(at=world.at) == look


def test_a_preview_asks_a_paused_system_nothing_and_says_so(world: World, dana: Actor, engineer: Actor) -> None:
    own = world.file(Right.ACCESS)
    world.prove(own)
    pause(world, engineer)
    (world.systems.folder / "joypix" / "database.sqlite3").unlink()  # or it would be called silent
    previewing.ask(own, by=dana, at=world.at)
    world.work()
    item = previewing.known(own)
    assert item is not None
    notes = {system["system"]: system["note"] for system in item.counts["systems"]}
    assert (notes[APP], notes["rightful"]) == ("paused", "")


def test_who_may_leave_a_system_out_need_not_wait_for_the_end_of_a_pause(
    world: World, dana: Actor, engineer: Actor
) -> None:
    own = scenes.accepted(world, dana, Right.ACCESS)
    item = scenes.item_of(own, Kind.FIND, APP)
    with pytest.raises(Conflict, match="has failed"):
        approval.exclude(item, reason="Not now.", by=dana, at=world.at)
    pause(world, engineer)
    approval.exclude(item, reason="Paused since Monday.", by=dana, at=world.at)
    item.refresh_from_db()
    assert (item.state, item.outcome) == (ItemState.DONE, Outcome.FAILED)

"""A worker that lost its lease and wakes up when another one has done its work changes nothing any more."""

from collections.abc import Callable

import pytest

from dsr.connectors.contract import Connector, Receipt
from dsr.connectors.sql import SqlDatabase
from dsr.law.actors import Actor
from dsr.law.states import State
from dsr.law.work import ItemState, Kind
from dsr.models import PlanItem, SubjectRequest
from dsr.steps import work
from dsr.steps.fulfilling import correcting, strangers, whole
from tests.conftest import World, dana_in, eli_in
from tests.steps import scenes
from tests.steps.fulfilling.rectifying import NEW, accept_all, nickname, proposed
from tests.steps.fulfilling.test_stopping import accepted, agreed

APP = "app-database"


def overtaken_after(
    monkeypatch: pytest.MonkeyPatch, place: object, name: str, world: World, since: Callable[[], object] = list
) -> list[PlanItem]:
    """Its first call lasts longer than the lease: another worker does the item to its end, and things go on `since`."""
    original = getattr(place, name)
    done: list[PlanItem] = []

    def slow(*args: object, **more: object) -> object:
        result = original(*args, **more)
        item = PlanItem.objects.filter(state=ItemState.RUNNING).first()
        if item is not None and not done:
            done.append(item)
            PlanItem.objects.filter(pk=item.pk).update(lease_until=scenes.LONG_AGO)
            assert work.do_next(at=world.at)
            item.refresh_from_db()
            since()
        return result

    monkeypatch.setattr(place, name, slow)
    return done


def alone(subject_request: SubjectRequest, kind: Kind) -> None:
    """No other item is due."""
    others = PlanItem.objects.exclude(subject_request=subject_request, kind=kind, system=APP)
    others.exclude(state=ItemState.DONE).update(state=ItemState.QUARANTINED)


@pytest.fixture
def erasing(world: World) -> SubjectRequest:
    """Sam's approved erasure, on the day after its grace period."""
    subject_request = scenes.approved(world, dana_in(), eli_in())
    world.later(days=4)
    return subject_request


def test_a_worker_that_lost_its_lease_erases_no_row_that_took_the_number_of_an_erased_one(
    world: World, erasing: SubjectRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone(erasing, Kind.ERASE)
    monkeypatch.setattr(whole, "at_once", lambda *_: None)  # as with more rows than one transaction takes
    with scenes.live(world) as database:
        (freed,) = database.execute("SELECT id FROM social_signins WHERE user_id = 'jp000001'").fetchone()

    def reused() -> None:
        with scenes.live(world) as database:
            columns = "id, user_id, provider, subject, nickname, email, linked_at"
            row = (freed, "jp000002", "google", "new", "n", "n@example.com", "2026-11-08T00:00:00Z")
            database.execute(f"INSERT INTO social_signins ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    done = overtaken_after(monkeypatch, SqlDatabase, "erase", world, reused)
    work.do_next(at=world.at)
    assert done[0].state == ItemState.DONE
    with scenes.live(world) as database:
        query = "SELECT user_id FROM social_signins WHERE id = ?"
        assert database.execute(query, [freed]).fetchall() == [("jp000002",)]


def test_a_worker_that_lost_its_lease_erases_nothing_of_what_was_kept_until_its_day(
    world: World, erasing: SubjectRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes.work_on(world, erasing, Kind.ERASE)
    deferred = erasing.items.filter(kind=Kind.ERASE, system=APP).exclude(until=None).order_by("until")
    world.at = deferred[0].not_before
    alone(erasing, Kind.ERASE)
    sent: list[object] = []
    erased = whole.erased

    def noted(connector: Connector, chunks: list[whole.Keyed]) -> tuple[Receipt, ...]:
        sent.append(chunks)
        return erased(connector, chunks)

    monkeypatch.setattr(whole, "erased", noted)
    done = overtaken_after(monkeypatch, strangers, "among", world)
    work.do_next(at=world.at)
    assert (done[0].state, done[0].deferred) == (ItemState.DONE, True)
    assert len(sent) == 1


def test_a_worker_that_lost_its_lease_writes_no_correction_over_what_came_after(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject_request = proposed(world, dana, nickname=NEW)
    before = nickname(world)
    accept_all(world, dana, subject_request)
    alone(subject_request, Kind.CORRECT)

    def taken_back() -> None:
        with scenes.live(world) as database:
            database.execute("UPDATE users SET nickname = ? WHERE nickname = ?", [before, NEW])
        # As if another system of the request's were not corrected yet.
        SubjectRequest.objects.filter(pk=subject_request.pk).update(state=State.APPROVED)

    done = overtaken_after(monkeypatch, correcting, "_changes", world, taken_back)
    work.do_next(at=world.at)
    assert done[0].state == ItemState.DONE
    assert nickname(world) == before


def test_a_worker_that_lost_its_lease_stops_no_consent_that_was_given_since(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject_request = accepted(world, dana)
    alone(subject_request, Kind.STOP)

    def agreed_anew() -> None:
        with scenes.live(world) as database:
            database.execute("UPDATE consents SET withdrawn_at = NULL WHERE user_id = 'jp000001'")

    done = overtaken_after(monkeypatch, SqlDatabase, "stop", world, agreed_anew)
    work.do_next(at=world.at)
    assert done[0].state == ItemState.DONE
    assert agreed(world) > 0

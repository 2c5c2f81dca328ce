"""An erasure that takes more of a collection than its map expects of one person stops, until an officer raises that."""

from collections.abc import Callable

import pytest
from django.test import Client

from dsr.connectors.contract import Chunk, Receipt
from dsr.connectors.sql import SqlDatabase
from dsr.law.actors import Actor
from dsr.law.states import State
from dsr.law.work import ItemState, Kind
from dsr.models import BlastLimit, Event, PlanItem, SubjectRequest
from dsr.steps import maps
from dsr.steps.fulfilling import limits, reading_back, whole
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests import staging
from tests.conftest import World, dana_in, eli_in
from tests.steps import scenes


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """JoyPix' map lets one request take ten usage events."""
    erase = maps.controller("joypix").systems["app-database"].collections["usage_events"].erase
    monkeypatch.setitem(erase.__dict__, "most", 10)


@staging.scene("narrow")
def stopped(world: World) -> SubjectRequest:
    """Sam's erasure has met the limit."""
    subject_request = scenes.approved(world, dana_in(), eli_in())
    world.later(days=4)
    scenes.work_on(world, subject_request, Kind.ERASE)
    return subject_request


def events(world: World) -> int:
    with scenes.live(world) as database:
        mine = "SELECT count(*) FROM usage_events WHERE device IN (SELECT id FROM devices WHERE user_id = 'jp000001')"
        return int(database.execute(mine).fetchone()[0])


def test_more_rows_than_the_map_lets_one_request_take_are_not_erased(world: World, stopped: SubjectRequest) -> None:
    item = scenes.item_of(stopped, Kind.ERASE, "app-database")
    assert item.state == ItemState.QUARANTINED
    assert "privacy officer" in item.note
    with scenes.live(world) as database:
        sams = database.execute("SELECT count(*) FROM devices WHERE user_id = 'jp000001'").fetchone()[0]
    assert (events(world), sams > 1) == (320, True)  # nor anything else of that system
    assert Event.objects.filter(subject_request=stopped, tag="limit:met").count() == 1


def test_an_officer_raises_it_for_this_request_and_it_is_erased(
    world: World, stopped: SubjectRequest, officer: Actor
) -> None:
    (limit,) = limits.met(stopped)
    limits.raise_it(limit, reason="Three years of daily use.", by=officer, at=world.at)
    world.work(State.PACKAGED, stopped)
    assert events(world) == 0
    assert BlastLimit.objects.get().reason() == "Three years of daily use."
    written = Event.objects.get(subject_request=stopped, tag="limit:raised")
    assert "daily use" not in str(written.details)


def test_a_raised_limit_lets_go_no_more_than_was_seen(world: World, stopped: SubjectRequest, officer: Actor) -> None:
    limits.raise_it(limits.met(stopped)[0], reason="x", by=officer, at=world.at)
    BlastLimit.objects.update(rows=319)
    scenes.work_on(world, stopped, Kind.ERASE)
    assert events(world) == 320


def test_neither_an_agent_nor_an_approver_raises_a_limit(
    world: World, stopped: SubjectRequest, dana: Actor, eli: Actor
) -> None:
    for by in (dana, eli):
        with pytest.raises(Forbidden):
            limits.raise_it(limits.met(stopped)[0], reason="x", by=by, at=world.at)
    assert BlastLimit.objects.get().raised_at is None


def test_a_limit_is_raised_with_a_reason_and_once(world: World, stopped: SubjectRequest, officer: Actor) -> None:
    (limit,) = limits.met(stopped)
    with pytest.raises(Conflict, match="why"):
        limits.raise_it(limit, reason=" ", by=officer, at=world.at)
    limits.raise_it(limit, reason="x", by=officer, at=world.at)
    with pytest.raises(Conflict, match="already"):
        limits.raise_it(limit, reason="x", by=officer, at=world.at)


def test_a_share_of_the_live_table_stops_it_as_well(
    world: World, dana: Actor, eli: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase = maps.controller("joypix").systems["app-database"].collections["usage_events"].erase
    monkeypatch.setitem(erase.__dict__, "share", 0.001)
    monkeypatch.setattr(limits, "FEW", 100)
    subject_request = scenes.approved(world, dana, eli)
    world.later(days=4)
    scenes.work_on(world, subject_request, Kind.ERASE)
    assert "0.10%" in scenes.item_of(subject_request, Kind.ERASE, "app-database").note
    assert events(world) == 320


def test_the_share_is_one_of_the_rows_that_were_there_when_it_began(
    world: World, dana: Actor, eli: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase = maps.controller("joypix").systems["app-database"].collections["usage_events"].erase
    monkeypatch.setattr(limits, "FEW", 100)
    monkeypatch.setattr(whole, "CHUNK", 1)
    with scenes.live(world) as database:
        there = int(database.execute("SELECT count(*) FROM usage_events").fetchone()[0])
    monkeypatch.setitem(erase.__dict__, "share", 321 / there)
    subject_request = scenes.approved(world, dana, eli)
    world.later(days=4)
    with scenes.dying(reading_back, "survivors"):  # by then they are gone, and a share of the rest would be too much
        scenes.work_on(world, subject_request, Kind.ERASE)
    assert events(world) == 0
    item = scenes.item_of(subject_request, Kind.ERASE, "app-database")
    assert item.counts["usage_events"] == {"there": there}
    PlanItem.objects.filter(pk=item.pk).update(lease_until=scenes.LONG_AGO)
    scenes.work_on(world, subject_request, Kind.ERASE)
    item.refresh_from_db()
    assert item.state == ItemState.DONE


def test_a_limit_is_asked_for_again_before_each_chunk(
    world: World, dana: Actor, eli: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = maps.controller("joypix").systems["app-database"].collections
    narrowed_by = SqlDatabase.erase

    def erase(self: SqlDatabase, chunk: Chunk, key: str) -> Receipt:
        monkeypatch.setitem(about["devices"].erase.__dict__, "most", 1)  # the map changes while it runs
        return narrowed_by(self, chunk, key)

    monkeypatch.setattr(SqlDatabase, "erase", erase)
    monkeypatch.setattr(whole, "CHUNK", 1)
    subject_request = scenes.approved(world, dana, eli)
    world.later(days=4)
    scenes.work_on(world, subject_request, Kind.ERASE)
    assert [str(limit) for limit in limits.met(subject_request)] == ["app-database.devices"]


def test_the_desk_shows_it_to_all_and_lets_an_officer_raise_it(
    stopped: SubjectRequest, officer: Actor, sign_in: Callable[[str], Client]
) -> None:
    page = f"/desk/requests/{stopped.reference}/limits/{limits.met(stopped)[0].pk}/"
    overview = f"/desk/requests/{stopped.reference}/"
    hers = sign_in("dana").get(overview).content.decode()
    assert "320 rows of Application database, Usage would go" in hers
    assert "A privacy officer looks at it." in hers
    assert page not in hers
    assert page in sign_in("olga").get(overview).content.decode()
    assert sign_in("dana").post(page, {"reason": "x"}).status_code == 403
    assert "Give the reason" in sign_in("olga").post(page, {"reason": ""}).content.decode()
    assert BlastLimit.objects.get().raised_at is None
    assert sign_in("olga").post(page, {"reason": "Three years of daily use."}).status_code == 302
    assert BlastLimit.objects.get().raised_by_id == int(officer.id)


def test_the_page_of_a_limit_that_is_raised_leads_back_to_the_request(
    world: World, stopped: SubjectRequest, officer: Actor, sign_in: Callable[[str], Client]
) -> None:
    (limit,) = limits.met(stopped)
    page = f"/desk/requests/{stopped.reference}/limits/{limit.pk}/"
    client = sign_in("olga")
    assert "320 rows of Application database, Usage" in client.get(page).content.decode()
    limits.raise_it(limit, reason="x", by=officer, at=world.at)
    assert "This limit is raised already." in client.get(page, follow=True).content.decode()

"""Systems that wait for each other's keys: they are asked until no new key comes, and erased by all of them."""

import shutil
from pathlib import Path

import pytest
from pytest_django import Settings

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.work import ItemState, Kind
from dsr.models import Event, Part
from dsr.steps.deciding import approval
from dsr.steps.fulfilling import search
from tests.conftest import SAM, World
from tests.steps import scenes

REFUNDS = """
  refunds:
    title: Refunds
    key: [id]
    links: [{to: payment-institution.payments, on: {order_ref: order_id}}]
    purposes: [account]
    source: observed
    retention: account
    fields:
      id: {category: user.payment}
      order_ref: {category: user.payment}

stops:
"""
APP, BANK = "app-database", "payment-institution"


@pytest.fixture
def circle(world: World, tmp_path: Path, settings: Settings) -> list[str]:
    """Refunds are found by payments, which are found by users of the same database; the orders that are Sam's."""
    folder = tmp_path / "circle"
    shutil.copytree(settings.DSR_CONTROLLERS, folder)
    path = folder / "joypix" / "systems" / f"{APP}.yaml"
    path.write_text(path.read_text("utf-8").replace("\nstops:\n", REFUNDS, 1), encoding="utf-8")
    settings.DSR_CONTROLLERS = folder
    with scenes.live(world) as database:
        database.execute("CREATE TABLE refunds (id INTEGER PRIMARY KEY, order_ref TEXT)")
        database.execute("INSERT INTO refunds (order_ref) SELECT id FROM orders WHERE status = 'paid'")
        mine = database.execute("SELECT id FROM orders WHERE status = 'paid' AND user_id = 'jp000001'").fetchall()
    assert mine
    return sorted(order for (order,) in mine)


def refunds(world: World) -> set[str]:
    with scenes.live(world) as database:
        return {order for (order,) in database.execute("SELECT order_ref FROM refunds")}


def test_what_is_found_by_keys_of_another_system_that_waited_for_ours_is_found_and_erased(
    world: World, dana: Actor, eli: Actor, circle: list[str]
) -> None:
    before = refunds(world)
    subject_request = scenes.accepted(world, dana, Right.ERASURE)
    for kind in (Kind.STOP, Kind.FIND, Kind.CLOSE):
        scenes.work_on(world, subject_request, kind)
    found = scenes.found(subject_request)
    assert sorted(str(row["order_ref"]) for row in found[f"{APP}.refunds"]) == circle
    assert len({row["id"] for row in found[f"{APP}.users"]}) == len(found[f"{APP}.users"]) == 1
    told = Event.objects.filter(subject_request=subject_request, tag="item:asked-again")
    assert [event.details["item"] for event in told] == [f"find {APP}"]
    assert (
        Part.objects.filter(subject_request=subject_request, item=None, manifest=None).exclude(wrapped_key="").count()
        == 0
    )
    subject_request.refresh_from_db()
    approval.approve(subject_request, digest=subject_request.manifest.digest, by=eli, at=world.at)
    world.later(days=4)
    scenes.work_on(world, subject_request, Kind.ERASE)
    assert scenes.item_of(subject_request, Kind.ERASE, APP).state == ItemState.DONE
    assert refunds(world) == before - set(circle)


def test_a_preview_goes_round_as_well(world: World, circle: list[str]) -> None:
    _, counts = search.preview("joypix", {"email": ((SAM,),)})
    assert counts[f"{APP}.refunds"] == len(circle)
    assert counts[f"{BANK}.payments"] >= len(circle)

"""A map that changes before the end: what it holds then is searched, and what it lost is named."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind
from dsr.models import Event, SubjectRequest
from dsr.steps import ledger, maps, work
from dsr.steps.answering import packaging
from tests.conftest import World
from tests.steps import scenes
from tests.steps.fulfilling.shop import Shop

Edit = Callable[[Callable[[Path], None]], None]


@pytest.fixture
def edit(tmp_path: Path, settings: Settings) -> Edit:
    """Somebody edits JoyPix' systems, and the portal is started anew."""
    numbers = iter(range(9))

    def edited(change: Callable[[Path], None]) -> None:
        folder = tmp_path / f"edited-{next(numbers)}"
        shutil.copytree(settings.DSR_CONTROLLERS, folder)
        change(folder / "joypix" / "systems")
        settings.DSR_CONTROLLERS = folder

    return edited


def without(block: tuple[str, str]) -> Callable[[Path], None]:
    """A map whose database has no such collection yet, or any more."""

    def change(systems: Path) -> None:
        path = systems / "app-database.yaml"
        text = path.read_text("utf-8")
        path.write_text(text[: text.index(block[0])] + text[text.index(block[1]) :], encoding="utf-8")

    return change


def without_portal(systems: Path) -> None:
    """A map from before the portal described itself."""
    (systems / "rightful.yaml").unlink()


SIGNINS = "  social_signins:\n", "  devices:\n"


@pytest.mark.parametrize("right", [Right.ERASURE, Right.ACCESS])
def test_a_collection_that_the_map_got_after_the_plan_is_searched_before_the_end(
    world: World, dana: Actor, edit: Edit, settings: Settings, right: Right
) -> None:
    whole = settings.DSR_CONTROLLERS
    edit(without(SIGNINS))
    subject_request = scenes.accepted(world, dana, right)
    before = maps.controller("joypix").version
    scenes.work_on(world, subject_request, Kind.STOP)
    scenes.work_on(world, subject_request, Kind.FIND)
    assert "social_signins" not in scenes.item_of(subject_request, Kind.FIND, "app-database").counts["rows"]
    settings.DSR_CONTROLLERS = whole
    last = Kind.CLOSE if right is Right.ERASURE else Kind.ASSEMBLE
    world.work(State.SEARCHED if right is Right.ERASURE else State.PACKAGED, subject_request)
    subject_request.refresh_from_db()
    now = maps.controller("joypix").version
    assert scenes.item_of(subject_request, last).state == ItemState.DONE
    assert scenes.item_of(subject_request, Kind.FIND, "app-database").counts["rows"]["social_signins"] > 0
    assert (before != now, subject_request.map_version) == (True, now)
    told = Event.objects.get(subject_request=subject_request, tag="plan:renewed").details
    assert ("app-database" in told["systems"], told["map_version"]) == (True, now)
    if right is Right.ERASURE:
        assert "social_signins" in {row["collection"] for row in subject_request.manifest.summary}
    else:
        assert packaging.answer_to(subject_request, at=world.at).controller.version == now


def test_a_system_that_the_map_got_after_the_plan_is_searched_before_the_manifest_closes(
    world: World, dana: Actor, edit: Edit, settings: Settings
) -> None:
    whole = settings.DSR_CONTROLLERS
    edit(without_portal)
    subject_request = scenes.accepted(world, dana, Right.ERASURE)
    scenes.work_on(world, subject_request, Kind.STOP)
    settings.DSR_CONTROLLERS = whole
    world.work(State.SEARCHED, subject_request)
    assert "rightful" in {row["system"] for row in subject_request.manifest.summary}


def test_a_collection_that_vanished_after_the_search_is_named_and_nothing_is_answered_without_it(
    world: World, dana: Actor, edit: Edit, settings: Settings, sign_in: Callable[[str], Client]
) -> None:
    whole = settings.DSR_CONTROLLERS
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    planned = SubjectRequest.objects.get(pk=subject_request.pk).map_version
    scenes.work_on(world, subject_request, Kind.FIND)
    edit(without(SIGNINS))
    scenes.work_on(world, subject_request, Kind.ASSEMBLE)
    item = scenes.item_of(subject_request, Kind.ASSEMBLE)
    assert item.state == ItemState.QUARANTINED
    assert item.note.startswith("The data map does not describe 'app-database.social_signins' any more.")
    assert planned != maps.controller("joypix").version
    page = sign_in("dana").get(f"/desk/requests/{subject_request.reference}/").content.decode()
    assert "The answer is being put together." not in page
    assert "Nothing goes on: the data map has lost what this request was planned by." in page
    assert "</code> now. What is new" in page
    settings.DSR_CONTROLLERS = whole
    ledger.retry(item, by=dana, at=world.at)
    scenes.work_on(world, subject_request, Kind.ASSEMBLE)
    item.refresh_from_db()
    assert item.state == ItemState.DONE


OTHER_LINK = "      - {to: customers, on: {stars: id}}\n"
SHARED = """    shared:
      parties:
        writer: {title: Who wrote it, known_by: [customer_id]}
        other: {title: Whom it is about, known_by: [stars]}
"""


@pytest.mark.parametrize(("before", "added"), [("", OTHER_LINK), (OTHER_LINK, SHARED)], ids=["link", "shared"])
def test_another_way_to_a_known_collection_and_whose_its_rows_are_is_searched_before_the_manifest_closes(
    shop: Shop, settings: Settings, before: str, added: str
) -> None:
    path = shop.folder / "acme/systems/shop.yaml"
    head, dot, ratings = path.read_text("utf-8").partition("  ratings:\n")
    own = "      - {to: customers, on: {customer_id: id}}\n"
    ratings = ratings.replace("    erase: {way: unlink}\n", "", 1)
    path.write_text(head + dot + ratings.replace(own, own + before, 1), "utf-8")
    shop.write("UPDATE ratings SET stars = 1 WHERE id = 2000")
    subject_request = shop.accepted()
    first = subject_request.items.exclude(kind=Kind.CLOSE)
    while first.exclude(state=ItemState.DONE).exists() and work.do_next(at=shop.at):
        pass
    settings.DSR_CONTROLLERS = shutil.copytree(shop.folder, shop.folder.with_name(f"{shop.folder.name}-later"))
    path = settings.DSR_CONTROLLERS / "acme/systems/shop.yaml"
    path.write_text(head + dot + ratings.replace(own, own + before + added, 1), "utf-8")
    shop.work()
    told = Event.objects.get(subject_request=subject_request, tag="plan:renewed").details
    assert told["systems"] == ["shop"]
    subject_request.refresh_from_db()
    assert {row["collection"]: row["count"] for row in subject_request.manifest.summary}["ratings"] == 3

"""A data map that changes between plan and execution: what was approved is erased, or nothing is."""

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from pytest_django import Settings

from dsr.law.actors import Actor
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import PlanItem, SubjectRequest
from dsr.steps import maps
from tests.conftest import World
from tests.steps import scenes

Change = Callable[[str, str], None]
MADE = "    title: Generations\n"
SIGNINS = "  social_signins:\n", "  devices:\n"


@pytest.fixture
def change(tmp_path: Path, settings: Settings) -> Change:
    """Somebody edits the map of JoyPix' database, and the portal is started anew."""

    def changed(good: str, bad: str) -> None:
        folder = tmp_path / "changed"
        shutil.copytree(settings.DSR_CONTROLLERS, folder)
        path = folder / "joypix" / "systems" / "app-database.yaml"
        text = path.read_text("utf-8")
        assert good in text
        path.write_text(text.replace(good, bad, 1), encoding="utf-8")
        settings.DSR_CONTROLLERS = folder

    return changed


@pytest.fixture
def erasing(world: World, dana: Actor, eli: Actor) -> SubjectRequest:
    """Sam's approved erasure, on the day after its grace period."""
    subject_request = scenes.approved(world, dana, eli)
    world.later(days=4)
    return subject_request


def block(first: str, last: str) -> str:
    """The part of the map from one line to before another."""
    path = Path(maps.__file__).parents[2] / "controllers" / "joypix" / "systems" / "app-database.yaml"
    text = path.read_text("utf-8")
    return text[text.index(first) : text.index(last)]


def of_the_database(world: World, erasing: SubjectRequest) -> PlanItem:
    """The erase item of JoyPix' database, after the workers had their turn."""
    scenes.work_on(world, erasing, Kind.ERASE)
    return scenes.item_of(erasing, Kind.ERASE, "app-database")


def count(world: World, table: str) -> int:
    """How many of Sam's rows stand there."""
    with scenes.live(world) as database, closing(database.cursor()) as cursor:
        return int(cursor.execute(f"SELECT count(*) FROM {table} WHERE user_id = 'jp000001'").fetchone()[0])


def test_a_collection_that_vanished_from_the_map_stops_its_erasure_with_a_clear_note(
    world: World, erasing: SubjectRequest, change: Change
) -> None:
    planned_by = erasing.map_version
    change(block(*SIGNINS), "")
    before = scenes.state_of(world.systems.folder / "joypix" / "database.sqlite3")
    item = of_the_database(world, erasing)
    now = maps.controller("joypix").version
    assert item.state == ItemState.QUARANTINED
    assert item.note == (
        "The data map does not describe 'social_signins' any more."
        f" The plan was made by map {planned_by}; it is {now} now."
    )
    assert scenes.state_of(world.systems.folder / "joypix" / "database.sqlite3") == before


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (f"{MADE}    describes: What you asked JoyPix to make.\n    key: [id]", f"{MADE}    key: [kind]"),
        (MADE, f"{MADE}    settings: {{table: old_generations}}\n"),
    ],
)
def test_keys_are_never_erased_in_another_table_or_column_than_the_approved_one(
    world: World, erasing: SubjectRequest, change: Change, good: str, bad: str
) -> None:
    change(good, bad)
    before = scenes.state_of(world.systems.folder / "joypix" / "database.sqlite3")
    item = of_the_database(world, erasing)
    assert item.state == ItemState.QUARANTINED
    assert "names another place or key for 'generations'" in item.note
    assert scenes.state_of(world.systems.folder / "joypix" / "database.sqlite3") == before


def test_what_was_approved_is_erased_in_the_approved_way_whatever_the_map_says_since(
    world: World, erasing: SubjectRequest, change: Change
) -> None:
    change("    title: Generations\n", "    title: G\n    erase: {way: redact, set: {prompt: gone}}\n")
    item = of_the_database(world, erasing)
    assert (item.state, item.outcome) == (ItemState.DONE, Outcome.ERASED)
    assert count(world, "generations") == 0


def test_a_map_of_which_only_words_changed_lets_the_erasure_go_on(
    world: World, erasing: SubjectRequest, change: Change
) -> None:
    change("    title: Generations\n", "    title: Generated\n")
    item = of_the_database(world, erasing)
    assert erasing.map_version != maps.controller("joypix").version
    assert item.outcome == Outcome.ERASED

"""A preview shows what a request would reach, and changes nothing."""

import io

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from dsr.law.actors import Actor
from dsr.steps import pausing
from tests.conftest import SAM, World
from tests.steps import scenes


def preview(*identities: str, controller: str = "joypix", right: str = "erasure", system: str = "") -> str:
    said = io.StringIO()
    given = [f"--identity={one}" for one in identities]
    call_command("preview", f"--controller={controller}", f"--right={right}", f"--system={system}", *given, stdout=said)
    return said.getvalue()


def portal_rows() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def counts(said: str) -> dict[str, int]:
    lines = [line.split() for line in said.splitlines()[1:]]
    return {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdigit()}


def test_it_counts_what_is_there(world: World) -> None:
    shown = counts(preview(f"email={SAM}"))
    with scenes.live(world) as database:
        (orders,) = database.execute("SELECT count(*) FROM orders WHERE user_id = 'jp000001'").fetchone()
    assert (shown["users"], shown["orders"]) == (1, orders)
    assert shown["payments"] >= 1
    assert shown["uploads"] >= 1


def test_it_changes_nothing_here_and_nothing_there(world: World) -> None:
    database = world.systems.folder / "joypix" / "database.sqlite3"
    before = (portal_rows(), scenes.state_of(database))
    preview(f"email={SAM}")
    assert (portal_rows(), scenes.state_of(database)) == before
    assert world.systems.services.state.journal() == {"items": []}


def test_it_shows_no_value_of_anybody(world: World) -> None:
    said = preview(f"email={SAM}")
    assert "sam" not in said.lower()
    assert "jp000001" not in said


def test_it_names_what_no_identifier_leads_to(world: World) -> None:
    said = preview("device=nobody", controller="pixplus")
    assert "not reached: app-database.accounts" in said


def test_somebody_unknown_counts_nothing(world: World) -> None:
    assert set(counts(preview("email=nobody@example.com")).values()) == {0}


@pytest.mark.parametrize(
    ("identity", "controller", "said"),
    [
        (f"email={SAM}", "nobody", "no controller 'nobody'"),
        ("shoe=42", "joypix", "'shoe' is no kind of identity"),
        ("email=", "joypix", "Enter a value"),
        ("email=not an address", "joypix", "e-mail address"),
        ("sam@example.com", "joypix", "no kind of identity"),
    ],
)
def test_what_it_cannot_use_it_names(world: World, identity: str, controller: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        preview(identity, controller=controller)


def test_a_system_that_does_not_answer_is_named(world: World) -> None:
    (world.systems.folder / "joypix" / "database.sqlite3").unlink()
    with pytest.raises(CommandError, match="does not answer"):
        preview(f"email={SAM}")


def test_a_system_that_staff_paused_is_not_asked_unless_it_is_named(
    world: World, engineer: Actor, capsys: pytest.CaptureFixture[str]
) -> None:
    pausing.pause("joypix", "app-database", reason="An incident.", by=engineer, at=world.at)
    (world.systems.folder / "joypix" / "database.sqlite3").unlink()
    with pytest.raises(SystemExit) as ended:
        call_command("preview", "--controller=joypix", "--right=erasure", f"--identity=email={SAM}")
    said = capsys.readouterr().out
    assert ended.value.code == 2
    assert "not asked, for staff have paused it: app-database." in said
    assert ["users", "paused"] in [line.split() for line in said.splitlines()]
    with pytest.raises(CommandError, match="does not answer"):
        preview(f"email={SAM}", system="app-database")
    with pytest.raises(CommandError, match="no such system"):
        preview(f"email={SAM}", system="nowhere")

"""The desk shows before anybody decides what a search would find and an erasure would take, and changes nothing."""

from collections.abc import Callable

from django.apps import apps
from django.test import Client

from accounts.models import Role
from dsr.law.actors import Actor
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.work import ItemState, Kind
from dsr.models import Event, PlanItem, SubjectRequest
from dsr.steps import maps
from dsr.steps.deciding import review
from dsr.steps.fulfilling import previewing
from tests.conftest import SAM, World
from tests.steps import scenes


def proven(world: World, right: Right = Right.ERASURE) -> SubjectRequest:
    subject_request = world.file(right)
    world.prove(subject_request)
    subject_request.refresh_from_db()
    return subject_request


def looked(world: World, subject_request: SubjectRequest, dana: Actor) -> PlanItem:
    previewing.ask(subject_request, by=dana, at=world.at)
    scenes.work_on(world, subject_request, Kind.PREVIEW)
    return subject_request.items.get(kind=Kind.PREVIEW)


def rows_of_all_tables() -> dict[str, list[str]]:
    """Every row of the portal, but the record of who did what and the item of the preview itself."""
    left_out = {"dsr.Event", "dsr.PlanItem", "dsr.Gate"}
    models = (model for model in apps.get_models() if model._meta.label not in left_out)
    return {model._meta.label: sorted(str(row) for row in model._default_manager.values_list()) for model in models}


def test_a_preview_counts_what_the_manifest_will_list(world: World, dana: Actor) -> None:
    subject_request = proven(world)
    item = looked(world, subject_request, dana)
    review.accept(subject_request, by=dana, at=world.at)
    for kind in (Kind.STOP, Kind.FIND, Kind.CLOSE):
        scenes.work_on(world, subject_request, kind)
    summary = SubjectRequest.objects.get(pk=subject_request.pk).manifest.summary
    told = {
        (system["system"], row["collection"], fate["rule"], fate["until"])
        for system in item.counts["systems"]
        for row in system["collections"]
        for fate in row["fates"]
        if system["system"] != "rightful"  # which has grown by the acceptance
    }
    listed = {(row["system"], row["collection"], row["rule"], row["until"]) for row in summary}
    assert told == {row for row in listed if row[0] != "rightful"}
    assert item.counts["map"] == maps.controller("joypix").version


def test_it_changes_nothing_there_and_nothing_here_but_the_record(world: World, dana: Actor) -> None:
    subject_request = proven(world)
    world.letters()
    databases = sorted(world.systems.folder.rglob("*.sqlite3"))
    before = (rows_of_all_tables(), [scenes.state_of(one) for one in databases])
    looked(world, subject_request, dana)
    assert previewing.read(subject_request, by=dana, at=world.at)
    assert (rows_of_all_tables(), [scenes.state_of(one) for one in databases]) == before
    tags = Event.objects.filter(subject_request=subject_request, tag__startswith="preview:").order_by("pk")
    assert [event.tag for event in tags] == ["preview:asked", "preview:viewed"]
    assert world.systems.services.state.journal() == {"items": []}


def test_it_holds_numbers_and_no_value_and_is_forgotten_at_the_end(world: World, dana: Actor) -> None:
    subject_request = proven(world)
    item = looked(world, subject_request, dana)
    assert item.counts["systems"]
    assert "sam" not in str(item.counts).lower()
    assert "jp000001" not in str(item.counts)
    told = Event.objects.filter(subject_request=subject_request, tag="item:found").get()
    assert told.details["counts"] == {}
    review.refuse(subject_request, ground=Ground.NOT_IDENTIFIABLE, by=dana, at=world.at)
    item.refresh_from_db()
    assert (item.state, item.counts) == (ItemState.DONE, {})
    assert previewing.known(subject_request) is None


def test_a_system_that_does_not_answer_hides_no_other(world: World, dana: Actor) -> None:
    (world.systems.folder / "joypix" / "database.sqlite3").unlink()
    item = looked(world, proven(world), dana)
    notes = {system["system"]: system["note"] for system in item.counts["systems"]}
    assert notes["app-database"] == "silent"
    assert notes["rightful"] == ""


def test_what_is_asked_by_way_of_a_system_that_gave_no_answer_is_not_counted_as_nothing(
    world: World, dana: Actor, browser: Callable[[Role, str], Client]
) -> None:
    (world.systems.folder / "joypix" / "database.sqlite3").unlink()
    item = looked(world, proven(world), dana)
    behind = [row for row in item.counts["systems"] if "app-database" in row["after"] and row["note"] != "by-hand"]
    assert behind
    for system in behind:
        assert system["note"] == "behind"
        assert [row["found"] for row in system["collections"] if not row["by"]] == [None] * len(system["collections"])
    page = f"/desk/requests/{item.subject_request.reference}/preview/"
    shown = browser(Role.AGENT, "joypix").get(page).content.decode()
    for cell in ("To erase", "To keep"):
        assert f'<td data-label="{cell}"><span class="desk-quiet">not counted</span></td>' in shown


def test_identities_that_are_not_proven_ask_nobody(world: World, dana: Actor) -> None:
    subject_request = proven(world)
    subject_request.identities.update(proven_at=None)
    item = looked(world, subject_request, dana)
    assert item.counts["systems"] == []
    assert "app-database.users" in item.counts["unreachable"]


def test_an_agent_asks_and_sees_it_on_the_desk(world: World, browser: Callable[[Role, str], Client]) -> None:
    client, auditor = browser(Role.AGENT, "joypix"), browser(Role.AUDITOR, "joypix")
    subject_request = proven(world)
    page = f"/desk/requests/{subject_request.reference}/"
    assert "Make a preview" in client.get(page).content.decode()
    client.post(f"{page}preview/ask/")
    assert "A preview is being made" in client.get(page).content.decode()
    PlanItem.objects.filter(kind=Kind.PREVIEW).update(not_before=world.at)  # the desk's clock is not ours
    scenes.work_on(world, subject_request, Kind.PREVIEW)
    shown = client.get(f"{page}preview/").content.decode()
    assert maps.controller("joypix").version in shown
    assert "deleted" in shown
    assert SAM not in shown
    assert auditor.get(f"{page}preview/").status_code == 403

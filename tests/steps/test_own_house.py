"""The portal is a system in its own data map: what it holds about Sam is found and told like everything else."""

from dsr.connectors.registry import build
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.work import Kind
from dsr.steps import maps, review
from tests.conftest import World
from tests.steps import scenes

MALLORY = "mallory@example.com"


def test_an_access_answer_tells_what_the_portal_itself_holds(world: World, dana: Actor) -> None:
    earlier = world.file(Right.COMPLAINT, details="Why do I get so many mails?")
    world.prove(earlier)
    subject_request = world.file(Right.ACCESS)
    world.prove(subject_request)
    review.accept(subject_request, by=dana, at=world.at)
    scenes.work_on(world, subject_request, Kind.FIND)
    found = scenes.found(subject_request)
    assert {row["reference"] for row in found["rightful.requests"]} == {earlier.reference, subject_request.reference}
    assert "Why do I get so many mails?" in {row["details"] for row in found["rightful.requests"]}
    assert {row["letter"] for row in found["rightful.letters"]} >= {"received"}


def test_what_a_stranger_filed_in_sams_name_is_not_shown_to_sam(world: World, dana: Actor) -> None:
    strangers = world.file(Right.COMPLAINT, details="Mallory wrote this and proved nothing")
    subject_request = world.file(Right.ACCESS)
    world.prove(subject_request)
    review.accept(subject_request, by=dana, at=world.at)
    scenes.work_on(world, subject_request, Kind.FIND)
    shown = {row["reference"] for row in scenes.found(subject_request)["rightful.requests"]}
    assert strangers.reference not in shown


def test_requests_at_another_controller_are_not_told(world: World, dana: Actor) -> None:
    elsewhere = world.file(Right.COMPLAINT, "pixplus")
    world.prove(elsewhere)
    subject_request = world.file(Right.ACCESS)
    world.prove(subject_request)
    review.accept(subject_request, by=dana, at=world.at)
    scenes.work_on(world, subject_request, Kind.FIND)
    shown = {row["reference"] for row in scenes.found(subject_request)["rightful.requests"]}
    assert shown == {subject_request.reference}


def test_the_map_of_the_portal_names_every_field_it_brings() -> None:
    for controller in maps.controllers().values():
        assert build(controller.systems["rightful"], {}).check() == []

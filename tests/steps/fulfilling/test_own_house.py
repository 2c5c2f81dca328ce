"""The portal is a system in its own data map: what it holds about Sam is found and told like everything else."""

from dsr.connectors.contract import Cell
from dsr.connectors.registry import build
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.work import Asker, Kind
from dsr.models import SubjectRequest
from dsr.steps import maps
from dsr.steps.asking import intake, representation
from dsr.steps.deciding import review
from dsr.steps.fulfilling import search
from tests.conftest import SAM, World
from tests.steps import scenes
from tests.steps.representing import GRETA, asked_by

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


def found_for(world: World, subject_request: SubjectRequest, by: Actor) -> list[dict[str, Cell]]:
    """The requests that an access answer tells of."""
    review.accept(subject_request, by=by, at=world.at)
    scenes.work_on(world, subject_request, Kind.FIND)
    return scenes.found(subject_request)["rightful.requests"]


def guarded(world: World, by: Actor) -> SubjectRequest:
    """Greta asks for Sam, and staff saw that she may."""
    subject_request = asked_by(world, Asker.GUARDIAN)
    world.prove(subject_request)
    representation.check(subject_request, note="Birth certificate seen", by=by, at=world.at)
    return subject_request


def test_what_a_guardian_asked_is_shown_to_the_person_without_the_guardians_address(world: World, dana: Actor) -> None:
    guardians = guarded(world, dana)
    subject_request = world.file(Right.ACCESS)
    world.prove(subject_request)
    rows = found_for(world, subject_request, dana)
    assert {row["reference"] for row in rows} == {guardians.reference, subject_request.reference}
    assert {row["identifiers"] for row in rows} == {f"email: {SAM}"}


def test_what_a_guardian_asked_for_others_is_not_found_by_the_guardians_own_address(world: World, dana: Actor) -> None:
    guarded(world, dana)
    subject_request = world.file(Right.ACCESS, email=GRETA)
    world.prove(subject_request)
    rows = found_for(world, subject_request, dana)
    assert {row["reference"] for row in rows} == {subject_request.reference}


def test_identifiers_that_nobody_has_proven_are_not_told(world: World, dana: Actor) -> None:
    named = ((IdentityKind.EMAIL, SAM), (IdentityKind.ACCOUNT, "jp000002"))
    subject_request = intake.receive(intake.Intake("joypix", Right.ACCESS, named), by=SUBJECT, at=world.at)
    world.prove(subject_request)
    assert {row["identifiers"] for row in found_for(world, subject_request, dana)} == {f"email: {SAM}"}


def test_requests_at_another_controller_are_not_told(world: World, dana: Actor) -> None:
    elsewhere = world.file(Right.COMPLAINT, "pixplus")
    world.prove(elsewhere)
    subject_request = world.file(Right.ACCESS)
    world.prove(subject_request)
    review.accept(subject_request, by=dana, at=world.at)
    scenes.work_on(world, subject_request, Kind.FIND)
    shown = {row["reference"] for row in scenes.found(subject_request)["rightful.requests"]}
    assert shown == {subject_request.reference}


def test_to_count_opens_no_sealed_value(world: World, dana: Actor) -> None:
    world.prove(world.file(Right.ACCESS))
    SubjectRequest.objects.update(details_sealed="nobody can open this")
    plan, counts = search.preview("joypix", {IdentityKind.EMAIL: ((SAM,),)})
    assert "rightful" in {system.system for system in plan.systems}
    assert counts["rightful.requests"] == 1


def test_the_map_of_the_portal_names_every_field_it_brings() -> None:
    for controller in maps.controllers().values():
        assert build(controller.systems["rightful"], {}).check() == []

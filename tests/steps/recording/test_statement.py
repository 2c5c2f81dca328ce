"""A certificate tells all that was asked and what came of it, in words of map and law, and no words of anybody."""

from collections.abc import Callable
from typing import Any

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.clocks import ExtensionReason
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Kind
from dsr.models import SubjectRequest, Telling
from dsr.steps.answering import packaging
from dsr.steps.asking import cancellation, intake
from dsr.steps.counting import extension
from dsr.steps.deciding import approval, merging, review, withholding
from dsr.steps.fulfilling import rectification
from dsr.steps.recording import statement
from tests.conftest import SAM, World
from tests.steps import scenes, taking, timing
from tests.steps.deciding import test_merging
from tests.steps.fulfilling import rectifying, test_withdrawal

STAFF, PROCESSOR = "Sam's sister paid for it", "Samantha owes us money"


def stated(subject_request: SubjectRequest, world: World) -> dict[str, Any]:
    """What a certificate of this closed request says."""
    subject_request.refresh_from_db()
    closing = subject_request.events.get(moved_to=subject_request.state)
    return statement.of(subject_request, closing, at=world.at)


def test_own_words_of_staff_and_of_a_processor_are_told_to_the_person_and_never_certified(
    world: World, dana: Actor, eli: Actor
) -> None:
    subject_request = world.file(Right.ERASURE)
    world.prove(subject_request)
    where = {"system": "app-database", "collection": "generations"}
    ground = Ground.LEGAL_CLAIMS
    withholding.refuse_part(subject_request, **where, ground=ground, words=STAFF, by=dana, at=world.at)
    review.accept(subject_request, by=dana, at=world.at)
    world.work(State.SEARCHED, subject_request)
    approval.approve(subject_request, digest=subject_request.manifest.digest, by=eli, at=world.at)
    world.later(days=4)
    scenes.work_on(world, subject_request, Kind.ERASE)
    item = scenes.item_of(subject_request, Kind.ERASE, "app-database")
    item.counts["devices"]["kept"] = [{"until": "", "reason": PROCESSOR, "count": 1}]
    item.save()
    world.work(State.PACKAGED, subject_request)
    told = str(packaging.told(subject_request, at=world.at))
    list(taking.taken(subject_request, at=world.at))
    system = next(row for row in stated(subject_request, world)["systems"] if row["system"] == "app-database")
    kept = {row["collection"]: row["kept"][-1] for row in system["collections"] if "kept" in row}
    assert [words in told for words in (STAFF, PROCESSOR)] == [True, True]
    assert [words in str(stated(subject_request, world)) for words in (STAFF, PROCESSOR)] == [False, False]
    assert kept["devices"]["ground"] == "the recipient's own answer"
    assert kept["generations"]["citation"]


def test_a_merged_request_names_the_one_it_was_answered_with(world: World, dana: Actor) -> None:
    first, second = test_merging.proven(world), test_merging.proven(world)
    merging.merge(second, first, by=dana, at=world.at)
    review.refuse(first, ground=Ground.IDENTITY_NOT_PROVEN, by=dana, at=world.at)
    merging.end_next(at=world.at)
    assert stated(second, world)["answered_with"] == first.reference


def test_a_withdrawal_states_each_purpose_by_its_title_and_whether_it_was_stopped(world: World) -> None:
    purpose = world.purposes(Right.CONSENT_WITHDRAWAL)[0]
    subject_request = test_withdrawal.withdrawn(world, purpose)
    world.work(State.DELIVERED, subject_request)
    found = stated(subject_request, world)["purposes"]
    assert [(row["purpose"], row["stopped"]) for row in found] == [(purpose, True)]
    assert found[0]["title"] not in {"", purpose}


def test_an_erasure_of_content_alone_is_stated_as_that(world: World) -> None:
    asked = intake.Intake("joypix", Right.ERASURE, ((IdentityKind.EMAIL, SAM),), scope="content")
    subject_request = intake.receive(asked, by=SUBJECT, at=world.at)
    world.prove(subject_request)
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    scope = stated(subject_request, world)["scope"]
    assert scope["scope"] == "content"
    assert scope["title"] not in {"", "content"}


def test_a_rectification_states_what_was_declined_and_that_a_statement_was_made(world: World, dana: Actor) -> None:
    subject_request = rectifying.proposed(world, dana, "I never said that.", nickname="Samira")
    rectification.decide(subject_request.corrections.get(), accepted=False, words=STAFF, by=dana, at=world.at)
    subject_request.refresh_from_db()
    rectification.respond(subject_request, text=STAFF, by=dana, at=world.at)
    rectifying.finish(world, subject_request)
    facts = stated(subject_request, world)
    assert facts["rectification"] == {"fields": {"declined": 1}, "statement": True}
    assert [words in str(facts) for words in (STAFF, "I never said that.", "Samira")] == [False] * 3


def test_an_extension_is_stated_with_each_date_before_and_after_it(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    first = timing.dates(subject_request)["gdpr answer"]
    reason = ExtensionReason.COMPLEXITY
    extension.extend(subject_request, reason=reason, words=STAFF, by=dana, at=world.at)
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    facts = stated(subject_request, world)
    law = next(row for row in facts["extension"]["dates"] if row["regime"] == "gdpr")
    assert (law["first"], law["new"]) == (first, "2027-02-03")
    assert law["title"] not in {"", "gdpr"}
    assert [row["title"] for row in facts["statutory"]] == [law["title"]]
    assert STAFF not in str(facts)


def test_recipients_and_collections_stand_by_their_titles_and_who_is_not_told_is_not_called_told(
    answered: Callable[..., SubjectRequest], world: World
) -> None:
    subject_request = answered(Right.ERASURE)
    Telling.objects.filter(subject_request=subject_request, recipient="compute-providers").update(
        told_by="none", told_at=None
    )
    list(taking.taken(subject_request, at=world.at))
    facts = stated(subject_request, world)
    row = next(row for row in facts["recipients"] if row["recipient"] == "compute-providers")
    assert row["title"] != row["recipient"]
    assert "told_on" not in row
    titles = [(one["title"], one["collection"]) for system in facts["systems"] for one in system.get("collections", [])]
    assert all(title and title != slug for title, slug in titles)


def test_each_missed_date_is_stated_with_its_law_its_duty_and_its_day(world: World) -> None:
    subject_request = timing.reviewed(world, "eea")
    timing.turn(world.later(days=60))
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    missed = stated(subject_request, world)["missed"]
    assert [(row["regime"], row["duty"], row["missed_on"]) for row in missed] == [
        ("house", "answer", "2026-11-25"),
        ("gdpr", "answer", "2026-12-03"),
    ]
    assert missed[1]["title"] not in {"", "gdpr"}


def test_of_a_request_answered_in_time_no_missed_date_is_stated(world: World) -> None:
    subject_request = timing.reviewed(world, "eea")
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    assert "missed" not in stated(subject_request, world)

"""Every table that holds something about a person is told to that person, or says here why it is not."""

from itertools import chain
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model, QuerySet
from django.utils.text import camel_case_to_spaces

from dsr.connectors.contract import Cell
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.work import Asker, Channel, Kind
from dsr.models import LegalHold, SubjectRequest, sealed
from dsr.steps.answering import keeping
from dsr.steps.asking import intake
from dsr.steps.asking.representation import Acting
from dsr.steps.deciding import holds, review
from dsr.steps.fulfilling.own_shelves import SHELVES
from tests.conftest import SAM, World
from tests.steps import scenes
from tests.steps.long_life import CANARY, POSTAL, STAFFS, corrected, downloaded, guarded, held, withdrawn, written
from tests.steps.representing import ALMA, GRETA, NAMES, PDF

Found = dict[str, list[dict[str, Cell]]]

# Which collection tells a table.
TOLD = {
    "Certificate": "certificates",
    "ClockPause": "questions",
    "Correction": "corrections",
    "Download": "downloads",
    "Event": "events",
    "Evidence": "evidence",
    "Extension": "extensions",
    "Identity": "requests",
    "Notice": "letters",
    "PartRefusal": "refused-parts",
    "Representative": "representatives",
    "SubjectRequest": "requests",
    "Telling": "recipients",
    "Withdrawal": "withdrawals",
}
# Why a table has no collection.
NOT_TOLD = {
    "ApiToken": "A secret of the controller's own systems; it says nothing of a person.",
    "Approval": "Which member of staff approved; that and when it was approved stands among the events.",
    "Assertion": "What an app vouched for stands with the identifiers of the request that took it; else it is "
    "forgotten within hours.",
    "BlastLimit": "How many rows one erasure may take, and who of the staff raised it.",
    "CalendarEdition": "Working days.",
    "CarriedName": "A keyed hash for legal holds; the identifiers stand in the rows found, which their systems tell.",
    "Checkpoint": "A signature over the whole record; it says nothing of a person.",
    "Deadline": "How a date was counted; the date that binds us stands with the request.",
    "Errand": "Work of ours that a person does by hand; what they brought or erased stands in the answer.",
    "EventSecret": "Words that an Event commits to. What was for the person stands in its own collection; the rest "
    "are notes of staff.",
    "Gate": "Whether a system answers.",
    "Grant": "One download that a code opened: which there were is told, and the code stands among the letters.",
    "Leaf": "A hash and its place in the record.",
    "LegalHold": "A note of staff: telling it could defeat the claim it serves (GDPR Arts 17(3)(e), 23(1)(j)). Whom it "
    "concerns is told by letter.",
    "Link": "References of two requests. Each is told of itself; the other may be somebody else's.",
    "Look": "Which member of staff looked at an answer before it left; that it was looked at stands among the events.",
    "Lowering": "Which members of staff agreed to ask for less proof; that they did stands among the events.",
    "Manifest": "A digest and counts of rows, which their systems tell.",
    "Package": "A copy of what the other systems hold, made for the person and destroyed in its time.",
    "Part": "A copy of what the other systems hold, on its way to the person.",
    "PlanItem": "Work of ours, and counts of it.",
    "Proof": "The keyed hash of a code; that it was sent stands among the letters, that it was typed among the events.",
    "Proposal": "That values were asked for: the letters tell it, and what came back stands among the corrections.",
    "Redaction": "What staff left out of an answer: that answer names how much it is, the ground and the words.",
    "Setback": "How often a turn of a worker at a request went wrong, and when it has another.",
    "SoughtRequest": "A reference and an address that somebody typed to find a request; forgotten within seconds.",
    "SignIn": "The keyed hash of a code, and the address it went to; forgotten after a day.",
    "StepUp": "That more than the mailbox was shown in a browser: the events tell it; it goes with its session.",
    "SubjectSession": "Where somebody is signed in: the person sees it on their page, and it is forgotten in a month.",
    "Supplement": "A digest and counts of rows, which their systems tell.",
    "Suppression": "A keyed hash of who was erased, so that a restored backup is erased again (GDPR Art. 17(3)(b)).",
    "Tally": "A count, under a keyed hash that opens to nothing.",
    "TaskLink": "To which colleague of ours a task was lent; that they looked stands among the events.",
    "Turn": "Which worker has the turn.",
}
# Why a sealed column of a table stays closed, also where the table is told.
CLOSED_COLUMNS = {
    "Assertion.identifiers_sealed": NOT_TOLD["Assertion"],
    "BlastLimit.reason_sealed": "A note of staff.",
    "Correction.key_sealed": "The number of a row in another system, which tells it.",
    "Errand.because_sealed": "Why rows stay: the answer tells it.",
    "Errand.kept_sealed": "Numbers of rows in another system, which tells them.",
    "EventSecret.text_sealed": NOT_TOLD["EventSecret"],
    "Evidence.wrapped_key": "The key of a document that is destroyed with the decision: that it was there is told.",
    "Gate.reason_sealed": "A note of staff about a system.",
    "LegalHold.reason_sealed": NOT_TOLD["LegalHold"],
    "Lowering.reason_sealed": "A note of staff.",
    "Notice.context_sealed": "Words of a letter on its way; once it is sent the person has them, and here they go.",
    "Package.others_sealed": "Addresses that the answer itself tells, from the systems that hold them.",
    "Package.wrapped_key": NOT_TOLD["Package"],
    "Part.wrapped_key": NOT_TOLD["Part"],
    "PlanItem.handle_sealed": "By what another system names the work that we asked of it.",
    "PlanItem.reasons_sealed": "Why rows stay: the answer tells it.",
    "Redaction.words_sealed": NOT_TOLD["Redaction"],
    "SoughtRequest.address_sealed": NOT_TOLD["SoughtRequest"],
    "SubjectRequest.others_sealed": "Addresses that the answer itself tells; here only until the decision.",
    "Representative.email_sealed": "It belongs to the representative, who finds it by that mailbox.",
    "SignIn.address_sealed": NOT_TOLD["SignIn"],
    "TaskLink.address_sealed": NOT_TOLD["TaskLink"],
    "SubjectSession.address_sealed": NOT_TOLD["SubjectSession"],
    "SubjectSession.browser_sealed": NOT_TOLD["SubjectSession"],
}


def models() -> dict[str, type[Model]]:
    return {model.__name__: model for model in apps.get_app_config("dsr").get_models()}


def sealed_columns() -> list[str]:
    names = [f"{model}.{field.name}" for model, table in models().items() for field in table._meta.fields]
    return sorted(name for name in names if name.endswith(("_sealed", "wrapped_key")))


def opened(name: str) -> set[str]:
    """What stands in a sealed column, whoever's it is."""
    model, column = name.split(".")
    place = camel_case_to_spaces(model).replace(" ", "_")
    table: QuerySet[Any] = QuerySet(models()[model])
    rows = table.exclude(**{column: ""}).values_list("pk", column)
    return {sealed.unseal(text, place, str(pk), column.removesuffix("_sealed")).strip('"') for pk, text in rows}


def told(found: Found) -> list[str]:
    """Every value that the portal's own collections tell."""
    own = (rows for name, rows in found.items() if name.startswith("rightful."))
    return [str(cell) for row in chain.from_iterable(own) for cell in row.values()]


def found_by(world: World, by: Actor, email: str = SAM) -> Found:
    """What an access finds for the owner of this mailbox."""
    own = world.file(Right.ACCESS, email=email)
    world.prove(own)
    review.accept(own, by=by, at=world.at)
    scenes.work_on(world, own, Kind.FIND)
    return scenes.found(own)


@pytest.fixture
def lived(world: World, dana: Actor) -> World:
    """Everything that the portal can come to hold about Sam."""
    held(world, dana)
    LegalHold.objects.update(released_at=world.at)
    corrected(world, dana)
    written(world, dana)
    withdrawn(world)
    guarded(world, dana)
    downloaded(world)
    return world


def test_every_table_is_told_or_says_why_not() -> None:
    assert TOLD.keys() & NOT_TOLD.keys() == set()
    assert TOLD.keys() | NOT_TOLD.keys() == models().keys()
    assert set(TOLD.values()) | {"acting"} == SHELVES.keys()


def test_every_sealed_column_is_opened_for_the_person_or_says_why_not(lived: World, dana: Actor) -> None:
    values = told(found_by(lived, dana))
    untold = [
        name
        for name in sealed_columns()
        if name not in CLOSED_COLUMNS
        and not any(text and any(text in value for value in values) for text in opened(name))
    ]
    assert untold == []
    assert sorted(CLOSED_COLUMNS.keys() - set(sealed_columns())) == []


def test_every_collection_of_the_portal_has_something_to_tell(lived: World, dana: Actor) -> None:
    found = found_by(lived, dana)
    empty = [name for name in TOLD.values() if not found.get(f"rightful.{name}")]
    assert empty == []


def test_no_note_of_staff_and_no_reason_of_a_hold_is_told(lived: World, dana: Actor) -> None:
    values = told(found_by(lived, dana))
    reasons = opened("LegalHold.reason_sealed")
    assert any(STAFFS in reason for reason in reasons)
    assert [
        value for value in values if STAFFS in value or value in reasons or value.startswith(("hold:", "staff:"))
    ] == []


def test_the_person_sees_who_asked_for_them_and_no_address_of_theirs(lived: World, dana: Actor) -> None:
    found = found_by(lived, dana)
    names = {(row["kind"], row["name"]) for row in found["rightful.representatives"]}
    assert names == {(kind, name) for kind, (name, _) in NAMES.items()}
    assert [value for value in told(found) if ALMA in value or GRETA in value] == []


@pytest.mark.parametrize("asker", [Asker.AGENT, Asker.GUARDIAN])
def test_a_representative_sees_their_own_address_and_a_guardian_their_name_and_nothing_of_the_person(
    asker: Asker, lived: World, dana: Actor
) -> None:
    name, email = NAMES[asker]
    found = found_by(lived, dana, email)
    (acting,) = found["rightful.acting"]
    shown = name if asker == Asker.GUARDIAN else ""  # an agent proves no mailbox here
    assert (acting["kind"], acting["name"], acting["email"]) == (asker, shown, email)
    assert [row["identifiers"] for row in found["rightful.requests"]] == [f"email: {email}"]
    assert [value for value in told(found) if CANARY in value or SAM in value] == []


def test_the_postal_address_that_sam_gave_is_told(lived: World, dana: Actor) -> None:
    rows = found_by(lived, dana)["rightful.requests"]
    assert {row["postal"] for row in rows if row["right"] == Right.COMPLAINT} == {POSTAL}


def test_a_postal_address_of_a_guardian_is_told_to_the_guardian_alone(world: World, dana: Actor) -> None:
    own = guarded(world, dana)
    own.seal_postal("Greta Garda, 2 Home Lane")
    own.save(update_fields=["postal_sealed"])
    assert [value for value in told(found_by(world, dana)) if "Home Lane" in value] == []
    (acting,) = found_by(world, dana, GRETA)["rightful.acting"]
    assert acting["postal"] == "Greta Garda, 2 Home Lane"


@pytest.mark.parametrize(("asker", "rows"), [(Asker.AGENT, 1), (Asker.GUARDIAN, 0)])
def test_sam_is_told_no_name_and_no_postal_address_of_who_named_sams_mailbox_by_mistake(
    asker: Asker, rows: int, world: World, dana: Actor
) -> None:
    acting = Acting(asker, NAMES[asker][0], SAM, PDF)
    others = ((IdentityKind.ACCOUNT, "jp000002"),)
    postal = f"{NAMES[asker][0]}, 5 Secret Lane"
    letter = intake.Intake("joypix", Right.ACCESS, others, channel=Channel.LETTER, postal=postal, acting=acting)
    intake.receive(letter, by=dana, at=world.at)
    found = found_by(world, dana)
    assert [value for value in told(found) if NAMES[asker][0] in value or "Secret Lane" in value] == []
    assert [row["kind"] for row in found.get("rightful.acting", [])] == [asker] * rows


def test_a_letter_to_the_child_is_among_the_childs_letters_and_one_to_staff_or_agent_is_not(
    lived: World, dana: Actor
) -> None:
    letters = found_by(lived, dana)["rightful.letters"]
    assert {row["sent_to"] for row in letters} == {SAM, ""}
    assert "guardian-asks" in {row["letter"] for row in letters if row["sent_to"] == SAM}
    assert not {row["letter"] for row in letters} & {"agent-told", "tell"}


def test_what_a_frozen_account_was_answered_is_not_told(lived: World, dana: Actor) -> None:
    frozen = SubjectRequest.objects.get(right=Right.COMPLAINT)
    review_on = lived.at.date().replace(year=lived.at.year + 1)
    order = holds.Order(reason="Taken over.", review_on=review_on, kind=LegalHold.FREEZE)
    for each in SubjectRequest.objects.filter(right__in=[Right.COMPLAINT, Right.RECTIFICATION]):
        holds.set_hold(each, order, by=dana, at=lived.at)
    found = found_by(lived, dana)
    rows = {row["reference"]: row for row in found["rightful.requests"]}
    assert rows[frozen.reference]["answer"] == ""
    assert rows[frozen.reference]["details"] != ""
    assert found.get("rightful.corrections", []) == []


def test_nothing_stands_on_any_shelf_once_its_request_is_reduced(lived: World) -> None:
    stood = {
        name: {str(getattr(row, shelf.key)) for row in shelf.rows(SubjectRequest.objects.all())}
        for name, shelf in SHELVES.items()
    }
    assert all(SHELVES[name].standing(keys) == keys != set() for name, keys in stood.items())
    closed = SubjectRequest.objects.exclude(closed_at=None)
    SubjectRequest.objects.filter(closed_at=None).update(closed_at=lived.at, state="cancelled")
    lived.later(days=800)
    while keeping.reduce_next(at=lived.at):
        pass
    assert not closed.filter(reduced_at=None).exists()
    assert [name for name, keys in stood.items() if SHELVES[name].standing(keys)] == []

"""Withdrawing is as easy as agreeing was: nobody has to decide, and what is said to have stopped has stopped."""

import pytest

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Letter, Outcome
from dsr.models import Event, Notice, PlanItem, SubjectRequest
from dsr.steps import ledger, maps, work
from dsr.steps.asking import cancellation, intake
from dsr.steps.deciding import merging, review
from dsr.steps.fulfilling import withdrawal
from dsr.steps.move import Conflict
from dsr.steps.post import resending
from tests.conftest import SAM, World
from tests.steps import scenes

JOYPIX = "joypix/database.sqlite3"
PIXPLUS = "pixplus/database.sqlite3"


def withdrawn(world: World, *purposes: str, controller: str = "joypix", email: str = SAM) -> SubjectRequest:
    """Somebody withdraws and proves the mailbox."""
    identities = ((IdentityKind.EMAIL, email),)
    asked = intake.Intake(controller, Right.CONSENT_WITHDRAWAL, identities, purposes=purposes)
    subject_request = intake.receive(asked, by=SUBJECT, at=world.at)
    world.prove(subject_request)
    work.advance(subject_request, at=world.at)
    subject_request.refresh_from_db()
    return subject_request


def in_force(world: World, purpose: str, *, of: str = "jp000001", name: str = JOYPIX) -> int:
    """Consents of an account that nobody has withdrawn, asked past the portal."""
    with scenes.live(world, name) as database:
        column = "user_id" if name == JOYPIX else "account_id"
        query = f"SELECT count(*) FROM consents WHERE {column} = ? AND purpose = ? AND withdrawn_at IS NULL"
        return int(database.execute(query, (of, purpose)).fetchone()[0])


def agreed(world: World, purpose: str) -> None:
    """Sam had agreed to it once in the past."""
    with scenes.live(world) as database:
        database.execute("DELETE FROM consents WHERE user_id = 'jp000001' AND purpose = ?", (purpose,))
        columns = "user_id, purpose, text_version, given_at, channel"
        row = ("jp000001", purpose, "v2", "2026-05-01T08:00:00Z", "web")
        database.execute(f"INSERT INTO consents ({columns}) VALUES (?,?,?,?,?)", row)


def test_with_the_proof_of_the_mailbox_it_runs_to_its_end_without_anybody(world: World) -> None:
    agreed(world, "marketing")
    subject_request = withdrawn(world, "marketing")
    assert subject_request.state == State.APPROVED
    world.work(State.DELIVERED, subject_request)
    assert in_force(world, "marketing") == 0
    assert subject_request.withdrawals.get().stopped_at == world.at
    assert not Event.objects.filter(subject_request=subject_request, actor__startswith="staff").exists()


def test_what_was_not_chosen_and_what_others_agreed_to_goes_on(world: World) -> None:
    agreed(world, "marketing")
    agreed(world, "analytics")
    with scenes.live(world) as database:
        others = database.execute("SELECT * FROM consents WHERE user_id != 'jp000001' ORDER BY id").fetchall()
    before = in_force(world, "analytics")
    world.work(State.DELIVERED, withdrawn(world, "marketing"))
    assert in_force(world, "analytics") == before > 0
    with scenes.live(world) as database:
        assert database.execute("SELECT * FROM consents WHERE user_id != 'jp000001' ORDER BY id").fetchall() == others


def test_the_letter_says_what_stopped_where_and_what_is_left_to_do(world: World) -> None:
    agreed(world, "analytics")
    world.work(State.DELIVERED, withdrawn(world, "analytics"))
    letter = world.letters()[-1]
    assert "Analytics cookies:\n- We stopped it" in letter
    assert "Application database" in letter
    assert "The cookies themselves lie in your browser" in letter
    assert "Use your camera: On a phone or tablet: Settings" in letter
    assert "stays lawful (GDPR Art. 7(3))" in letter


def test_who_has_no_such_consent_is_told_so(world: World) -> None:
    subject_request = withdrawn(world, "marketing", email="nobody@example.com")
    world.work(State.DELIVERED, subject_request)
    assert scenes.item_of(subject_request, Kind.STOP, "app-database").outcome == Outcome.NOTHING
    assert "There was nothing to stop." in world.letters()[-1]
    assert subject_request.withdrawals.get().stopped_at is None
    assert not subject_request.tellings.exists()


def test_where_nobody_could_look_the_letter_does_not_say_that_we_looked(world: World) -> None:
    subject_request = withdrawn(world, "marketing")
    PlanItem.objects.filter(subject_request=subject_request, kind=Kind.STOP).delete()
    work.advance(subject_request, at=world.at)
    world.work(State.DELIVERED, subject_request)
    letter = world.letters()[-1]
    assert "Nothing could be looked for" in letter
    assert "We looked" not in letter


def test_a_processor_is_told_by_its_service_and_recipients_are_told(world: World) -> None:
    subject_request = withdrawn(world, "generation", controller="pixplus")
    world.work(State.DELIVERED, subject_request)
    assert in_force(world, "ai-processing", of="pp000001", name=PIXPLUS) == 0
    assert scenes.item_of(subject_request, Kind.STOP, "runninghub").state == ItemState.DONE
    assert list(subject_request.tellings.values_list("recipient", flat=True)) == ["runninghub"]


def test_what_only_the_device_can_end_is_not_recorded_as_stopped_here(world: World) -> None:
    with pytest.raises(intake.NotAccepted, match="camera"):
        withdrawn(world, "camera")
    assert "camera" in withdrawal.elsewhere(maps.controller("joypix").controller)
    assert not SubjectRequest.objects.exists()


@pytest.mark.parametrize("purposes", [(), ("account",), ("nonsense",), ("marketing", "legal")])
def test_only_what_was_agreed_to_can_be_withdrawn(world: World, purposes: tuple[str, ...]) -> None:
    with pytest.raises(intake.NotAccepted):
        withdrawn(world, *purposes)


def test_a_database_that_silently_goes_on_is_not_believed(world: World) -> None:
    agreed(world, "marketing")
    with scenes.live(world) as database:
        database.execute("CREATE TRIGGER quiet BEFORE UPDATE ON consents BEGIN SELECT RAISE(IGNORE); END")
    subject_request = withdrawn(world, "marketing")
    scenes.work_on(world, subject_request, Kind.STOP)
    item = scenes.item_of(subject_request, Kind.STOP, "app-database")
    assert (item.state, item.outcome) == (ItemState.QUARANTINED, "")
    assert "not stopped" in item.note
    subject_request.refresh_from_db()
    assert subject_request.state == State.APPROVED


def test_a_worker_that_dies_after_the_effect_leaves_behind_that_there_was_something_to_stop(world: World) -> None:
    agreed(world, "marketing")
    subject_request = withdrawn(world, "marketing")
    with scenes.dying(ledger, "finish"):
        work.do_next(at=world.at)
    assert in_force(world, "marketing") == 0
    item = scenes.item_of(subject_request, Kind.STOP, "app-database")
    PlanItem.objects.filter(pk=item.pk).update(lease_until=scenes.LONG_AGO)
    world.work(State.DELIVERED, subject_request)
    item.refresh_from_db()
    assert (item.outcome, item.counts, item.fence) == (Outcome.STOPPED, {"marketing": 1}, 2)


def test_only_a_proven_identifier_withdraws(world: World) -> None:
    agreed(world, "marketing")
    identities = ((IdentityKind.EMAIL, "mallory@example.com"), (IdentityKind.ACCOUNT, "jp000001"))
    asked = intake.Intake("joypix", Right.CONSENT_WITHDRAWAL, identities, purposes=("marketing",))
    subject_request = intake.receive(asked, by=SUBJECT, at=world.at)
    world.prove(subject_request)
    work.advance(subject_request, at=world.at)
    world.work(State.DELIVERED, subject_request)
    assert in_force(world, "marketing") >= 1


def test_it_can_be_cancelled_until_stopping_has_begun(world: World) -> None:
    agreed(world, "marketing")
    subject_request = withdrawn(world, "marketing")
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    world.work()
    assert in_force(world, "marketing") >= 1
    other = withdrawn(world, "marketing")
    work.do_next(at=world.at)
    other.refresh_from_db()
    with pytest.raises(Conflict):
        cancellation.cancel(other, by=SUBJECT, at=world.at)


def test_a_withdrawal_is_never_answered_by_a_letter_that_somebody_writes(world: World, dana: Actor) -> None:
    subject_request = withdrawn(world, "marketing")
    with pytest.raises(Conflict):
        review.answer(subject_request, text="Done.", by=dana, at=world.at)


def test_what_asks_for_another_waits_for_staff(world: World) -> None:
    subject_request = world.file(Right.CONSENT_WITHDRAWAL)
    SubjectRequest.objects.filter(pk=subject_request.pk).update(asker="agent")
    subject_request.refresh_from_db()
    world.prove(subject_request)
    work.advance_stalled(at=world.at)
    subject_request.refresh_from_db()
    assert subject_request.state == State.VERIFIED


def test_a_withdrawal_that_is_merged_at_the_same_moment_is_not_accepted(world: World, dana: Actor) -> None:
    first, second = world.file(Right.CONSENT_WITHDRAWAL), world.file(Right.CONSENT_WITHDRAWAL)
    world.prove(second)
    SubjectRequest.objects.filter(pk=first.pk).update(state=State.VERIFIED)
    first.identities.update(proven_at=world.at)
    second.refresh_from_db()
    with (
        scenes.a_rival_before("SAVEPOINT", lambda: merging.merge(second, first, by=dana, at=world.at)),
        pytest.raises(Conflict, match=first.reference),
    ):
        withdrawal.begin(second, world.at)
    second.refresh_from_db()
    assert second.state == State.VERIFIED


def test_what_was_stopped_can_be_said_again(world: World, dana: Actor) -> None:
    agreed(world, "marketing")
    world.work(State.DELIVERED, withdrawn(world, "marketing"))
    said = world.letters()[-1]
    resending.send_again(Notice.objects.get(letter=Letter.WITHDRAWN), by=dana, at=world.at)
    assert world.letters()[-1] == said

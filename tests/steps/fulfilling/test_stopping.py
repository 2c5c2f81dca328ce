"""Before everything is erased it is stopped, so that nothing refills; what is cancelled is opened again."""

import pytest

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import PlanItem, SubjectRequest
from dsr.steps import ledger, work
from dsr.steps.answering import packaging
from dsr.steps.asking import cancellation, intake
from dsr.steps.deciding import approval, review
from dsr.steps.move import Conflict
from tests.conftest import SAM, World
from tests.steps import scenes


def accepted(world: World, dana: Actor, scope: str = "", controller: str = "joypix") -> SubjectRequest:
    """Sam's erasure, in a scope of the controller."""
    asked = intake.Intake(controller, Right.ERASURE, ((IdentityKind.EMAIL, SAM),), scope=scope)
    subject_request = intake.receive(asked, by=SUBJECT, at=world.at)
    world.prove(subject_request)
    review.accept(subject_request, by=dana, at=world.at)
    return subject_request


def suspended(world: World) -> bool:
    """Whether Sam's account is disabled, asked past the portal."""
    with scenes.live(world) as database:
        return bool(database.execute("SELECT suspended_at FROM users WHERE id = 'jp000001'").fetchone() != (None,))


def agreed(world: World) -> int:
    """How many of Sam's consents are in force."""
    with scenes.live(world) as database:
        query = "SELECT count(*) FROM consents WHERE user_id = 'jp000001' AND withdrawn_at IS NULL"
        return int(database.execute(query).fetchone()[0])


@pytest.mark.parametrize("scope", ["", "everything"])
def test_the_account_is_disabled_and_consent_stopped_before_anything_is_searched(
    world: World, dana: Actor, scope: str
) -> None:
    subject_request = accepted(world, dana, scope)
    assert "Your account is disabled now" in world.letters()[-1]
    scenes.work_on(world, subject_request, Kind.STOP)
    assert suspended(world)
    assert agreed(world) == 0
    assert {item.fence for item in subject_request.items.filter(kind=Kind.FIND)} == {0}


def test_an_erasure_of_content_alone_disables_nothing(world: World, dana: Actor) -> None:
    subject_request = accepted(world, dana, "content")
    assert "disabled" not in world.letters()[-1]
    before = agreed(world)
    world.work(State.SEARCHED, subject_request)
    assert not suspended(world)
    assert agreed(world) == before
    assert not subject_request.items.filter(kind=Kind.STOP).exists()


def test_an_erasure_of_content_alone_takes_the_content_alone(world: World, dana: Actor, eli: Actor) -> None:
    subject_request = accepted(world, dana, "content")
    world.work(State.SEARCHED, subject_request)
    listed = {f"{row['system']}.{row['collection']}" for row in subject_request.manifest.summary}
    media = {f"media-store.{name}" for name in ("uploads", "saved", "public")}
    assert listed <= {"app-database.generations"} | media
    assert "app-database.generations" in listed
    approval.approve(subject_request, digest=subject_request.manifest.digest, by=eli, at=world.at)
    world.later(days=4)
    world.work(State.PACKAGED, subject_request)
    with scenes.live(world) as database:
        assert database.execute("SELECT count(*) FROM generations WHERE user_id = 'jp000001'").fetchone() == (0,)
        assert database.execute("SELECT email FROM users WHERE id = 'jp000001'").fetchone() == (SAM,)
        assert database.execute("SELECT count(*) FROM consents WHERE user_id = 'jp000001'").fetchone() != (0,)
    told = packaging.answer_to(subject_request, at=world.at)
    named = {f"{system.system}.{row.collection}" for system in told.systems for row in system.collections}
    assert named <= listed


@pytest.mark.parametrize("scope", ["nonsense", "Everything"])
def test_a_scope_that_is_not_offered_is_not_taken(world: World, dana: Actor, scope: str) -> None:
    with pytest.raises(intake.NotAccepted):
        accepted(world, dana, scope)


def test_who_cancels_has_the_account_again_and_consent_stays_withdrawn(world: World, dana: Actor) -> None:
    subject_request = accepted(world, dana)
    world.work(State.SEARCHED, subject_request)
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    letter = world.letters()[-1]
    world.work()
    assert not suspended(world)
    assert agreed(world) == 0
    assert "We enable it again. What you had agreed to stays withdrawn" in letter
    assert scenes.item_of(subject_request, Kind.RESUME, "app-database").outcome == Outcome.RESUMED


def test_who_is_refused_has_the_account_again(world: World, dana: Actor) -> None:
    subject_request = accepted(world, dana)
    world.work(State.SEARCHED, subject_request)
    review.refuse(subject_request, ground=Ground.NOT_IDENTIFIABLE, by=dana, at=world.at)
    world.work()
    assert not suspended(world)
    assert "We enable it again" in world.letters()[-1]


def test_who_cancels_before_anything_was_stopped_reads_nothing_of_it(world: World, dana: Actor) -> None:
    subject_request = accepted(world, dana)
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    world.work()
    assert not suspended(world)
    assert "enable" not in world.letters()[-1]
    assert not subject_request.items.filter(kind=Kind.RESUME).exists()


def test_an_account_that_was_closed_by_another_is_not_opened_by_a_cancellation(world: World, dana: Actor) -> None:
    with scenes.live(world) as database:
        database.execute("UPDATE users SET suspended_at = '2026-10-01T00:00:00Z' WHERE id = 'jp000001'")
    subject_request = accepted(world, dana)
    world.work(State.SEARCHED, subject_request)
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    world.work()
    assert suspended(world)


def test_a_stop_that_runs_while_the_person_cancels_is_taken_back(world: World, dana: Actor) -> None:
    subject_request = accepted(world, dana)
    with scenes.dying(ledger, "finish"):
        work.do_next(at=world.at)
    cancellation.cancel(SubjectRequest.objects.get(pk=subject_request.pk), by=SUBJECT, at=world.at)
    assert suspended(world)
    PlanItem.objects.filter(kind=Kind.STOP).update(lease_until=scenes.LONG_AGO)
    world.work()
    assert not suspended(world)
    states = set(subject_request.items.filter(kind__in=[Kind.STOP, Kind.RESUME]).values_list("state", flat=True))
    assert states == {ItemState.DONE}


def test_an_account_that_does_not_open_again_is_not_called_open(world: World, dana: Actor) -> None:
    subject_request = accepted(world, dana)
    world.work(State.SEARCHED, subject_request)
    with scenes.live(world) as database:
        database.execute("CREATE TRIGGER quiet BEFORE UPDATE ON users BEGIN SELECT RAISE(IGNORE); END")
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    world.work()
    item = scenes.item_of(subject_request, Kind.RESUME, "app-database")
    assert (item.state, item.note) == (ItemState.QUARANTINED, "Read back: the account is still disabled.")
    with scenes.live(world) as database:
        database.execute("DROP TRIGGER quiet")
    ledger.retry(item, by=dana, at=world.at)
    world.work()
    assert not suspended(world)


def test_a_system_that_cannot_be_stopped_holds_up_the_search_until_the_approver_leaves_it_out(
    world: World, dana: Actor, eli: Actor
) -> None:
    with scenes.live(world) as database:
        database.execute("CREATE TRIGGER quiet BEFORE UPDATE ON users BEGIN SELECT RAISE(IGNORE); END")
    subject_request = accepted(world, dana)
    world.work()
    item = scenes.item_of(subject_request, Kind.STOP, "app-database")
    assert item.state == ItemState.QUARANTINED
    assert not subject_request.items.filter(kind=Kind.FIND, fence__gt=0).exists()
    approval.exclude(item, reason="Disabled by hand.", by=eli, at=world.at)
    world.work(State.SEARCHED, subject_request)


def test_of_fifty_clicks_on_cancel_one_does_it(world: World, dana: Actor) -> None:
    subject_request = accepted(world, dana)
    world.work(State.SEARCHED, subject_request)
    stale = [SubjectRequest.objects.get(pk=subject_request.pk) for _ in range(50)]
    done = 0
    for each in stale:
        try:
            cancellation.cancel(each, by=SUBJECT, at=world.at)
        except Conflict:
            continue
        done += 1
    assert done == 1
    assert subject_request.events.filter(tag="request:cancelled").count() == 1
    assert subject_request.items.filter(kind=Kind.RESUME).count() == 1


def test_a_rival_click_in_the_last_moment_cancels_nothing_twice(world: World, dana: Actor) -> None:
    subject_request = accepted(world, dana)
    world.work(State.SEARCHED, subject_request)
    rival = SubjectRequest.objects.filter(pk=subject_request.pk)
    with (
        scenes.a_rival_before('UPDATE "dsr_subjectrequest"', lambda: rival.update(state=State.CANCELLED)),
        pytest.raises(Conflict),
    ):
        cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    assert not subject_request.items.filter(kind=Kind.RESUME).exists()

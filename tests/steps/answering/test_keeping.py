"""A closed request keeps, after its time, only what proves that it was answered (P13)."""

from collections.abc import Callable
from datetime import date, datetime

import pytest
from django.core.management import call_command

from dsr.law.actors import SUBJECT, Actor
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Asker, Channel, ItemState, Kind, Letter
from dsr.models import (
    Event,
    EventSecret,
    Identity,
    LegalHold,
    Package,
    Part,
    PlanItem,
    Representative,
    SubjectRequest,
    Supplement,
)
from dsr.steps import work
from dsr.steps.answering import keeping
from dsr.steps.asking import cancellation
from dsr.steps.deciding import blocking, holds, review
from dsr.steps.deciding.holds import Order
from dsr.steps.fulfilling import search
from dsr.steps.post import notices
from dsr.steps.recording import sequencer
from tests import staging
from tests.conftest import World, walked
from tests.steps import scenes
from tests.steps.representing import asked_by
from tests.steps.scenes import live


@staging.scene()
def erasure(world: World) -> SubjectRequest:
    """An erasure of Sam's, carried out and answered."""
    return walked(world, Right.ERASURE)


@pytest.fixture
def complaint(world: World, dana: Actor) -> SubjectRequest:
    """A complaint of Sam's, answered by Dana."""
    subject_request = world.file(Right.COMPLAINT, details="A word that only Sam wrote: zebra")
    world.prove(subject_request)
    review.accept(subject_request, by=dana, at=world.at)
    review.answer(subject_request, text="Dear Sam, we are sorry.", by=dana, at=world.at)
    world.letters()
    return subject_request


def years_later(world: World) -> datetime:
    return world.later(days=732)


def test_after_24_months_nothing_that_sam_said_is_left(complaint: SubjectRequest, world: World) -> None:
    keeping.reduce_next(at=years_later(world))
    complaint.refresh_from_db()
    assert complaint.details() == ""
    assert complaint.answer() == ""
    assert not Identity.objects.filter(subject_request=complaint).exists()
    assert set(complaint.notices.values_list("addressee_sealed", "context_sealed")) == {("", "")}


def test_what_proves_that_it_was_answered_stays(complaint: SubjectRequest, world: World) -> None:
    before = set(Event.objects.filter(subject_request=complaint).values_list("tag", flat=True))
    keeping.reduce_next(at=years_later(world))
    complaint.refresh_from_db()
    assert (complaint.right, complaint.state) == (Right.COMPLAINT, State.DELIVERED)
    assert complaint.answered_at is not None
    after = set(Event.objects.filter(subject_request=complaint).values_list("tag", flat=True))
    assert after == before | {"request:reduced"}
    sequencer.sequence(at=world.at)
    call_command("verify_audit")


def test_a_day_before_its_time_nothing_goes(complaint: SubjectRequest, world: World) -> None:
    assert not keeping.reduce_next(at=world.later(days=729))
    complaint.refresh_from_db()
    assert "zebra" in complaint.details()


def test_an_open_request_is_never_reduced(world: World) -> None:
    world.file(Right.COMPLAINT, details="still open")
    assert not keeping.reduce_next(at=years_later(world))


def test_a_request_on_legal_hold_is_never_reduced(complaint: SubjectRequest, world: World) -> None:
    LegalHold.objects.create(
        controller=complaint.controller,
        subject_request=complaint,
        reason_sealed="",
        set_at=world.at,
        review_on=world.at,
    )
    assert not keeping.reduce_next(at=years_later(world))


def test_it_is_reduced_once(complaint: SubjectRequest, world: World) -> None:
    at = years_later(world)
    assert keeping.reduce_next(at=at)
    assert not keeping.reduce_next(at=at)
    assert Event.objects.filter(tag="request:reduced").count() == 1


def test_kept_orders_are_erased_on_their_date_though_the_request_is_reduced_by_then(
    erasure: SubjectRequest, world: World
) -> None:
    SubjectRequest.objects.filter(pk=erasure.pk).update(state=State.DELIVERED, closed_at=world.at)
    assert keeping.reduce_next(at=years_later(world))
    assert Package.objects.filter(subject_request=erasure).exclude(wrapped_key="").count() == 0
    open_items = PlanItem.objects.filter(subject_request=erasure, kind=Kind.ERASE, until__isnull=False)
    last = max(item.not_before for item in open_items)
    world.at = last
    while work.do_next(at=world.at):
        pass
    with live(world) as database:
        mine = database.execute("SELECT count(*) FROM orders WHERE user_id = 'jp000001'").fetchone()[0]
    assert mine == 0
    assert set(open_items.values_list("state", flat=True)) == {ItemState.DONE}
    keeping.forget_done_manifests()
    assert not Part.objects.filter(subject_request=erasure).exclude(wrapped_key="").exists()


HELD = Order("A claim is before the court.", date(2030, 1, 1), person=True)


def test_a_request_of_a_person_on_legal_hold_is_never_reduced(
    complaint: SubjectRequest, world: World, dana: Actor
) -> None:
    other = world.file(Right.COMPLAINT)
    world.prove(other)
    hold = holds.set_hold(other, HELD, by=dana, at=world.at)[0]
    at = years_later(world)
    assert not keeping.reduce_next(at=at)
    complaint.refresh_from_db()
    assert "zebra" in complaint.details()
    holds.release(hold, by=dana, at=at)
    assert keeping.reduce_next(at=at)


def test_a_hold_that_is_set_while_it_is_reduced_still_stops_that(
    complaint: SubjectRequest, world: World, dana: Actor
) -> None:
    other = world.file(Right.COMPLAINT)
    world.prove(other)
    at = years_later(world)
    with scenes.a_rival_before("SAVEPOINT", lambda: holds.set_hold(other, HELD, by=dana, at=world.at)):
        assert not keeping.reduce_next(at=at)
    complaint.refresh_from_db()
    assert (complaint.reduced_at, complaint.identities.count()) == (None, 1)


def test_a_later_hold_on_the_person_stops_the_deferred_erasure_of_a_reduced_request(
    erasure: SubjectRequest, world: World, dana: Actor
) -> None:
    SubjectRequest.objects.filter(pk=erasure.pk).update(state=State.DELIVERED, closed_at=world.at)
    assert keeping.reduce_next(at=years_later(world))
    identity = Identity.objects.get(subject_request=erasure)
    assert (identity.value_sealed, identity.value(), identity.proofs.count()) == ("", "", 0)
    other = world.file(Right.COMPLAINT)
    world.prove(other)
    hold = holds.set_hold(other, HELD, by=dana, at=world.at)[0]
    assert blocking.standing(erasure) == [hold]
    deferred = PlanItem.objects.filter(subject_request=erasure, kind=Kind.ERASE, until__isnull=False)
    world.at = max(item.not_before for item in deferred)
    while work.do_next(at=world.at):
        pass
    assert set(deferred.values_list("state", flat=True)) == {ItemState.READY}
    keeping.forget_done_manifests()
    assert Identity.objects.filter(subject_request=erasure).exists()
    holds.release(hold, by=dana, at=world.at)
    while work.do_next(at=world.at):
        pass
    assert set(deferred.values_list("state", flat=True)) == {ItemState.DONE}
    keeping.forget_done_manifests()
    assert not Identity.objects.filter(subject_request=erasure).exists()


def test_a_hold_that_is_set_on_a_reduced_request_holds_its_person_and_nobody_else(
    answered: Callable[..., SubjectRequest], world: World, dana: Actor
) -> None:
    mine, other = answered(Right.ERASURE), answered(Right.ERASURE, email="li.wei@example.com")
    SubjectRequest.objects.update(state=State.DELIVERED, closed_at=world.at)
    at = years_later(world)
    while keeping.reduce_next(at=at):
        pass
    holds.set_hold(mine, HELD, by=dana, at=at)
    assert blocking.blocks_erasure(mine)
    assert not blocking.blocks_erasure(other)


def test_nobody_is_written_to_about_a_reduced_request(erasure: SubjectRequest, world: World) -> None:
    SubjectRequest.objects.filter(pk=erasure.pk).update(
        state=State.DELIVERED, closed_at=world.at, channel=Channel.LETTER
    )
    assert keeping.reduce_next(at=years_later(world))
    erasure.refresh_from_db()
    assert erasure.mailbox() is None
    assert search.proven(erasure) == {}
    assert notices.queue(erasure, Letter.HELD, at=world.at) is None


def test_on_the_last_day_itself_nothing_goes_yet(complaint: SubjectRequest, world: World) -> None:
    assert not keeping.reduce_next(at=world.later(days=731))
    assert keeping.reduce_next(at=world.later(days=1))


def test_what_events_commit_to_is_forgotten_with_the_rest(world: World, dana: Actor) -> None:
    subject_request = world.file(Right.COMPLAINT)
    world.prove(subject_request)
    review.refuse(subject_request, ground=Ground.NOT_A_REQUEST, words="Dear Sam.", by=dana, at=world.at)
    mine = EventSecret.objects.filter(event__subject_request=subject_request)
    assert mine.count() == 1
    assert keeping.reduce_next(at=years_later(world))
    assert not mine.exists()


def test_who_asked_for_somebody_is_forgotten_with_the_rest(world: World) -> None:
    subject_request = asked_by(world, Asker.AGENT)
    world.prove(subject_request)
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    mine = Representative.objects.filter(subject_request=subject_request)
    assert mine.exists()
    assert keeping.reduce_next(at=years_later(world))
    assert not mine.exists()


def test_a_supplement_is_kept_while_work_by_it_is_open(erasure: SubjectRequest, world: World, dana: Actor) -> None:
    late = Part.objects.create(
        subject_request=erasure, system="app-database", wrapped_key="key", sha256="0" * 64, size=1
    )
    Supplement.objects.create(
        subject_request=erasure,
        system="app-database",
        part=late,
        digest=late.sha256,
        summary=[],
        closed_at=world.at,
        closed_by_id=int(dana.id),
    )
    SubjectRequest.objects.filter(pk=erasure.pk).update(state=State.DELIVERED, closed_at=world.at)
    assert keeping.reduce_next(at=years_later(world))
    late.refresh_from_db()
    assert late.wrapped_key == "key"
    PlanItem.objects.filter(subject_request=erasure).update(state=ItemState.DONE)
    keeping.forget_done_manifests()
    late.refresh_from_db()
    assert late.wrapped_key == ""

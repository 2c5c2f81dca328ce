"""A closed request keeps, after its time, only what proves that it was answered (P13)."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.core.management import call_command

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind
from dsr.models import Event, Identity, LegalHold, Package, Part, PlanItem, SubjectRequest
from dsr.steps import keeping, review, sequencer, work
from tests.conftest import World
from tests.steps.scenes import live


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
    answered: Callable[..., SubjectRequest], world: World
) -> None:
    erasure = answered(Right.ERASURE)
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

"""One person, one right, one answer; and what nobody has proven never gets in the way (A19)."""

import pytest

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Asker, Letter
from dsr.models import Link, SubjectRequest
from dsr.steps import permissions
from dsr.steps.asking import cancellation, intake, representation
from dsr.steps.deciding import merging, review
from dsr.steps.move import Conflict
from tests.conftest import SAM, World
from tests.steps import scenes
from tests.steps.representing import NAMES, asked_by


def proven(world: World, right: Right = Right.ACCESS, controller: str = "joypix") -> SubjectRequest:
    """Sam asks and proves it; an hour later."""
    world.later(hours=1)
    subject_request = world.file(right, controller)
    world.prove(subject_request)
    subject_request.refresh_from_db()
    return subject_request


@pytest.fixture
def two(world: World) -> tuple[SubjectRequest, SubjectRequest]:
    """The same, asked twice."""
    return proven(world), proven(world)


@pytest.fixture
def merged(world: World, dana: Actor, two: tuple[SubjectRequest, SubjectRequest]) -> tuple[SubjectRequest, ...]:
    """The second is answered with the first."""
    first, second = two
    merging.merge(second, first, by=dana, at=world.at)
    return first, second


def test_a_second_request_for_the_same_is_pointed_out(two: tuple[SubjectRequest, SubjectRequest]) -> None:
    first, second = two
    assert merging.originals(second) == [first]
    assert merging.originals(first) == []


@pytest.mark.parametrize(("right", "controller"), [(Right.ERASURE, "joypix"), (Right.ACCESS, "pixplus")])
def test_another_right_or_another_controller_is_no_duplicate(world: World, right: Right, controller: str) -> None:
    first = proven(world)
    second = proven(world, right, controller)
    assert merging.originals(second) == []
    assert merging.originals(first) == []


def test_an_unproven_request_neither_absorbs_nor_is_absorbed(world: World, dana: Actor) -> None:
    mallorys = world.file(Right.ACCESS)
    sams = proven(world)
    later = world.file(Right.ACCESS)
    assert merging.originals(sams) == []
    assert merging.originals(later) == []
    for one, other in ((sams, mallorys), (later, sams), (mallorys, sams)):
        with pytest.raises(Conflict, match="same proven person"):
            merging.merge(one, other, by=dana, at=world.at)
    review.accept(sams, by=dana, at=world.at)
    assert sams.state == State.ACCEPTED


def test_an_unproven_identifier_makes_nobody_the_same_person(world: World) -> None:
    proven(world)
    second = proven(world)
    second.identities.update(proven_at=None)
    assert merging.originals(second) == []


def test_what_others_ask_for_sam_never_takes_the_place_of_sams_own(world: World, dana: Actor) -> None:
    first = asked_by(world, Asker.GUARDIAN)
    world.prove(first)
    representation.check(first, note="Birth certificate seen", by=dana, at=world.at)
    second = proven(world)
    third = asked_by(world, Asker.GUARDIAN)
    world.prove(third)
    representation.check(third, note="Birth certificate seen", by=dana, at=world.at)
    assert merging.originals(second) == []
    assert merging.originals(third) == [first]
    with pytest.raises(Conflict, match="same proven person"):
        merging.merge(second, first, by=dana, at=world.at)


def test_one_guardian_is_not_answered_with_another(world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, email in (("Greta Garda", "greta@family.example"), ("Mallory", "mallory@example.com")):
        monkeypatch.setitem(NAMES, Asker.GUARDIAN, (name, email))
        last = asked_by(world, Asker.GUARDIAN)
        world.prove(last)
        representation.check(last, note="Birth certificate seen", by=dana, at=world.at)
        assert merging.originals(last) == []


def test_a_duplicate_has_no_plan_of_its_own(
    world: World, dana: Actor, merged: tuple[SubjectRequest, SubjectRequest]
) -> None:
    first, second = merged
    with pytest.raises(Conflict, match=f"answered with {first.reference}"):
        review.accept(second, by=dana, at=world.at)
    assert not second.items.exists()
    assert second.notices.filter(letter=Letter.MERGED).count() == 1


def test_a_duplicate_ends_with_its_answered_original(
    world: World, dana: Actor, merged: tuple[SubjectRequest, SubjectRequest]
) -> None:
    first, second = merged
    review.accept(first, by=dana, at=world.at)
    world.work(State.PACKAGED, first)
    assert merging.end_next(at=world.at)
    assert not merging.end_next(at=world.at)
    second.refresh_from_db()
    assert (second.state, second.answered_at) == (State.DELIVERED, world.at)
    assert second.notices.filter(letter=Letter.ANSWERED_WITH).count() == 1
    assert any(first.reference in text and second.reference in text for text in world.letters())


def test_a_duplicate_is_refused_with_its_original(
    world: World, dana: Actor, merged: tuple[SubjectRequest, SubjectRequest]
) -> None:
    first, second = merged
    review.refuse(first, ground=Ground.NOT_IDENTIFIABLE, words="We hold no key to it.", by=dana, at=world.at)
    merging.end_next(at=world.at)
    second.refresh_from_db()
    assert (second.state, second.ground) == (State.REFUSED, Ground.NOT_IDENTIFIABLE)
    assert second.refusal() == "We hold no key to it."
    assert second.notices.filter(letter=Letter.REFUSED).count() == 1


def test_both_requests_keep_in_the_record_that_one_is_answered_with_the_other(
    merged: tuple[SubjectRequest, SubjectRequest],
) -> None:
    first, second = merged
    assert second.events.get(tag="request:merged").details["into"] == first.reference
    assert first.events.get(tag="request:absorbed").details["duplicate"] == second.reference


def test_a_request_is_not_linked_with_itself(world: World, dana: Actor) -> None:
    subject_request = proven(world)
    with pytest.raises(Conflict, match="another request"):
        merging.link(subject_request, subject_request, by=dana, at=world.at)


def test_another_scope_repeats_nothing(two: tuple[SubjectRequest, SubjectRequest]) -> None:
    first, second = two
    SubjectRequest.objects.filter(pk=first.pk).update(scope="content")
    assert merging.originals(second) == []


def test_a_childs_checked_request_follows_the_one_before(world: World, dana: Actor) -> None:
    first, second = (asked_by(world, Asker.GUARDIAN) for _ in range(2))
    for each in (first, second):
        SubjectRequest.objects.filter(pk=each.pk).update(state=State.VERIFIED)
        each.refresh_from_db()
    representation.check(first, note="Birth certificate seen", by=dana, at=world.at)
    review.refuse(first, ground=Ground.NOT_IDENTIFIABLE, by=dana, at=world.at)
    representation.check(second, note="Birth certificate seen", by=dana, at=world.at)
    assert Link.objects.get(of=second).to == first


def test_a_duplicate_goes_its_own_way_when_its_original_is_cancelled(
    world: World, dana: Actor, merged: tuple[SubjectRequest, SubjectRequest]
) -> None:
    first, second = merged
    cancellation.cancel(first, by=SUBJECT, at=world.at)
    assert merging.end_next(at=world.at)
    assert merging.original(second) is None
    review.accept(second, by=dana, at=world.at)
    assert second.state == State.ACCEPTED


def test_a_cancelled_duplicate_leaves_its_original_alone(
    world: World, dana: Actor, merged: tuple[SubjectRequest, SubjectRequest]
) -> None:
    first, second = merged
    cancellation.cancel(second, by=SUBJECT, at=world.at)
    assert merging.end_next(at=world.at)
    first.refresh_from_db()
    assert first.state == State.VERIFIED


def test_no_chain_of_duplicates_comes_to_be(
    world: World, dana: Actor, merged: tuple[SubjectRequest, SubjectRequest]
) -> None:
    first, second = merged
    third = proven(world)
    assert merging.originals(third) == [first]
    with pytest.raises(Conflict):
        merging.merge(third, second, by=dana, at=world.at)


def test_only_reviewers_merge_and_link(world: World, eli: Actor, two: tuple[SubjectRequest, SubjectRequest]) -> None:
    first, second = two
    for act in (merging.merge, merging.link):
        with pytest.raises(permissions.Forbidden):
            act(second, first, by=eli, at=world.at)


def test_requests_of_one_controller_are_linked_once(world: World, dana: Actor) -> None:
    first, second, elsewhere = proven(world), proven(world, Right.ERASURE), proven(world, Right.ACCESS, "pixplus")
    merging.link(second, first, by=dana, at=world.at)
    with pytest.raises(Conflict, match="linked already"):
        merging.link(second, first, by=dana, at=world.at)
    with pytest.raises(Conflict, match="same controller"):
        merging.link(second, elsewhere, by=dana, at=world.at)
    assert Link.objects.count() == 1


def test_who_asks_again_files_a_new_request_that_follows_the_old_one(world: World, dana: Actor) -> None:
    first = proven(world)
    review.refuse(first, ground=Ground.NOT_IDENTIFIABLE, by=dana, at=world.at)
    second = proven(world)
    link = Link.objects.get(of=second)
    assert (link.to, link.kind) == (first, Link.FOLLOW_UP)
    first.refresh_from_db()
    assert first.state == State.REFUSED


def test_what_is_merged_at_the_same_moment_is_not_accepted(
    world: World, dana: Actor, two: tuple[SubjectRequest, SubjectRequest]
) -> None:
    first, second = two
    rival = scenes.a_rival_before("SAVEPOINT", lambda: merging.merge(second, first, by=dana, at=world.at))
    with rival, pytest.raises(Conflict, match="answered with"):
        review.accept(second, by=dana, at=world.at)
    second.refresh_from_db()
    assert second.state == State.VERIFIED


def test_what_is_merged_at_the_same_moment_is_not_answered(world: World, dana: Actor) -> None:
    first, second = proven(world, Right.COMPLAINT), proven(world, Right.COMPLAINT)
    rival = scenes.a_rival_before("SAVEPOINT", lambda: merging.merge(second, first, by=dana, at=world.at))
    with rival, pytest.raises(Conflict, match="answered with"):
        review.answer(second, text="Dear Sam.", by=dana, at=world.at)
    second.refresh_from_db()
    assert second.state == State.VERIFIED


def test_who_proves_an_account_does_not_follow_somebody_who_only_named_it(world: World, dana: Actor) -> None:
    account = (IdentityKind.ACCOUNT, "jp000001")
    named = intake.Intake("joypix", Right.ACCESS, ((IdentityKind.EMAIL, "mallory@example.com"), account))
    mallorys = intake.receive(named, by=SUBJECT, at=world.at)
    world.prove(mallorys)
    review.refuse(mallorys, ground=Ground.NOT_IDENTIFIABLE, by=dana, at=world.at)
    sams = intake.receive(
        intake.Intake("joypix", Right.ACCESS, ((IdentityKind.EMAIL, SAM), account)), by=SUBJECT, at=world.at
    )
    world.prove(sams)
    sams.identities.update(proven_at=world.at)
    merging.follow_up(sams, at=world.at)
    assert not Link.objects.filter(of=sams).exists()

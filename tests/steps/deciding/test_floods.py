"""A flood is merged, slowed and never refused: what one person asks many times is answered once (I15)."""

import pytest

from dsr.law.actors import PORTAL, SUBJECT
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Letter
from dsr.models import Event, Notice, SubjectRequest
from dsr.steps.asking import verification
from dsr.steps.deciding import merging
from dsr.steps.deciding.floods import FLOOD
from tests.conftest import SAM, World


def proven(world: World, details: str = "") -> SubjectRequest:
    world.later(hours=1)
    subject_request = world.file(Right.ACCESS, details=details)
    world.prove(subject_request)
    subject_request.refresh_from_db()
    return subject_request


def test_what_one_person_proves_again_and_again_is_merged_by_itself_and_never_refused(world: World) -> None:
    asked = [proven(world) for _ in range(10)]
    originals = [merging.original(each) for each in asked]
    assert originals == [None] * FLOOD + [asked[0]] * (10 - FLOOD)
    assert {each.state for each in asked} == {State.VERIFIED}
    merged = Event.objects.filter(tag="request:merged")
    assert {event.actor for event in merged} == {str(PORTAL)}


def test_another_word_is_another_request_however_many_there_are(world: World) -> None:
    for _ in range(FLOOD):
        proven(world)
    assert merging.original(proven(world, details="Only the pictures, please")) is None


def test_copies_that_strangers_filed_end_with_the_proof_and_write_no_letter(world: World) -> None:
    flood = [world.file(Right.ACCESS) for _ in range(100)]
    sams = world.file(Right.ACCESS, email="other@example.com"), world.file(Right.ACCESS, details="For my tax return")
    world.later(hours=2)
    own = world.file(Right.ACCESS)
    world.prove(own)
    assert set(SubjectRequest.objects.filter(pk__in=[each.pk for each in flood]).values_list("state", flat=True)) == {
        State.LAPSED
    }
    for other in sams:
        other.refresh_from_db()
        assert other.state == State.RECEIVED
    own.refresh_from_db()
    assert own.state == State.VERIFIED
    assert not Notice.objects.filter(letter=Letter.LAPSED).exists()


def test_a_mailbox_hears_once_a_day_that_requests_in_its_name_ended(world: World) -> None:
    for _ in range(30):
        world.file(Right.ACCESS)
    world.file(Right.ACCESS, email="other@example.com")
    world.later(days=8)
    while verification.lapse_next(at=world.at):
        pass
    assert set(SubjectRequest.objects.values_list("state", flat=True)) == {State.LAPSED}
    told = sorted(notice.addressee() for notice in Notice.objects.filter(letter=Letter.LAPSED))
    assert told == ["other@example.com", SAM]


@pytest.mark.parametrize("copies", [1, FLOOD - 1])
def test_a_request_sent_twice_waits_for_its_own_code_as_before(world: World, copies: int) -> None:
    twice = [world.file(Right.ACCESS) for _ in range(copies)]
    world.prove(world.file(Right.ACCESS))
    for each in twice:
        each.refresh_from_db()
        assert each.state == State.RECEIVED
    assert Event.objects.filter(tag="request:received", actor=str(SUBJECT)).count() == copies + 1

"""The owner's word, a hold or a freeze against an erasure without a mailbox: until the first effect it stops."""

from datetime import date

import pytest

from dsr.law.actors import PORTAL, SUBJECT
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Channel, Kind, Letter, NoticeState
from dsr.models import Event, LegalHold, Notice, PlanItem, SubjectRequest
from dsr.steps import ledger
from dsr.steps.asking import cancellation
from dsr.steps.asking.cancellation import Word
from dsr.steps.deciding import blocking, holds, review
from dsr.steps.fulfilling import execution, limits, stopping
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from dsr.steps.post import notices, resending
from tests.life.scene import SAM
from tests.steps import scenes
from tests.steps.on_paper import BY_TELEPHONE, Acme, account, agreed, frozen_by_its_owner, paper, with_a_mailbox


def test_a_word_by_telephone_cancels_it_and_opens_the_account_again(acme: Acme) -> None:
    subject_request = acme.stopped()
    cancellation.cancel_on_word(subject_request, BY_TELEPHONE, by=acme.devi, at=acme.later(hours=3))
    moved, came = Event.objects.get(tag="request:cancelled"), Event.objects.get(tag="cancellation:entered")
    assert (moved.actor, came.actor) == (str(acme.devi), str(acme.devi))
    assert (came.details, came.why()) == ({"channel": "telephone", "on": "2026-11-03"}, BY_TELEPHONE.reason)
    text = paper(subject_request, Letter.CANCELLED)
    assert "You told us so by telephone on Tuesday 3 November 2026." in text
    assert "We enable it again." in text
    assert account(acme) == [(SAM, 1)]
    acme.later(days=40)
    acme.work()
    assert account(acme) == [(SAM, 0)]


def test_who_was_told_on_file_hears_that_it_is_cancelled_and_nothing_of_the_word(acme: Acme) -> None:
    subject_request = acme.stopped()
    cancellation.cancel_on_word(subject_request, BY_TELEPHONE, by=acme.dana, at=acme.at)
    told = acme.sent_to(SAM)[-1]
    assert "What somebody had asked us for is cancelled: erasure of your data" in told
    assert "The account was disabled for this request. We enable it again." in told
    assert [said for said in ("telephone", "/requests/", "Your request is", "Ortiz") if said in told] == []
    first = subject_request.notices.get(letter=Letter.CANCELLED, to="on-file")
    resending.send_again(first, by=acme.dana, at=acme.at)
    assert acme.sent_to(SAM)[-1] == told


def test_a_letter_of_it_that_was_lost_says_the_same_again(acme: Acme) -> None:
    subject_request = acme.searched()
    cancellation.cancel_on_word(subject_request, BY_TELEPHONE, by=acme.dana, at=acme.at)
    first = Notice.objects.get(letter=Letter.CANCELLED, to="")
    said = notices.on_paper(first).text
    notices.posted(first, by=acme.dana, at=acme.at)
    first.refresh_from_db()
    resending.send_again(first, by=acme.dana, at=acme.at)
    assert notices.on_paper(Notice.objects.get(letter=Letter.CANCELLED, again_of=first)).text == said


@pytest.mark.parametrize(
    ("word", "says"),
    [
        (Word(Channel.LETTER, date(2026, 11, 4), "A letter"), "future"),
        (Word(Channel.LETTER, date(2026, 11, 2), "A letter"), "not arrived"),
        (Word(Channel.LETTER, date(2026, 11, 3), " "), "Write what was said"),
        (Word(Channel.WEB, date(2026, 11, 3), "On the web"), "Say how"),
    ],
)
def test_a_word_that_cannot_be_is_refused(acme: Acme, word: Word, says: str) -> None:
    subject_request = acme.asked()
    with pytest.raises(Conflict, match=says):
        cancellation.cancel_on_word(subject_request, word, by=acme.dana, at=acme.at)
    assert SubjectRequest.objects.get().state == State.RECEIVED


def test_staff_cancel_for_nobody_who_has_a_mailbox_and_only_who_reviews(acme: Acme) -> None:
    mine, theirs = acme.asked(), with_a_mailbox(acme)
    for subject_request, by in ((theirs, acme.dana), (mine, acme.eli), (mine, PORTAL), (mine, SUBJECT)):
        with pytest.raises(Forbidden):
            cancellation.cancel_on_word(subject_request, BY_TELEPHONE, by=by, at=acme.at)
    assert not Event.objects.filter(tag="request:cancelled").exists()


def test_a_word_in_the_moment_of_the_begin_is_too_late_and_has_no_effect(acme: Acme) -> None:
    subject_request = acme.stopped()
    with (
        scenes.a_rival_before("SAVEPOINT", lambda: ledger.claim(at=acme.at)),
        pytest.raises(Conflict, match="begun"),
    ):
        cancellation.cancel_on_word(subject_request, BY_TELEPHONE, by=acme.dana, at=acme.at)
    assert not Event.objects.filter(tag__in=["request:cancelled", "cancellation:entered"]).exists()
    assert SubjectRequest.objects.get().state == State.APPROVED


def test_of_two_who_enter_the_same_word_one_cancels(acme: Acme) -> None:
    subject_request = acme.approved()
    rival = SubjectRequest.objects.get()

    def first() -> None:
        cancellation.cancel_on_word(rival, BY_TELEPHONE, by=acme.devi, at=acme.at)

    with scenes.a_rival_before("SAVEPOINT", first), pytest.raises(Conflict):
        cancellation.cancel_on_word(subject_request, BY_TELEPHONE, by=acme.dana, at=acme.at)
    assert Event.objects.get(tag="cancellation:entered").actor == str(acme.devi)
    assert Notice.objects.filter(letter=Letter.CANCELLED, to="").count() == 1


def test_a_hold_holds_it_and_the_word_still_cancels(acme: Acme) -> None:
    subject_request = acme.approved()
    order = holds.Order("A court asked", date(2027, 1, 1))
    holds.set_hold(subject_request, order, by=acme.dana, at=acme.at)
    assert "write to us or call us" in paper(subject_request, Letter.HELD)
    cancellation.cancel_on_word(subject_request, BY_TELEPHONE, by=acme.dana, at=acme.at)
    assert subject_request.state == State.CANCELLED


def test_who_had_it_in_hand_never_waves_the_owners_objection_aside(acme: Acme) -> None:
    subject_request = acme.approved()
    frozen_by_its_owner(acme)
    hold = blocking.standing(subject_request)[0]
    for first in (acme.dana, acme.devi):
        with pytest.raises(Forbidden, match=subject_request.reference):
            holds.release(hold, by=first, at=acme.at)
    assert blocking.blocks_erasure(subject_request)
    holds.release(hold, by=acme.olga, at=acme.at)
    assert not blocking.blocks_erasure(subject_request)


def test_who_had_it_in_hand_never_releases_it_with_the_answer_to_the_owner_either(acme: Acme) -> None:
    subject_request = acme.approved()
    frozen_by_its_owner(acme)
    report = SubjectRequest.objects.get(right=Right.COMPROMISED_ACCOUNT)
    with pytest.raises(Conflict, match=subject_request.reference):
        review.answer(report, text="Nothing is wrong.", freeze="release", by=acme.dana, at=acme.at)
    assert blocking.blocks_erasure(subject_request)
    review.answer(report, text="Nothing is wrong.", freeze="release", by=acme.olga, at=acme.at)
    assert not blocking.blocks_erasure(subject_request)


def test_a_hold_that_comes_before_the_first_effect_leaves_the_word(acme: Acme) -> None:
    item = claimed(acme)
    frozen_by_its_owner(acme)
    meet_the_hold(acme, item)
    assert Event.objects.get(tag=ledger.UNTOUCHED).details == {"item": "erase database", "claim": 1}
    subject_request = item.subject_request
    cancellation.cancel_on_word(subject_request, BY_TELEPHONE, by=acme.dana, at=acme.at)
    assert (subject_request.state, account(acme)) == (State.CANCELLED, [(SAM, 1)])


def test_once_an_earlier_claim_may_have_sent_something_no_hold_brings_the_word_back(acme: Acme) -> None:
    item = claimed(acme)
    ledger.release(item, seconds=1, note="No answer", at=acme.at)  # it may have done what it was asked
    again = ledger.claim(at=acme.later(hours=1))
    assert again is not None
    frozen_by_its_owner(acme)
    meet_the_hold(acme, again)
    assert not Event.objects.filter(tag=ledger.UNTOUCHED).exists()
    with pytest.raises(Conflict, match="begun"):
        cancellation.cancel_on_word(again.subject_request, BY_TELEPHONE, by=acme.dana, at=acme.at)


def test_what_is_claimed_anew_after_a_hold_may_have_begun(acme: Acme) -> None:
    item = claimed(acme)
    frozen_by_its_owner(acme)
    meet_the_hold(acme, item)
    holds.release(blocking.standing(item.subject_request)[0], by=acme.olga, at=acme.at)
    again = ledger.claim(at=acme.at)
    assert again is not None
    ledger.release(again, seconds=1, note="No answer", at=acme.at)
    assert not cancellation.possible(item.subject_request)


def claimed(acme: Acme) -> PlanItem:
    """The grace is over, and a worker begins."""
    acme.stopped()
    item = ledger.claim(at=acme.at)
    assert item is not None
    assert item.kind == Kind.ERASE
    return item


def meet_the_hold(acme: Acme, item: PlanItem) -> None:
    with pytest.raises(holds.Held) as met:
        execution.erase(item, at=acme.at)
    holds.wait(item, at=acme.at, held=met.value)


def test_what_a_person_must_look_at_before_anything_was_sent_can_still_be_cancelled(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject_request = acme.approved()
    acme.post(subject_request)
    acme.later(days=14)

    def over(*_given: object, **_named: object) -> None:
        message = "Too many rows"
        raise limits.Over(message)

    monkeypatch.setattr(limits.Watch, "begin", over)
    acme.work()
    assert scenes.item_of(subject_request, Kind.ERASE, "database").state == "quarantined"
    cancellation.cancel_on_word(subject_request, BY_TELEPHONE, by=acme.dana, at=acme.at)
    assert subject_request.state == State.CANCELLED


def to_post(subject_request: SubjectRequest) -> set[str]:
    """The letters that wait for somebody who prints and posts them."""
    return set(subject_request.notices.filter(state=NoticeState.TO_POST).values_list("letter", flat=True))


def test_what_is_refused_or_cancelled_leaves_no_letter_to_post_that_says_accepted(acme: Acme) -> None:
    refused, cancelled = acme.searched(), acme.searched()
    assert Letter.ACCEPTED in to_post(refused) & to_post(cancelled)
    review.refuse(refused, ground=Ground.NOT_IDENTIFIABLE, by=acme.dana, at=acme.at)
    cancellation.cancel_on_word(cancelled, BY_TELEPHONE, by=acme.dana, at=acme.at)
    assert Letter.ACCEPTED not in to_post(refused) | to_post(cancelled)
    for notice in Notice.objects.filter(letter=Letter.ACCEPTED):
        assert notice.note.startswith("Taken back: ")
        assert not resending.holds(notice, acme.at)


def test_a_letter_of_a_hold_that_is_released_is_posted_no_more_unless_another_stands(acme: Acme) -> None:
    subject_request = acme.approved()
    for kind in (LegalHold.LEGAL, LegalHold.FREEZE):
        order = holds.Order("A court asked", date(2027, 1, 1), kind)
        holds.set_hold(subject_request, order, by=acme.dana, at=acme.at)
    first, last = LegalHold.objects.order_by("pk")
    holds.release(first, by=acme.olga, at=acme.at)
    assert Letter.HELD in to_post(subject_request)
    holds.release(last, by=acme.olga, at=acme.at)
    assert Letter.HELD not in to_post(subject_request)
    assert Letter.RELEASED in to_post(subject_request)


def test_whose_mailbox_it_is_stops_it_before_the_approval_and_after(acme: Acme) -> None:
    early, late = acme.searched(), acme.approved()
    frozen_by_its_owner(acme)
    assert blocking.blocks_erasure(early)
    with pytest.raises(Conflict, match="hold"):
        acme.approve(early)
    acme.later(days=60)
    acme.work()
    assert account(acme) == [(SAM, 0)]
    assert not PlanItem.objects.filter(subject_request=late, kind__in=[Kind.STOP, Kind.ERASE]).exclude(fence=0).exists()


def test_an_objection_in_the_last_moment_stops_the_stop(acme: Acme) -> None:
    acme.post(acme.approved())
    acme.later(days=14)
    stop = ledger.claim(at=acme.at)
    assert stop is not None
    frozen_by_its_owner(acme)
    with pytest.raises(holds.Held) as met:
        stopping.stop(stop, at=acme.at)
    holds.wait(stop, at=acme.at, held=met.value)
    acme.later(days=30)
    acme.work()
    assert (account(acme), agreed(acme)) == ([(SAM, 0)], [(None,)])
    assert not stopping.resumable(stop.subject_request)
    holds.release(blocking.standing(stop.subject_request)[0], by=acme.olga, at=acme.at)
    acme.work()
    assert account(acme) == []

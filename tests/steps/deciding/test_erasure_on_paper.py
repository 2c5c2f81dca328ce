"""An erasure without a mailbox: second hands, told on file before, days for the post, and a word that stops it."""

import re
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import PORTAL, SUBJECT
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Channel, Kind, Letter, NoticeState, Post
from dsr.models import Deadline, Event, LegalHold, Notice, PlanItem, SubjectRequest
from dsr.steps import ledger, maps
from dsr.steps.answering import handover
from dsr.steps.answering.handover import Given, Way
from dsr.steps.asking import cancellation, intake, verification, vouching
from dsr.steps.asking.cancellation import Word
from dsr.steps.deciding import approval, blocking, grace, holds, review
from dsr.steps.deciding.grace import Grace
from dsr.steps.fulfilling import execution, limits, stopping
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from dsr.steps.post import notices, resending
from tests.life.scene import SAM
from tests.steps import scenes
from tests.steps.on_paper import Acme, begun

BY_TELEPHONE = Word(Channel.TELEPHONE, date(2026, 11, 3), "Named the reference and the day of the letter")


@pytest.fixture
def acme(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Acme:
    """Tuesday morning, and Sam's letter is on its way."""
    return begun(tmp_path, monkeypatch)


def rows(acme: Acme, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(acme.database)) as live:
        return live.execute(statement).fetchall()


def account(acme: Acme) -> list[tuple[object, ...]]:
    return rows(acme, "SELECT email, disabled FROM people WHERE id = '1'")


def frozen_by_its_owner(acme: Acme, email: str = SAM) -> None:
    report = acme.report(email)
    code = re.findall(r"^ +([2-9A-Z]{4}) ([2-9A-Z]{4})$", acme.sent_to(email)[-1], re.MULTILINE)[-1]
    assert verification.confirm(report, "".join(code), at=acme.at) is verification.Confirmation.CONFIRMED


def paper(subject_request: SubjectRequest, letter: Letter) -> str:
    notice = subject_request.notices.get(letter=letter, post=Post.PAPER)
    written = notices.on_paper(notice)
    assert "/requests/" not in written.text
    assert "/requests/" not in written.html
    return written.text


@pytest.mark.parametrize("given", [{"postal": ""}, {"identities": ()}], ids=["postal address", "identifier"])
def test_without_a_mailbox_an_erasure_needs_a_postal_address_and_an_identifier(
    acme: Acme, given: dict[str, Any]
) -> None:
    whole: dict[str, Any] = {"postal": "Sam Ortiz, 1 Main St", "identities": ((IdentityKind.ACCOUNT, "1"),), **given}
    asked = intake.Intake("acme", Right.ERASURE, channel=Channel.TELEPHONE, **whole)
    with pytest.raises(intake.NotAccepted, match="Without an e-mail address"):
        intake.receive(asked, by=acme.dana, at=acme.at)


def test_who_entered_checked_or_accepted_it_never_approves_it(acme: Acme) -> None:
    for subject_request in (acme.searched(by=acme.olga), acme.searched(checked_by=acme.olga)):
        acme.letters()
        with pytest.raises(Forbidden, match="second person"):
            acme.approve(subject_request, by=acme.olga)
        subject_request.refresh_from_db()
        assert subject_request.state == State.SEARCHED
    acme.approve(subject_request)
    assert subject_request.state == State.APPROVED


def test_who_entered_it_for_somebody_with_a_mailbox_may_approve_it(acme: Acme) -> None:
    named = ((IdentityKind.EMAIL, SAM),)
    given = intake.Intake("acme", Right.ERASURE, named, channel=Channel.LETTER, scope="everything", region="eea")
    subject_request = intake.receive(given, by=acme.olga, at=acme.at)
    assert approval.why_not_by(subject_request, acme.olga) == ""


def test_the_address_on_file_is_told_before_anybody_approves_and_learns_no_data(acme: Acme) -> None:
    subject_request = acme.searched()
    with pytest.raises(Conflict, match="still on its way"):
        acme.approve(subject_request)
    told = acme.sent_to(SAM)
    assert len(told) == 1
    assert "erasure of your data" in told[0]
    assert "Until Thursday 5 November 2026 we erase nothing." in told[0]
    assert "/acme/ask/compromised-account/" in told[0]
    assert [said for said in ("Ortiz", "Main St", "Hello", SAM) if said in told[0]] == []
    acme.approve(subject_request)
    assert Notice.objects.filter(letter=Letter.ON_FILE).count() == 1


def test_who_asks_for_a_part_of_it_alone_is_told_on_file_as_well(acme: Acme) -> None:
    acme.searched(scope="posts")
    assert len(acme.sent_to(SAM)) == 1


def test_where_nothing_is_found_nobody_is_told(acme: Acme) -> None:
    with closing(sqlite3.connect(acme.database)) as live, live:
        live.execute("DELETE FROM people")
        live.execute("DELETE FROM posts")
        live.execute("DELETE FROM consents")
    subject_request = acme.searched()
    assert subject_request.state == State.PACKAGED
    assert not Notice.objects.filter(letter=Letter.ON_FILE).exists()
    assert "what you named leads to" in paper(subject_request, Letter.ERASED)


def test_with_a_mailbox_nobody_is_told_on_file_and_the_grace_stays_as_it_was(acme: Acme) -> None:
    subject_request = with_a_mailbox(acme)
    acme.approve(subject_request)
    assert subject_request.erase_after == acme.at + timedelta(days=3)
    assert not Notice.objects.filter(letter=Letter.ON_FILE).exists()


def with_a_mailbox(acme: Acme) -> SubjectRequest:
    named = ((IdentityKind.EMAIL, SAM),)
    given = intake.Intake("acme", Right.ERASURE, named, scope="everything", region="eea")
    subject_request = intake.receive(given, by=SUBJECT, at=acme.at)
    code = re.findall(r"^ +([2-9A-Z]{4}) ([2-9A-Z]{4})$", acme.sent_to(SAM)[-1], re.MULTILINE)[-1]
    verification.confirm(subject_request, "".join(code), at=acme.at)
    review.accept(subject_request, by=acme.dana, at=acme.at)
    acme.work()
    subject_request.refresh_from_db()
    return subject_request


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


def test_the_grace_is_as_long_as_the_post_takes_and_the_letter_says_how_to_stop_it(acme: Acme) -> None:
    subject_request = acme.approved()
    assert subject_request.erase_after == acme.at + timedelta(days=14)
    text = paper(subject_request, Letter.APPROVED)
    assert "We begin to erase on Tuesday 17 November 2026" in text
    assert "To cancel, call us or write to us before that day" in text
    assert text.count("+49 30 0100") == text.count("Acme Ltd, 1 Example Street, Berlin") == 2
    acme.post(subject_request)
    acme.later(days=14, seconds=-1)
    acme.work()
    assert account(acme) == [(SAM, 0)]
    begun = ledger.claim(at=acme.later(seconds=1))
    assert begun is not None
    assert begun.kind == Kind.STOP


def test_nothing_is_erased_before_the_letter_that_announces_it_is_posted(acme: Acme) -> None:
    subject_request = acme.approved()
    acme.later(days=20)
    acme.work()
    assert account(acme) == [(SAM, 0)]
    acme.post(subject_request)
    acme.later(days=3, seconds=-1)
    acme.work()
    assert account(acme) == [(SAM, 0)]
    cancellation.cancel_on_word(subject_request, BY_TELEPHONE, by=acme.dana, at=acme.at)
    assert subject_request.state == State.CANCELLED


def test_who_reads_a_letter_that_was_posted_late_has_the_grace_from_then(acme: Acme) -> None:
    subject_request = acme.approved()
    acme.later(days=20)
    acme.post(subject_request)
    subject_request.refresh_from_db()
    assert subject_request.erase_after == acme.at + timedelta(days=3)
    assert Event.objects.get(tag="grace:moved").details == {"erase_after": subject_request.erase_after.isoformat()}
    acme.later(days=3)
    acme.work()
    assert account(acme) == []


def test_a_letter_that_was_posted_in_time_moves_nothing(acme: Acme) -> None:
    subject_request = acme.approved()
    begins = subject_request.erase_after
    acme.later(days=1)
    acme.post(subject_request)
    subject_request.refresh_from_db()
    assert subject_request.erase_after == begins
    assert not Event.objects.filter(tag="grace:moved").exists()


def test_the_laws_date_shortens_the_grace_to_what_leaves_five_business_days(acme: Acme) -> None:
    subject_request = acme.searched()
    acme.letters()
    due_on = date(2026, 12, 3)  # a Thursday; after Thursday 26 November five business days are left
    ends = {
        0: Grace(acme.at + timedelta(days=14)),
        15: Grace(datetime(2026, 11, 26, 23, tzinfo=UTC), due_on),
        25: Grace(acme.at + timedelta(days=28), due_on),  # three days are everybody's
    }
    assert {days: grace.of(subject_request, None, at=acme.at + timedelta(days=days)) for days in ends} == ends
    acme.later(days=15)
    acme.approve(subject_request)
    assert subject_request.erase_after == ends[15].ends_at
    assert Event.objects.get(tag="plan:approved").details[approval.SHORTENED_FOR] == "2026-12-03"


def test_where_no_law_sets_a_date_the_promise_shortens_it(acme: Acme) -> None:
    subject_request = acme.asked(region="elsewhere")
    promised = date(2026, 11, 24)
    given = grace.of(subject_request, None, at=acme.at + timedelta(days=8))
    assert given == Grace(datetime(2026, 11, 17, 23, tzinfo=UTC), promised)


def test_nothing_begins_before_the_days_of_the_address_on_file_are_over(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = maps.controller("acme")
    facts = about.controller.model_copy(update={"grace_days": 0, "grace_days_by_post": 0})
    monkeypatch.setattr(maps, "controllers", lambda: {"acme": about.model_copy(update={"controller": facts})})
    subject_request = acme.approved()
    assert subject_request.erase_after == datetime(2026, 11, 5, 23, tzinfo=UTC)


def test_a_letter_that_came_back_counts_as_told(acme: Acme) -> None:
    subject_request = acme.searched()
    notice = Notice.objects.get(letter=Letter.ON_FILE)
    notices.undelivered(notice, NoticeState.FAILED, "No such user (550).", at=acme.at)
    acme.approve(subject_request)
    assert subject_request.state == State.APPROVED


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


def test_nothing_is_stopped_before_its_owner_had_the_days_and_it_was_approved(acme: Acme) -> None:
    subject_request = acme.searched()
    acme.letters()
    acme.later(days=30)
    acme.work()
    assert not subject_request.items.filter(kind=Kind.STOP).exists()
    assert (account(acme), agreed(acme)) == ([(SAM, 0)], [(None,)])
    letters = [notices.on_paper(one).text for one in subject_request.notices.filter(state=NoticeState.TO_POST)]
    assert "isabled" not in "".join([*letters, *acme.sent_to(SAM)])
    cancellation.cancel_on_word(subject_request, BY_TELEPHONE, by=acme.dana, at=acme.at)
    assert "We enable it again." not in paper(subject_request, Letter.CANCELLED)


def agreed(acme: Acme) -> list[tuple[object, ...]]:
    """When what Sam had agreed to was withdrawn."""
    return rows(acme, "SELECT withdrawn_at FROM consents WHERE person = '1'")


def test_everything_is_stopped_before_it_is_erased(acme: Acme) -> None:
    subject_request = acme.stopped()
    assert account(acme) == [(SAM, 1)]
    assert agreed(acme) != [(None,)]
    assert subject_request.items.get(kind=Kind.ERASE).fence == 0
    acme.work()
    assert account(acme) == []


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


def test_nothing_is_stopped_while_an_address_that_is_told_again_has_its_days(acme: Acme) -> None:
    acme.post(acme.approved())
    acme.later(days=13)
    told = Notice.objects.get(letter=Letter.ON_FILE)
    assert notices.undelivered(told, NoticeState.BOUNCED, "No such user (550).", at=acme.at)
    resending.send_again(told, by=acme.dana, at=acme.at)
    acme.letters()
    acme.later(days=1)
    acme.work()
    assert (account(acme), agreed(acme)) == ([(SAM, 0)], [(None,)])


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


def test_the_answer_is_handed_over_on_paper_at_once_and_nobody_is_told_again(acme: Acme) -> None:
    subject_request = acme.approved()
    acme.post(subject_request)
    acme.later(days=14)
    acme.work()
    subject_request.refresh_from_db()
    assert (subject_request.state, subject_request.answered_at) == (State.PACKAGED, None)
    assert Notice.objects.filter(letter=Letter.ON_FILE).count() == 1
    text = paper(subject_request, Letter.ERASED)
    assert "We erased your data" in text
    assert "Account: 1" in text
    assert "comes with this letter" in text
    assert handover.take(subject_request, by=acme.eli, at=acme.at).size
    today = date(2026, 11, 17)
    handover.give(subject_request, Given(today, Way.POST), by=acme.eli, at=acme.at)
    assert Notice.objects.get(letter=Letter.ERASED).state == NoticeState.SENT
    assert not Deadline.objects.filter(subject_request=subject_request, met_at=None, duty="answer").exists()


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


def test_who_had_it_in_hand_never_leaves_out_the_system_that_knows_the_address(acme: Acme) -> None:
    subject_request = acme.asked()
    vouching.vouch(subject_request, note="Called back", by=acme.devi, at=acme.at)
    review.accept(subject_request, by=acme.olga, at=acme.at)
    item = subject_request.items.get(kind=Kind.FIND)
    PlanItem.objects.filter(pk=item.pk).update(tries=1)
    with pytest.raises(Forbidden, match="second person"):
        approval.exclude(item, reason="It does not answer", by=acme.olga, at=acme.at)
    approval.exclude(item, reason="It does not answer", by=acme.eli, at=acme.at)
    assert Event.objects.get(tag="item:excluded").actor == str(acme.eli)


def test_a_letter_that_is_taken_back_stands_in_the_record(acme: Acme) -> None:
    subject_request = acme.approved()
    cancellation.cancel_on_word(subject_request, BY_TELEPHONE, by=acme.dana, at=acme.at)
    taken = Event.objects.filter(tag="notice:taken-back", details={"letter": "approved"})
    assert taken.get().actor == str(acme.dana)


def test_an_address_that_is_told_again_has_its_days_anew(acme: Acme) -> None:
    subject_request = acme.approved()
    acme.post(subject_request)
    acme.later(days=13)
    told = Notice.objects.get(letter=Letter.ON_FILE)
    assert notices.undelivered(told, NoticeState.BOUNCED, "No such user (550).", at=acme.at)
    resending.send_again(told, by=acme.dana, at=acme.at)
    acme.letters()
    acme.later(days=1)
    acme.work()
    assert account(acme) == [(SAM, 0)]
    acme.later(days=3)
    acme.work()
    assert account(acme) == []


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


def test_where_everything_is_kept_the_letter_is_waited_for_as_well(acme: Acme) -> None:
    subject_request = acme.approved()
    PlanItem.objects.filter(subject_request=subject_request, kind=Kind.ERASE).update(state="done")
    acme.later(days=20)
    acme.work()
    subject_request.refresh_from_db()
    assert subject_request.state == State.APPROVED
    acme.post(subject_request)
    acme.later(days=3)
    acme.work()
    subject_request.refresh_from_db()
    assert subject_request.state != State.APPROVED


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

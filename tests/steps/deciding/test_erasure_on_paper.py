"""An erasure without a mailbox: second hands, told on file before, and days for the post."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dsr.datamap.schema import IdentityKind
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Channel, Kind, Letter, NoticeState
from dsr.models import Deadline, Event, Notice, PlanItem
from dsr.steps import ledger, maps
from dsr.steps.answering import handover
from dsr.steps.answering.handover import Given, Way
from dsr.steps.asking import cancellation, intake, vouching
from dsr.steps.deciding import approval, grace, review
from dsr.steps.deciding.grace import Grace
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from dsr.steps.post import notices, resending
from tests.life.scene import SAM
from tests.steps.on_paper import BY_TELEPHONE, Acme, account, agreed, paper, with_a_mailbox


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


def test_everything_is_stopped_before_it_is_erased(acme: Acme) -> None:
    subject_request = acme.stopped()
    assert account(acme) == [(SAM, 1)]
    assert agreed(acme) != [(None,)]
    assert subject_request.items.get(kind=Kind.ERASE).fence == 0
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

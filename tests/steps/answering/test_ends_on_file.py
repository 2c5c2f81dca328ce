"""What ends without its effect: an address on file that is not told yet never is, and one that was hears the end."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Asker, Channel, Letter, NoticeState
from dsr.models import Event, Identity, Notice, SubjectRequest
from dsr.steps.answering import giving_up, on_file
from dsr.steps.answering.giving_up import Why
from dsr.steps.asking import cancellation, intake, representation, verification, vouching
from dsr.steps.asking.cancellation import Word
from dsr.steps.asking.representation import Acting
from dsr.steps.deciding import merging, review
from dsr.steps.move import Conflict
from dsr.steps.post import notices, outbox, resending
from tests.life.scene import GRETA, POSTAL, SAM, SAMS_ACCOUNT
from tests.steps.on_paper import Acme, begun

WORDS = "The signature is another one"
PDF = b"%PDF-1.4\n%%EOF\n"
CODE = re.compile(r"^ +([2-9A-Z]{4}) ([2-9A-Z]{4})$", re.MULTILINE)
End = Callable[[SubjectRequest, Acme], None]


@pytest.fixture
def acme(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Acme:
    """Its system holds Sam's account."""
    return begun(tmp_path, monkeypatch)


def refuse(own: SubjectRequest, acme: Acme) -> None:
    review.refuse(own, ground=Ground.IDENTITY_NOT_PROVEN, words=WORDS, by=acme.dana, at=acme.at)


def cancel(own: SubjectRequest, acme: Acme) -> None:
    cancellation.cancel(own, by=SUBJECT, at=acme.at)


def cancel_on_word(own: SubjectRequest, acme: Acme) -> None:
    word = Word(Channel.TELEPHONE, date(2026, 11, 3), "Named the reference")
    cancellation.cancel_on_word(own, word, by=acme.dana, at=acme.at)


def give_up(own: SubjectRequest, acme: Acme) -> None:
    giving_up.give_up(own, Why.WITHDREW, reason="Called", by=acme.eli, at=acme.at)


def erasure(acme: Acme) -> SubjectRequest:
    """Its manifest is closed, and the address on file is written to."""
    return acme.searched()


def approved(acme: Acme) -> SubjectRequest:
    """The letter came back once, a second person approved, and staff send it once more."""
    own = acme.searched()
    notices.undelivered(told_on_file(own), NoticeState.BOUNCED, "No such user (550).", at=acme.at)
    acme.approve(own)
    resending.send_again(told_on_file(own), by=acme.dana, at=acme.at)
    return own


def packaged(acme: Acme) -> SubjectRequest:
    """A copy of Sam's data lies ready to be handed over, and the address on file is written to."""
    named = ((IdentityKind.ACCOUNT, SAMS_ACCOUNT),)
    given = intake.Intake("acme", Right.ACCESS, named, channel=Channel.LETTER, postal=POSTAL, region="eea")
    own = intake.receive(given, by=acme.dana, at=acme.at)
    vouching.vouch(own, note="Called back", by=acme.devi, at=acme.at)
    review.accept(own, by=acme.dana, at=acme.at)
    acme.work()
    own.refresh_from_db()
    return own


WAYS = [
    pytest.param(erasure, refuse, id="refused"),
    pytest.param(approved, refuse, id="refused after its approval"),
    pytest.param(erasure, cancel, id="cancelled"),
    pytest.param(erasure, cancel_on_word, id="cancelled on a word"),
    pytest.param(packaged, give_up, id="given up"),
]


def told_on_file(own: SubjectRequest) -> Notice:
    """The newest of these letters."""
    return own.notices.filter(letter=Letter.ON_FILE).latest("created_at", "again_of")


def to_sam(own: SubjectRequest) -> list[str]:
    return [one.letter for one in own.notices.filter(to=outbox.ON_FILE).exclude(letter=Letter.ON_FILE)]


@pytest.mark.parametrize(("begin", "end"), WAYS)
def test_an_address_that_is_not_told_yet_is_never_told(
    acme: Acme, begin: Callable[[Acme], SubjectRequest], end: End
) -> None:
    own = begin(acme)
    waiting = own.notices.get(letter=Letter.ON_FILE, state=NoticeState.QUEUED)
    end(own, acme)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.context_sealed) == (NoticeState.FAILED, "")
    assert acme.sent_to(SAM) == []
    assert {"letter": "on-file"} in Event.objects.filter(tag="notice:taken-back").values_list("details", flat=True)


@pytest.mark.parametrize(("begin", "end"), WAYS)
def test_an_address_that_was_told_hears_that_it_is_over_and_not_why(
    acme: Acme, begin: Callable[[Acme], SubjectRequest], end: End
) -> None:
    own = begin(acme)
    acme.letters()
    end(own, acme)
    first, last = acme.sent_to(SAM)
    assert "Somebody asked us" in first
    assert "What somebody had asked us for" in last or "We refused what somebody had asked us for" in last
    assert [
        said for said in (WORDS, "telephone", "/requests/", "Why:", "Ortiz", "Your request is") if said in last
    ] == []
    assert ("We stopped" in last) == (end is not give_up)
    assert ("The answer that lay ready here is destroyed" in last) == (end is give_up)


@pytest.mark.parametrize(("begin", "end"), [WAYS[0], WAYS[-1]])
def test_that_it_is_over_can_be_said_again_in_the_same_words(
    acme: Acme, begin: Callable[[Acme], SubjectRequest], end: End
) -> None:
    own = begin(acme)
    acme.letters()
    end(own, acme)
    said = acme.sent_to(SAM)[-1]
    last = own.notices.exclude(letter=Letter.ON_FILE).get(to=outbox.ON_FILE)
    resending.send_again(last, by=acme.dana, at=acme.at)
    assert acme.sent_to(SAM)[2:] == [said]


@pytest.mark.parametrize("state", [NoticeState.SENDING, NoticeState.IN_DOUBT])
def test_a_letter_that_may_have_arrived_counts_as_told(acme: Acme, state: NoticeState) -> None:
    own = acme.searched()
    own.notices.filter(letter=Letter.ON_FILE).update(state=state, fence=1)
    refuse(own, acme)
    assert to_sam(own) == [Letter.REFUSED]


def test_a_letter_that_was_tried_is_tried_no_more_and_counts_as_told(acme: Acme) -> None:
    own = acme.searched()
    own.notices.filter(letter=Letter.ON_FILE).update(fence=1, tries=1)
    refuse(own, acme)
    assert to_sam(own) == [Letter.REFUSED]
    assert len(acme.sent_to(SAM)) == 1


def test_a_letter_that_came_back_is_followed_by_none(acme: Acme) -> None:
    own = acme.searched()
    notices.undelivered(told_on_file(own), NoticeState.BOUNCED, "No such user (550).", at=acme.at)
    refuse(own, acme)
    assert to_sam(own) == []


def test_a_letter_that_was_being_sent_when_it_ended_is_not_tried_again(acme: Acme) -> None:
    own = acme.searched()
    letters = own.notices.filter(letter=Letter.ON_FILE)
    letters.update(state=NoticeState.SENDING, fence=1)
    refuse(own, acme)
    letters.update(state=NoticeState.QUEUED)  # the mail server asked for another try
    only = acme.sent_to(SAM)
    assert len(only) == 1
    assert "We refused what somebody had asked us for" in only[0]
    assert letters.get().state == NoticeState.FAILED


def approved_with_a_mailbox(acme: Acme) -> SubjectRequest:
    """The mail that says when erasing begins has not left yet."""
    own = acme.searched()
    acme.letters()
    SubjectRequest.objects.filter(pk=own.pk).update(channel=Channel.WEB)
    mailbox = Identity(subject_request=own, kind=IdentityKind.EMAIL)
    mailbox.seal_value(GRETA)
    mailbox.save(force_insert=True)
    own.refresh_from_db()
    acme.approve(own)
    return own


def test_what_a_mail_announces_is_not_announced_after_the_end(acme: Acme) -> None:
    own = approved_with_a_mailbox(acme)
    cancel(own, acme)
    letters = acme.sent_to(GRETA)
    assert len(letters) == 1
    assert "Your request is cancelled" in letters[0]


def test_a_mail_that_announces_is_neither_tried_nor_sent_again_after_the_end(acme: Acme) -> None:
    own = approved_with_a_mailbox(acme)
    announcing = own.notices.filter(letter=Letter.APPROVED)
    announcing.update(state=NoticeState.SENDING, fence=1)
    cancel(own, acme)
    announcing.update(state=NoticeState.QUEUED)  # the mail server asked for another try
    assert ["We begin to erase" in text for text in acme.sent_to(GRETA)] == [False]
    with pytest.raises(Conflict, match="does not hold any more"):
        resending.send_again(announcing.get(), by=acme.dana, at=acme.at)


def by_guardian(acme: Acme) -> SubjectRequest:
    acting = Acting(Asker.GUARDIAN, "Greta Ortiz", GRETA, PDF)
    named = ((IdentityKind.ACCOUNT, SAMS_ACCOUNT),)
    given = intake.Intake("acme", Right.ERASURE, named, acting=acting, scope="everything", region="eea")
    return intake.receive(given, by=SUBJECT, at=acme.at)


def test_what_lapses_or_is_rejected_ends_before_anybody_is_told(acme: Acme) -> None:
    lapsed, rejected = by_guardian(acme), by_guardian(acme)
    code = "".join(CODE.findall(acme.sent_to(GRETA)[-1])[-1])
    verification.confirm(rejected, code, at=acme.at)
    representation.reject(rejected, note="It shows nothing", by=acme.olga, at=acme.at)
    assert verification.lapse_next(at=acme.later(days=8))
    lapsed.refresh_from_db()
    assert (lapsed.state, rejected.state) == (State.LAPSED, State.REFUSED)
    assert not Notice.objects.filter(to=outbox.ON_FILE).exists()


def merged(acme: Acme) -> tuple[SubjectRequest, SubjectRequest]:
    """A request that was searched, and another one that is answered with it."""
    original, again = acme.searched(), acme.asked()
    acme.letters()
    vouching.vouch(again, note="Called back", by=acme.devi, at=acme.at)
    merging.merge(again, original, by=acme.dana, at=acme.at)
    return original, again


def test_what_is_merged_tells_nobody_and_its_original_tells_the_end_once(acme: Acme) -> None:
    original, again = merged(acme)
    refuse(original, acme)
    assert merging.end_next(at=acme.at)
    again.refresh_from_db()
    assert again.state == State.REFUSED
    assert len(acme.sent_to(SAM)) == 2
    assert not again.notices.filter(to=outbox.ON_FILE).exists()


def test_a_merged_request_that_is_cancelled_tells_nobody(acme: Acme) -> None:
    original, again = merged(acme)
    cancel_on_word(again, acme)
    assert len(acme.sent_to(SAM)) == 1
    assert on_file.alert(original) is not None


def test_what_has_begun_ends_for_nobody(acme: Acme) -> None:
    own = acme.approved()
    own.items.filter(kind="erase").update(state="running", fence=1)
    with pytest.raises(Conflict, match="begun"):
        refuse(own, acme)
    assert to_sam(own) == []

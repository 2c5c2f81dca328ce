"""A rectification of somebody without a mailbox: written down by one, decided by another, and not before who reads the
address on file could object."""

import sqlite3
from contextlib import closing
from datetime import date, timedelta

import pytest

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import Actor
from dsr.law.deadlines import local_day
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Channel, Kind, Letter, NoticeState
from dsr.models import Correction, Event, Notice, SubjectRequest
from dsr.steps import maps, work
from dsr.steps.asking import cancellation, intake, verification, vouching
from dsr.steps.asking.cancellation import Word
from dsr.steps.asking.intake import NotAccepted
from dsr.steps.deciding import blocking, holds, review
from dsr.steps.fulfilling import correctable, rectification, window, writing_down
from dsr.steps.fulfilling.writing_down import Came
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from dsr.steps.post import notices, resending
from tests.life.scene import POSTAL, SAM, SAMS_ACCOUNT
from tests.steps.on_paper import Acme

NEW = "Samira"


def asked(acme: Acme, postal: str = POSTAL, account: str = SAMS_ACCOUNT) -> SubjectRequest:
    """Sam's letter, as Dana entered it."""
    named = ((IdentityKind.ACCOUNT, account),) if account else ()
    given = intake.Intake(
        "acme", Right.RECTIFICATION, named, "My name is Samira.", Channel.LETTER, region="eea", postal=postal
    )
    return intake.receive(given, by=acme.dana, at=acme.at)


@pytest.fixture
def searched(acme: Acme) -> SubjectRequest:
    """Devi checked who asks, Dana accepted; Sam's data is found."""
    return found(acme, asked(acme))


def found(acme: Acme, own: SubjectRequest) -> SubjectRequest:
    vouching.vouch(own, note="Called back", by=acme.devi, at=acme.at)
    review.accept(own, by=acme.dana, at=acme.at)
    acme.work()
    own.refresh_from_db()
    return own


def came(acme: Acme, channel: Channel = Channel.LETTER, **ago: float) -> Came:
    return Came(channel, local_day(acme.at - timedelta(**ago), maps.calendar("acme")))


def enter(
    acme: Acme,
    own: SubjectRequest,
    name: str = NEW,
    statement: str = "",
    by: Actor | None = None,
    on: date | None = None,
) -> None:
    """Dana writes down what Sam's name should be."""
    how = Came(Channel.LETTER, on) if on else came(acme)
    row = next(correctable.rows(own))
    values = {(row.place, "name"): name}
    writing_down.enter(own, values, statement=statement, came=how, by=by or acme.dana, at=acme.at)


def decide(acme: Acme, own: SubjectRequest, by: Actor, *, accepted: bool = True, words: str = "") -> None:
    rectification.decide(own.corrections.get(), accepted=accepted, words=words, by=by, at=acme.at)
    own.refresh_from_db()


def names(acme: Acme) -> list[str]:
    """What the live system says of everybody."""
    with closing(sqlite3.connect(acme.database)) as live:
        return [name for (name,) in live.execute("SELECT name FROM people ORDER BY id")]


def paper(own: SubjectRequest, letter: Letter) -> str:
    """A letter that waits to be printed."""
    return notices.on_paper(own.notices.get(letter=letter, state=NoticeState.TO_POST)).text


def answered(acme: Acme, own: SubjectRequest) -> SubjectRequest:
    """The address on file was told, and its days are over."""
    acme.letters()
    acme.later(days=4)
    acme.work()
    work.advance_stalled(at=acme.at)
    own.refresh_from_db()
    return own


@pytest.mark.parametrize(("postal", "account"), [("", SAMS_ACCOUNT), (POSTAL, "")])
def test_without_a_mailbox_it_needs_a_postal_address_and_something_to_look_by(
    acme: Acme, postal: str, account: str
) -> None:
    with pytest.raises(NotAccepted, match="Without an e-mail address we"):
        asked(acme, postal, account)


def test_it_is_entered_decided_written_read_back_and_told_on_paper(acme: Acme, searched: SubjectRequest) -> None:
    enter(acme, searched)
    decide(acme, searched, acme.devi)
    answered(acme, searched)
    assert searched.state == State.DELIVERED
    assert searched.corrections.get().outcome == "corrected"
    assert names(acme) == [NEW, "Other"]


def test_the_letter_names_the_fields_the_last_day_and_no_value(searched: SubjectRequest) -> None:
    text = paper(searched, Letter.CORRECTABLE)
    assert "- Account: Name" in text
    assert f"until {searched.proposal.last_day:%A %-d %B %Y}" in text
    assert [said for said in ("Sam,", "Sam\n", SAM, "http", "enter") if said in text] == []


def test_a_value_is_checked_by_its_type_as_on_the_persons_own_page(acme: Acme, searched: SubjectRequest) -> None:
    with pytest.raises(Conflict, match="Name: This contains characters that cannot be seen"):
        enter(acme, searched, name="Sam\u202eira")
    assert not searched.corrections.exists()


def test_who_entered_the_values_decides_about_none_and_answers_no_statement(
    acme: Acme, searched: SubjectRequest
) -> None:
    enter(acme, searched, statement="A member since 2019.", by=acme.olga)
    for accepted in (True, False):
        with pytest.raises(Forbidden, match="you entered what the person wrote"):
            decide(acme, searched, acme.olga, accepted=accepted, words="No")
    with pytest.raises(Forbidden, match="you entered what the person wrote"):
        rectification.respond(searched, text="Noted", by=acme.olga, at=acme.at)
    rectification.respond(searched, text="Noted", by=acme.devi, at=acme.at)
    decide(acme, searched, acme.devi)
    assert searched.state == State.APPROVED


def test_what_needs_an_approver_still_needs_somebody_who_did_not_enter_it(acme: Acme, searched: SubjectRequest) -> None:
    enter(acme, searched, by=acme.olga)
    searched.corrections.update(field="email")  # as if the map had offered it then
    with pytest.raises(Forbidden, match="you entered what the person wrote"):
        decide(acme, searched, acme.olga)
    decide(acme, searched, acme.eli)
    assert searched.corrections.get().decided_by_id == int(acme.eli.id)


def test_who_checked_who_asks_never_accepts_what_needs_an_approver(acme: Acme) -> None:
    own = asked(acme)
    vouching.vouch(own, note="Called back", by=acme.olga, at=acme.at)
    review.accept(own, by=acme.dana, at=acme.at)
    acme.work()
    own.refresh_from_db()
    enter(acme, own)
    own.corrections.update(field="email")
    with pytest.raises(Forbidden, match="A second person has to accept this value"):
        decide(acme, own, acme.olga)


def test_who_entered_the_request_never_checks_who_asks_and_who_checked_never_accepts(acme: Acme) -> None:
    own = asked(acme)
    with pytest.raises(Forbidden, match="you entered this request"):
        vouching.vouch(own, note="Sure", by=acme.dana, at=acme.at)
    vouching.vouch(own, note="Called back", by=acme.devi, at=acme.at)
    with pytest.raises(Forbidden, match="you checked who asks"):
        review.accept(own, by=acme.devi, at=acme.at)


def test_it_is_entered_once_and_the_letter_that_asked_for_it_is_not_posted_any_more(
    acme: Acme, searched: SubjectRequest
) -> None:
    enter(acme, searched)
    with pytest.raises(Conflict, match="entered already"):
        enter(acme, searched, name="Samuel")
    letter = searched.notices.get(letter=Letter.CORRECTABLE)
    assert (letter.state, letter.context_sealed) == (NoticeState.FAILED, "")
    with pytest.raises(Conflict):
        resending.send_again(letter, by=acme.dana, at=acme.at)


def test_the_record_says_who_entered_it_how_and_when_it_came_and_no_value(acme: Acme, searched: SubjectRequest) -> None:
    enter(acme, searched)
    event = Event.objects.get(tag="correction:entered")
    assert event.actor == str(acme.dana)
    assert event.details == {
        "fields": {"database.people.name": 1},
        "statement": False,
        "came": "letter, 2026-11-03",
    }


@pytest.mark.parametrize(
    ("channel", "days", "why"),
    [
        (Channel.WEB, 0, "Choose how it came"),
        (Channel.LETTER, -1, "cannot lie in the future"),
        (Channel.LETTER, 1, "before the request"),
    ],
)
def test_it_came_off_the_web_not_in_the_future_and_not_before_the_request(
    acme: Acme, searched: SubjectRequest, channel: Channel, days: int, why: str
) -> None:
    with pytest.raises(Conflict, match=why):
        writing_down.enter(
            searched, {}, statement="More", came=came(acme, channel, days=days), by=acme.dana, at=acme.at
        )


def test_staff_enter_nothing_for_somebody_who_has_a_mailbox_nor_without_the_duty(
    acme: Acme, searched: SubjectRequest
) -> None:
    with pytest.raises(Forbidden):
        enter(acme, searched, by=acme.eli)
    searched.identities.update(kind=IdentityKind.EMAIL)
    with pytest.raises(Forbidden, match="a page of their own"):
        enter(acme, searched)


def test_nothing_is_entered_after_the_day_and_it_ends_as_for_others_by_a_letter_on_paper(
    acme: Acme, searched: SubjectRequest
) -> None:
    acme.post(searched)
    acme.later(days=(searched.proposal.last_day - acme.at.date()).days + 1)
    with pytest.raises(Conflict, match="is over"):
        enter(acme, searched)
    assert rectification.end_next(at=acme.later(days=8))
    searched.refresh_from_db()
    assert searched.state == State.DELIVERED
    text = paper(searched, Letter.CORRECTED)
    assert "we did not hear what it should be" in text
    assert "http" not in text
    assert names(acme) == ["Sam", "Other"]


def test_a_letter_that_came_on_the_last_day_can_be_entered_later(acme: Acme, searched: SubjectRequest) -> None:
    last = searched.proposal.last_day
    acme.later(days=(last - acme.at.date()).days + 1)
    enter(acme, searched, on=last)
    assert searched.corrections.count() == 1
    assert last < window.closes_on(searched.proposal) < searched.due_on


def test_as_long_as_a_letter_of_the_last_day_can_be_entered_nothing_ends(acme: Acme, searched: SubjectRequest) -> None:
    acme.post(searched)
    acme.later(days=(window.closes_on(searched.proposal) - acme.at.date()).days)
    assert not rectification.end_next(at=acme.at)
    assert rectification.end_next(at=acme.later(days=1))


@pytest.mark.parametrize("end", ["cancelled", "refused"])
def test_once_it_has_ended_no_letter_asks_for_values(acme: Acme, searched: SubjectRequest, end: str) -> None:
    if end == "cancelled":
        word = Word(Channel.TELEPHONE, came(acme).on, "Named the reference")
        cancellation.cancel_on_word(searched, word, by=acme.dana, at=acme.at)
    else:
        review.refuse(searched, ground=Ground.IDENTITY_NOT_PROVEN, evidence="A forged letter", by=acme.dana, at=acme.at)
    assert searched.notices.get(letter=Letter.CORRECTABLE).state == NoticeState.FAILED
    taken_back = Event.objects.filter(tag="notice:taken-back").values_list("details", flat=True)
    assert sorted(each["letter"] for each in taken_back) == ["accepted", "correctable", "on-file"]


def test_who_released_the_owners_freeze_decides_about_no_value(acme: Acme, searched: SubjectRequest) -> None:
    enter(acme, searched)
    report = acme.report()
    acme.letters()
    prove(acme, report)
    holds.release(blocking.standing(searched)[0], by=acme.olga, at=acme.at)
    with pytest.raises(Forbidden, match="released a hold"):
        decide(acme, searched, acme.olga)
    decide(acme, searched, acme.devi)
    assert searched.state == State.APPROVED


def test_what_its_owner_froze_or_can_still_object_to_can_still_be_cancelled(
    acme: Acme, searched: SubjectRequest
) -> None:
    enter(acme, searched)
    decide(acme, searched, acme.devi)
    acme.later(days=7)
    acme.letters()  # late: its owner has two days from now
    acme.work()
    assert cancellation.possible(searched)
    report = acme.report()
    acme.letters()
    prove(acme, report)
    acme.later(days=7)
    acme.work()
    assert searched.items.get(kind=Kind.CORRECT).fence == 1  # it met the days, and is not claimed while frozen
    assert cancellation.possible(searched)
    assert names(acme) == ["Sam", "Other"]


def test_the_reminder_leaves_time_for_the_post(acme: Acme, searched: SubjectRequest) -> None:
    acme.post(searched)
    assert not rectification.remind_next(at=acme.later(days=6))
    assert rectification.remind_next(at=acme.later(days=1))
    assert "- Account: Name" in paper(searched, Letter.CORRECTABLE_STILL)
    assert searched.proposal.last_day - acme.at.date() >= timedelta(days=7)


def test_the_address_on_file_is_told_and_learns_no_value(acme: Acme, searched: SubjectRequest) -> None:
    (text,) = acme.sent_to(SAM)
    assert "correction of your data" in text
    assert "Until Thursday 5 November 2026 we change nothing" in text
    assert "/acme/ask/compromised-account/" in text
    assert [said for said in (NEW, POSTAL, "My name", "hand it over") if said in text] == []


def test_nothing_is_written_before_its_days_are_over(acme: Acme, searched: SubjectRequest) -> None:
    acme.letters()
    enter(acme, searched)
    decide(acme, searched, acme.devi)
    item = searched.items.get(kind=Kind.CORRECT)
    assert item.not_before.isoformat() == "2026-11-05T23:00:00+00:00"
    acme.later(days=2, hours=13)
    acme.work()
    assert names(acme) == ["Sam", "Other"]
    acme.later(hours=2)
    acme.work()
    assert names(acme) == [NEW, "Other"]


def test_a_letter_that_left_later_than_thought_holds_it_back_from_when_it_left(
    acme: Acme, searched: SubjectRequest
) -> None:
    enter(acme, searched)
    decide(acme, searched, acme.devi)
    acme.later(days=7)
    acme.work()
    assert names(acme) == ["Sam", "Other"]
    acme.letters()
    acme.later(days=1)
    acme.work()
    assert names(acme) == ["Sam", "Other"]
    acme.later(days=3)
    acme.work()
    assert names(acme) == [NEW, "Other"]


def test_a_letter_to_it_that_failed_counts_from_when_it_was_due(acme: Acme, searched: SubjectRequest) -> None:
    Notice.objects.filter(letter=Letter.ON_FILE).update(state=NoticeState.FAILED)
    enter(acme, searched)
    decide(acme, searched, acme.devi)
    acme.later(days=4)
    acme.work()
    assert names(acme) == [NEW, "Other"]


def test_who_reads_it_and_objects_freezes_the_correction(acme: Acme, searched: SubjectRequest) -> None:
    acme.letters()
    enter(acme, searched)
    decide(acme, searched, acme.devi)
    report = acme.report()
    acme.letters()
    prove(acme, report)
    acme.later(days=30)
    acme.work()
    searched.refresh_from_db()
    assert searched.state == State.APPROVED
    assert names(acme) == ["Sam", "Other"]


def test_what_is_frozen_is_neither_entered_nor_decided_to_its_end(acme: Acme, searched: SubjectRequest) -> None:
    report = acme.report()
    acme.letters()
    prove(acme, report)
    assert writing_down.awaited(searched, at=acme.at) is None
    with pytest.raises(Conflict):
        enter(acme, searched)


def prove(acme: Acme, report: SubjectRequest) -> None:
    """Whose mailbox it is types the code."""
    code = next(line.replace(" ", "") for text in acme.sent_to(SAM) for line in text.splitlines() if line[:4] == "    ")
    assert verification.confirm(report, code, at=acme.at) is verification.Confirmation.CONFIRMED


def test_the_closing_letter_names_each_field_why_and_no_value_and_leads_to_no_page(
    acme: Acme, searched: SubjectRequest
) -> None:
    enter(acme, searched, statement="A member since 2019.")
    rectification.respond(searched, text="We added it to your account.", by=acme.devi, at=acme.at)
    decide(acme, searched, acme.devi, accepted=False, words="Two letters differ.")
    answered(acme, searched)
    text = paper(searched, Letter.CORRECTED)
    assert "- Account: Name. Why: Two letters differ." in text
    assert "We added it to your account." in text
    assert "ask us for a copy of your data" in text
    assert [said for said in (NEW, "http", "page of your request", "code") if said in text] == []


def test_where_nothing_is_found_nobody_is_told_or_asked(acme: Acme) -> None:
    own = found(acme, asked(acme, account="404"))
    assert own.state == State.DELIVERED
    assert "found none that what you named leads to" in paper(own, Letter.CORRECTED)
    assert not Notice.objects.filter(letter=Letter.ON_FILE).exists()


def test_a_stalled_one_is_not_moved_on_while_the_person_is_waited_for(acme: Acme, searched: SubjectRequest) -> None:
    work.advance_stalled(at=acme.later(days=1))
    searched.refresh_from_db()
    assert searched.state == State.SEARCHED
    assert not Correction.objects.exists()

"""How long new values for a correction are waited for: in time for the answer, and anew after a freeze."""

import json
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.utils import translation

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT
from dsr.law.clocks import Pause
from dsr.law.deadlines import business_days_left, local_day
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Channel, Letter, NoticeState
from dsr.models import Event, LegalHold, Proposal, SubjectRequest
from dsr.steps import maps
from dsr.steps.asking import intake, verification, vouching
from dsr.steps.counting import pauses
from dsr.steps.deciding import holds, review
from dsr.steps.fulfilling import correctable, rectification, window, writing_down
from dsr.steps.fulfilling.writing_down import Came
from dsr.steps.move import Conflict
from dsr.steps.post import letters, notices, resending, wording
from tests.life.scene import POSTAL, SAM, SAMS_ACCOUNT
from tests.steps.on_paper import Acme


def by_letter(acme: Acme) -> SubjectRequest:
    """Sam's letter, entered by Dana and checked by Devi."""
    named = ((IdentityKind.ACCOUNT, SAMS_ACCOUNT),)
    given = intake.Intake(
        *("acme", Right.RECTIFICATION, named, "My name is Samira.", Channel.LETTER),
        region="eea",
        postal=POSTAL,
    )
    own = intake.receive(given, by=acme.dana, at=acme.at)
    vouching.vouch(own, note="Called back", by=acme.devi, at=acme.at)
    return own


def by_mail(acme: Acme) -> SubjectRequest:
    """Sam's own request, from the mailbox of the account."""
    given = intake.Intake("acme", Right.RECTIFICATION, ((IdentityKind.EMAIL, SAM),), region="eea")
    own = intake.receive(given, by=SUBJECT, at=acme.at)
    assert verification.confirm(own, code_for(acme), at=acme.at) is verification.Confirmation.CONFIRMED
    own.refresh_from_db()
    return own


def code_for(acme: Acme) -> str:
    return next(line.replace(" ", "") for line in acme.sent_to(SAM)[-1].splitlines() if line[:4] == "    ")


def searched(acme: Acme, own: SubjectRequest) -> SubjectRequest:
    """Dana accepted it, and the workers found Sam."""
    review.accept(own, by=acme.dana, at=acme.at)
    acme.work()
    own.refresh_from_db()
    return own


def frozen(acme: Acme, own: SubjectRequest, *, person: bool = False) -> LegalHold:
    order = holds.Order("Feared", date(2027, 6, 1), LegalHold.FREEZE, person=person)
    return holds.set_hold(own, order, by=acme.olga, at=acme.at)[0]


def released(acme: Acme, hold: LegalHold, **later: float) -> None:
    acme.later(**later)
    holds.release(hold, by=acme.olga, at=acme.at)


def last_day(own: SubjectRequest) -> date:
    own.proposal.refresh_from_db()
    return own.proposal.last_day


def wait_until(acme: Acme, day: date) -> None:
    acme.later(days=(day - today(acme)).days)


def today(acme: Acme) -> date:
    return local_day(acme.at, maps.calendar("acme"))


def swept(acme: Acme) -> None:
    """What is done every minute."""
    while rectification.remind_next(at=acme.at) or rectification.end_next(at=acme.at):
        pass


def enter(acme: Acme, own: SubjectRequest, on: date) -> None:
    """Devi enters what came that day."""
    values = {(next(correctable.rows(own)).place, "name"): "Samira"}
    writing_down.enter(own, values, statement="", came=Came(Channel.LETTER, on), by=acme.devi, at=acme.at)


Ask = Callable[[Acme], SubjectRequest]


@pytest.mark.parametrize(("ask", "least"), [(by_letter, 14), (by_mail, 17)])
def test_after_a_freeze_the_person_has_the_whole_time_anew_and_nothing_ended_meanwhile(
    acme: Acme, ask: Ask, least: int
) -> None:
    own = searched(acme, ask(acme))
    acme.post(own)
    freeze = frozen(acme, own)
    wait_until(acme, last_day(own) + timedelta(days=30))
    swept(acme)
    assert not own.notices.filter(letter=Letter.CORRECTABLE_STILL).exists()
    released(acme, freeze)
    acme.post(own)
    swept(acme)
    own.refresh_from_db()
    assert (own.state, last_day(own)) == (State.SEARCHED, today(acme) + timedelta(days=least))
    assert Event.objects.get(tag="correction:renewed").details == {"last_day": last_day(own).isoformat()}


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
@pytest.mark.parametrize("ask", [by_letter, by_mail])
def test_one_letter_says_that_it_has_ended_and_the_new_day(acme: Acme, ask: Ask, language: str) -> None:
    own = searched(acme, ask(acme))
    SubjectRequest.objects.filter(pk=own.pk).update(language=language)
    released(acme, frozen(acme, own), days=20)
    assert not own.notices.filter(letter=Letter.RELEASED).exists()
    text = newest(own)
    with translation.override(language.lower()):
        assert wording.day(last_day(own)) in text
    assert ("What held your request has ended" in text) is (language == "en")
    assert ("http" in text) is (ask is by_mail)


def test_the_reminder_comes_in_the_new_time_as_well(acme: Acme) -> None:
    own = searched(acme, by_letter(acme))
    acme.post(own)
    acme.later(days=8)
    swept(acme)
    released(acme, frozen(acme, own), days=10)
    acme.post(own)
    acme.later(days=6)
    swept(acme)
    assert own.notices.filter(letter=Letter.CORRECTABLE_STILL).count() == 1
    acme.later(days=1)
    swept(acme)
    assert own.notices.filter(letter=Letter.CORRECTABLE_STILL).count() == 2


def test_a_letter_with_the_old_day_is_not_posted_any_more(acme: Acme) -> None:
    own = searched(acme, by_letter(acme))
    first = own.notices.get(letter=Letter.CORRECTABLE)
    released(acme, frozen(acme, own), days=20)
    first.refresh_from_db()
    assert first.state == NoticeState.FAILED
    assert own.notices.filter(letter=Letter.CORRECTABLE, state=NoticeState.TO_POST).count() == 1


def test_a_short_freeze_takes_no_day_away(acme: Acme) -> None:
    own = searched(acme, by_mail(acme))
    before = last_day(own)
    released(acme, frozen(acme, own), hours=1)
    assert last_day(own) == before


def test_a_day_that_was_told_never_comes_earlier(acme: Acme) -> None:
    own = searched(acme, by_mail(acme))
    told = last_day(own) + timedelta(days=60)
    Proposal.objects.update(last_day=told)  # as a question that was open then had moved it
    released(acme, frozen(acme, own), days=3)
    assert last_day(own) == told


def test_of_several_freezes_the_last_release_begins_the_time_anew(acme: Acme) -> None:
    own = searched(acme, by_letter(acme))
    acme.post(own)
    before = last_day(own)
    first = frozen(acme, own)
    wait_until(acme, before + timedelta(days=3))
    second = frozen(acme, own, person=True)
    released(acme, first, days=5)
    swept(acme)
    assert (last_day(own), own.notices.filter(letter=Letter.CORRECTABLE).count()) == (before, 1)
    released(acme, second, days=5)
    assert last_day(own) == today(acme) + timedelta(days=14)
    released(acme, frozen(acme, own), days=20)
    assert last_day(own) == today(acme) + timedelta(days=14)


def test_a_time_that_was_over_before_the_freeze_is_not_opened_again(acme: Acme) -> None:
    own = searched(acme, by_letter(acme))
    before = last_day(own)
    wait_until(acme, before + timedelta(days=1))
    released(acme, frozen(acme, own), days=3)
    assert last_day(own) == before
    assert own.notices.filter(letter=Letter.RELEASED).count() == 1
    with pytest.raises(Conflict, match="too late"):
        enter(acme, own, before + timedelta(days=1))


def test_what_came_in_time_can_be_entered_after_the_freeze(acme: Acme) -> None:
    own = searched(acme, by_letter(acme))
    acme.post(own)
    before = last_day(own)
    wait_until(acme, before + timedelta(days=1))
    released(acme, frozen(acme, own), days=30)
    swept(acme)
    acme.later(days=1)
    enter(acme, own, before)
    assert own.corrections.count() == 1


def test_a_time_that_ended_is_answered_and_stays_so(acme: Acme) -> None:
    own = searched(acme, by_mail(acme))
    wait_until(acme, last_day(own) + timedelta(days=1))
    swept(acme)
    released(acme, frozen(acme, own), days=3)
    own.refresh_from_db()
    assert own.state == State.DELIVERED
    assert not Event.objects.filter(tag="correction:renewed").exists()


def test_a_legal_hold_takes_no_days_of_a_correction_and_hides_no_release(acme: Acme) -> None:
    own = searched(acme, by_letter(acme))
    order = holds.Order("Claim", date(2027, 6, 1), person=True)
    legal = holds.set_hold(own, order, by=acme.olga, at=acme.at)[0]
    released(acme, frozen(acme, own), days=20)
    again = last_day(own)
    assert again == today(acme) + timedelta(days=14)
    released(acme, legal, days=3)
    assert last_day(own) == again


def test_beside_a_legal_hold_who_has_sent_values_hears_of_the_release(acme: Acme) -> None:
    own = searched(acme, by_letter(acme))
    enter(acme, own, today(acme))
    holds.set_hold(own, holds.Order("Claim", date(2027, 6, 1), person=True), by=acme.olga, at=acme.at)
    released(acme, frozen(acme, own), days=3)
    assert own.notices.filter(letter=Letter.RELEASED).count() == 1
    assert not Event.objects.filter(tag="correction:renewed").exists()


def test_a_freeze_during_a_question_leaves_the_day_before_the_date_that_the_question_moved(acme: Acme) -> None:
    own = searched(acme, by_mail(acme))
    before = last_day(own)
    pauses.ask(own, reason=Pause.IDENTITY_REQUIRED, question="Which name?", by=acme.dana, at=acme.at)
    released(acme, frozen(acme, own), days=2)
    own.refresh_from_db()
    assert last_day(own) == max(before, own.due_on - timedelta(days=1))


def test_who_is_frozen_when_the_search_ends_is_asked_by_the_letter_of_the_release(acme: Acme) -> None:
    own = by_letter(acme)
    freeze = frozen(acme, own)
    searched(acme, own)
    assert own.state == State.SEARCHED
    assert not own.notices.filter(letter=Letter.CORRECTABLE).exists()
    assert own.notices.filter(letter=Letter.ON_FILE).exists()
    released(acme, freeze, days=3)
    assert own.notices.filter(letter=Letter.CORRECTABLE).count() == 1


def test_the_letter_after_a_freeze_can_be_sent_again_with_its_day(acme: Acme) -> None:
    own = searched(acme, by_mail(acme))
    released(acme, frozen(acme, own), days=20)
    acme.letters()
    again = own.notices.filter(letter=Letter.CORRECTABLE).order_by("created_at").last()
    assert again is not None
    resending.send_again(again, by=acme.dana, at=acme.at)
    assert wording.day(last_day(own)) in acme.sent_to(SAM)[-1]


def test_on_paper_with_no_answer_it_is_answered_within_the_promise(acme: Acme) -> None:
    own = searched(acme, by_letter(acme))
    acme.post(own)
    assert last_day(own) == today(acme) + timedelta(days=14)
    while own.state == State.SEARCHED:
        acme.later(days=1)
        swept(acme)
        own.refresh_from_db()
    assert today(acme) == own.due_on


def test_nobody_is_answered_for_silence_before_the_letter_that_asks_is_posted(acme: Acme) -> None:
    own = searched(acme, by_letter(acme))
    wait_until(acme, last_day(own) + timedelta(days=40))
    swept(acme)
    own.refresh_from_db()
    assert own.state == State.SEARCHED
    assert wording.day(today(acme) + timedelta(days=14)) in printed(acme, own)
    acme.post(own)
    assert last_day(own) == today(acme) + timedelta(days=14)
    acme.later(days=6)
    swept(acme)
    assert not own.notices.filter(letter=Letter.CORRECTABLE_STILL).exists()
    enter(acme, own, today(acme))
    assert Event.objects.filter(tag="correction:moved").count() == 1


def test_who_never_answers_a_letter_that_was_posted_late_is_answered_after_its_days(acme: Acme) -> None:
    own = searched(acme, by_letter(acme))
    acme.later(days=60)
    acme.post(own)
    wait_until(acme, last_day(own))
    swept(acme)
    own.refresh_from_db()
    assert own.state == State.SEARCHED
    acme.later(days=9)
    swept(acme)
    own.refresh_from_db()
    assert own.state == State.DELIVERED
    assert own.notices.get(letter=Letter.CORRECTABLE_STILL).state == NoticeState.FAILED  # it is answered


def printed(acme: Acme, own: SubjectRequest) -> str:
    """The letter that asks, as Dana prints it now."""
    letter = own.notices.get(letter=Letter.CORRECTABLE, state=NoticeState.TO_POST)
    return notices.on_paper(letter, at=acme.at).text


@pytest.mark.parametrize(("late", "person", "staff"), [(0, 14, 5), (2, 14, 5), (4, 14, 2), (20, 14, 2)])
def test_who_is_asked_late_has_two_weeks_and_staff_two_business_days(
    acme: Acme, late: int, person: int, staff: int
) -> None:
    own = by_letter(acme)
    acme.later(days=late)
    searched(acme, own)
    assert last_day(own) == today(acme) + timedelta(days=person)
    book = maps.calendar("acme")
    left = business_days_left(last_day(own), window.closes_on(own.proposal), book)
    assert left <= staff
    assert left >= 2


def test_where_the_law_gives_more_time_staff_have_five_business_days(acme: Acme) -> None:
    own = searched(acme, by_letter(acme))
    SubjectRequest.objects.filter(pk=own.pk).update(due_on=own.due_on + timedelta(days=60))
    own.refresh_from_db()
    assert business_days_left(last_day(own), window.closes_on(own.proposal), maps.calendar("acme")) == 5


def newest(own: SubjectRequest) -> str:
    """The letter that waits to leave."""
    notice = own.notices.filter(letter=Letter.CORRECTABLE).order_by("created_at").last()
    assert notice is not None
    return letters.written(notice, json.loads(notice.context())).text

"""Who asks as a guardian proves a mailbox of their own alone: the account's own addresses are told and waited for."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Asker, Kind, Letter, Outcome
from dsr.models import LegalHold, Notice, SubjectRequest
from dsr.portal import access
from dsr.steps.answering import delivery, on_file
from dsr.steps.asking import intake, representation, sessions, verification
from dsr.steps.asking.representation import Acting
from dsr.steps.deciding import blocking, holds, review
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from dsr.steps.post import resending
from tests.life.scene import GRETA, SAM, SAMS_ACCOUNT
from tests.steps import taking
from tests.steps.on_paper import Acme, begun

PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture
def acme(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Acme:
    """Greta knows the number of Sam's account, and nothing else of Sam's."""
    return begun(tmp_path, monkeypatch)


def code_for(acme: Acme, address: str) -> str:
    return "".join(re.findall(r"^ +([2-9A-Z]{4}) ([2-9A-Z]{4})$", acme.sent_to(address)[-1], re.MULTILINE)[-1])


def accepted(acme: Acme, right: Right, *named: tuple[IdentityKind, str]) -> SubjectRequest:
    """Olga checked the guardian, Dana accepted, and the workers did what was due."""
    acting = Acting(Asker.GUARDIAN, "Greta Ortiz", GRETA, PDF)
    identities = ((IdentityKind.ACCOUNT, SAMS_ACCOUNT), *named)
    scope = "everything" if right is Right.ERASURE else ""
    given = intake.Intake("acme", right, identities, acting=acting, scope=scope, region="eea")
    own = intake.receive(given, by=SUBJECT, at=acme.at)
    assert verification.confirm(own, code_for(acme, GRETA), at=acme.at) is verification.Confirmation.CONFIRMED
    own.refresh_from_db()
    representation.check(own, note="Saw it", by=acme.olga, at=acme.at)
    review.accept(own, by=acme.dana, at=acme.at)
    acme.work()
    own.refresh_from_db()
    return own


def account(acme: Acme) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(acme.database)) as live:
        return live.execute("SELECT email FROM people WHERE id = '1'").fetchall()


def page(own: SubjectRequest, client: Client, name: str = "") -> str:
    session = client.session
    opened = sessions.begin("acme", GRETA, "", whole=False, at=timezone.now())
    session[access.SESSIONS], session[access.PROVEN] = [str(opened.pk)], {str(own.pk): str(opened.pk)}
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key or ""
    return client.get(f"/acme/requests/{own.reference}/{name}").content.decode()


def test_what_a_guardian_asks_for_waits_until_the_account_own_address_had_its_days(acme: Acme) -> None:
    own = accepted(acme, Right.ACCESS)
    assert own.state == State.PACKAGED
    with pytest.raises(Conflict, match="waits"):
        taking.taken(own, at=acme.at)
    told = acme.sent_to(SAM)
    assert len(told) == 1
    assert "as a parent or guardian" in told[0]
    assert "nobody takes it from here" in told[0]
    assert "/acme/ask/compromised-account/" in told[0]
    assert [said for said in ("paper", "by post", "Ortiz", GRETA) if said in told[0]] == []
    with pytest.raises(Conflict, match="waits"):
        taking.taken(own, at=acme.later(days=2))
    assert taking.taken(own, at=acme.later(days=1)).size


def test_who_has_to_wait_for_an_objection_has_the_whole_offer_after_it(acme: Acme) -> None:
    own = accepted(acme, Right.ACCESS)
    opens = on_file.opens_on(own, at=acme.at)
    assert opens is not None
    assert delivery.last_day(own.packages.get()) == opens + timedelta(days=settings.DSR_OFFER_DAYS)


def test_the_email_address_of_a_child_that_a_guardian_names_is_proven_by_no_code(acme: Acme) -> None:
    own = accepted(acme, Right.ACCESS, (IdentityKind.EMAIL, "kim@example.com"))
    assert Notice.objects.get(subject_request=own, letter=Letter.ON_FILE).addressee() == SAM


def test_whose_account_it_is_objects_before_anything_is_handed_to_a_guardian(acme: Acme) -> None:
    own = accepted(acme, Right.ACCESS)
    acme.letters()
    verification.confirm(acme.report(SAM), code_for(acme, SAM), at=acme.at)
    assert blocking.blocks_delivery(own)
    with pytest.raises(Conflict, match="frozen"):
        taking.taken(own, at=acme.later(days=9))


def test_an_erasure_of_a_guardian_is_announced_on_file_and_approved_by_other_hands(acme: Acme) -> None:
    own = accepted(acme, Right.ERASURE)
    with pytest.raises(Conflict, match="still on its way"):
        acme.approve(own)
    told = acme.sent_to(SAM)
    assert "Until Thursday 5 November 2026 we erase nothing." in told[0]
    with pytest.raises(Forbidden, match="second person"):
        acme.approve(own, by=acme.olga)
    acme.approve(own)
    assert own.erase_after == acme.at + timedelta(days=3)  # the days on file are over by then
    acme.later(days=3)
    acme.work()
    assert account(acme) == []
    assert Notice.objects.filter(letter=Letter.ON_FILE).count() == 1


def test_nothing_begins_for_a_guardian_before_the_days_on_file_are_over(acme: Acme) -> None:
    own = accepted(acme, Right.ERASURE)
    acme.later(days=3)  # on a Friday: the two business days end on the Tuesday, after the grace
    acme.letters()
    acme.approve(own)
    assert own.erase_after is not None
    assert own.erase_after > acme.at + timedelta(days=4)


@pytest.mark.parametrize(("right", "letter"), [(Right.ACCESS, Letter.READY), (Right.RECTIFICATION, Letter.CORRECTABLE)])
def test_the_letter_to_a_guardian_says_from_which_day_the_answer_opens(
    acme: Acme, right: Right, letter: Letter
) -> None:
    own = accepted(acme, right)
    assert own.notices.filter(letter=letter).exists()
    told = acme.sent_to(GRETA)[-1]
    assert "It opens to you on Friday 6 November 2026." in told
    acme.later(days=3)
    resending.send_again(own.notices.get(letter=letter), by=acme.dana, at=acme.at)
    again = acme.sent_to(GRETA)[-1]
    assert "opens to you" not in again
    assert f"/requests/{own.reference}/" in again


def test_an_account_without_an_address_opens_at_once(acme: Acme) -> None:
    with closing(sqlite3.connect(acme.database)) as live, live:
        live.execute("UPDATE people SET email = NULL")
    own = accepted(acme, Right.ACCESS)
    assert "opens to you" not in acme.sent_to(GRETA)[-1]
    assert taking.taken(own, at=acme.at).size


def test_nothing_is_stopped_for_a_guardian_before_the_days_on_file_are_over(acme: Acme) -> None:
    own = accepted(acme, Right.ERASURE)
    assert "disabled" not in "".join(acme.sent_to(GRETA) + acme.sent_to(SAM))
    acme.approve(own)
    acme.later(days=2)
    acme.work()
    assert own.items.get(kind=Kind.STOP).fence == 0
    assert len(account(acme)) == 1
    acme.later(days=1)
    acme.work()
    assert own.items.get(kind=Kind.STOP).outcome == Outcome.STOPPED
    assert account(acme) == []


def test_the_page_of_a_guardian_says_until_when_it_waits_and_shows_nothing(acme: Acme, client: Client) -> None:
    acme.at = timezone.now()
    ready, found = accepted(acme, Right.ACCESS), accepted(acme, Right.RECTIFICATION)
    for own in (ready, found):
        text = page(own, client)
        assert "whoever reads the e-mail address on the account" in text
        assert "Download your answer" not in text
        assert "See my data and correct it" not in text
    assert page(found, client, "correct/") == ""


def test_while_it_waits_the_page_keeps_its_dates_and_leads_to_nothing_that_is_not_there(
    acme: Acme, client: Client
) -> None:
    acme.at = timezone.now()
    ready, found = page(accepted(acme, Right.ACCESS), client), page(accepted(acme, Right.RECTIFICATION), client)
    assert "We answer by" in found
    assert "The law (GDPR) gives us until" in found
    assert "Look at it above" not in found
    assert "We answer by" not in ready  # the answer is there
    assert [text.count("It waits until the day above.") for text in (ready, found)] == [1, 1]


def test_after_a_freeze_the_page_says_why_new_values_are_waited_for_beyond_the_answer(
    acme: Acme, client: Client, sign_in: Callable[[str], Client]
) -> None:
    own = accepted(acme, Right.RECTIFICATION)
    acme.letters()
    freeze = holds.set_hold(own, holds.Order("Feared", date(2027, 6, 1), LegalHold.FREEZE), by=acme.olga, at=acme.at)[0]
    holds.release(freeze, by=acme.devi, at=acme.later(days=10))
    with time_machine.travel(acme.at, tick=False):
        text = page(own, client)
        desk = sign_in("dana").get(f"/desk/requests/{own.reference}/").content.decode()
    assert "Because your account was frozen, you have until then" in text
    assert "its owner could object until the end of 5 Nov 2026." in desk
    assert "Nothing is written before that" not in desk


def test_beside_a_legal_hold_a_guardian_hears_that_the_answer_can_be_taken_again_and_until_when(acme: Acme) -> None:
    own = accepted(acme, Right.ERASURE)
    acme.letters()
    acme.approve(own)
    acme.later(days=3)
    acme.work()
    own.refresh_from_db()
    freeze, legal = (
        holds.set_hold(own, holds.Order("Feared", date(2027, 6, 1), kind), by=acme.olga, at=acme.at)[0]
        for kind in (LegalHold.FREEZE, LegalHold.LEGAL)
    )
    acme.letters()
    holds.release(freeze, by=acme.devi, at=acme.later(days=20))
    thawed = acme.sent_to(GRETA)[-1]
    until = f"You can download it until {acme.at + timedelta(days=settings.DSR_OFFER_DAYS):%A %-d %B %Y}."
    assert "The account is not frozen any more, so you can take the answer. The legal hold on your request" in thawed
    assert until in thawed
    assert resending.holds(own.notices.get(letter=Letter.RELEASED), acme.at)
    holds.release(legal, by=acme.olga, at=acme.later(days=5))
    ended = acme.sent_to(GRETA)[-1]
    assert "What held your request has ended" in ended
    assert until in ended

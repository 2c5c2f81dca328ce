"""Requests by letter to a small controller, so that a whole walk passes in a moment; Olga is its privacy officer."""

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail

from accounts import staff
from accounts.models import Role, Staff
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor, ActorKind
from dsr.law.rights import Right
from dsr.law.work import Channel, ItemState, Kind, Letter, NoticeState, Post
from dsr.models import SubjectRequest
from dsr.steps import work
from dsr.steps.asking import intake, verification, vouching
from dsr.steps.asking.cancellation import Word
from dsr.steps.deciding import approval, review
from dsr.steps.post import notices
from tests.life.scene import POSTAL, SAM, SAMS_ACCOUNT, START, filled

CONTROLLERS = Path(__file__).parents[1] / "life" / "controllers"
ROLES = {"dana": Role.AGENT, "devi": Role.AGENT, "eli": Role.APPROVER, "olga": Role.PRIVACY_OFFICER}
BY_TELEPHONE = Word(Channel.TELEPHONE, date(2026, 11, 3), "Named the reference and the day of the letter")


@dataclass(slots=True)
class Acme:
    """A clock that only tests turn, and the walk in words: Dana enters and accepts, Devi checks, Eli approves."""

    dana: Actor
    devi: Actor
    eli: Actor
    olga: Actor
    database: Path
    at: datetime = START

    def later(self, **delta: float) -> datetime:
        """Turn the clock forward."""
        self.at += timedelta(**delta)
        return self.at

    def letters(self) -> None:
        """Send the outbox."""
        while notices.send_next(at=self.at):
            pass

    def sent_to(self, address: str) -> list[str]:
        """Every mail that left us for this address."""
        self.letters()
        return [str(message.body) for message in mail.outbox if message.to == [address]]

    def work(self) -> None:
        """Workers do everything that is due."""
        while work.do_next(at=self.at):
            pass

    def asked(self, *, by: Actor | None = None, scope: str = "everything", region: str = "eea") -> SubjectRequest:
        """Sam's letter, as it was entered."""
        given = intake.Intake(
            "acme",
            Right.ERASURE,
            ((IdentityKind.ACCOUNT, SAMS_ACCOUNT),),
            channel=Channel.LETTER,
            postal=POSTAL,
            scope=scope,
            region=region,
        )
        return intake.receive(given, by=by or self.dana, at=self.at)

    def searched(
        self,
        *,
        by: Actor | None = None,
        checked_by: Actor | None = None,
        scope: str = "everything",
        region: str = "eea",
    ) -> SubjectRequest:
        """Checked by a second person, accepted by Dana; its manifest is closed."""
        subject_request = self.asked(by=by, scope=scope, region=region)
        vouching.vouch(subject_request, note="Called back", by=checked_by or self.devi, at=self.at)
        review.accept(subject_request, by=self.dana, at=self.at)
        self.work()
        subject_request.refresh_from_db()
        return subject_request

    def approve(self, subject_request: SubjectRequest, by: Actor | None = None) -> None:
        """Eli has looked at what is listed."""
        digest = subject_request.manifest.digest
        approval.approve(subject_request, digest=digest, by=by or self.eli, at=self.at)

    def approved(self) -> SubjectRequest:
        """The letter to the address on file has left, and Eli approved."""
        subject_request = self.searched()
        self.letters()
        self.approve(subject_request)
        return subject_request

    def stopped(self) -> SubjectRequest:
        """Approved and posted, and the grace is over: the account is disabled, and erasing is next."""
        subject_request = self.approved()
        self.post(subject_request)
        self.later(days=14)
        assert work.do_next(at=self.at)
        assert subject_request.items.get(kind=Kind.STOP).state == ItemState.DONE
        return subject_request

    def post(self, subject_request: SubjectRequest) -> None:
        """Dana posts what waits on paper."""
        for notice in subject_request.notices.filter(state=NoticeState.TO_POST).exclude(letter__in=notices.COVERING):
            notices.posted(notice, by=self.dana, at=self.at)

    def report(self, email: str = SAM) -> SubjectRequest:
        """Whose mailbox it is says that somebody else is in the account, and proves it."""
        named = ((IdentityKind.EMAIL, email),)
        return intake.receive(intake.Intake("acme", Right.COMPROMISED_ACCOUNT, named), by=SUBJECT, at=self.at)


def begun(folder: Path, patch: pytest.MonkeyPatch) -> Acme:
    """Its system holds Sam and somebody else."""
    database = folder / "acme.sqlite3"
    filled(database)
    patch.setenv("ACME_DATABASE_URL", f"sqlite:///{database}")
    patch.setattr(settings, "DSR_CONTROLLERS", CONTROLLERS)
    for username, role in ROLES.items():
        staff.add(username, username.title(), [("acme", role)])
    dana, devi, eli, olga = (Actor(ActorKind.STAFF, str(Staff.objects.get(username=name).pk)) for name in ROLES)
    return Acme(dana, devi, eli, olga, database)


def rows(acme: Acme, statement: str) -> list[tuple[object, ...]]:
    """What stands in the system."""
    with closing(sqlite3.connect(acme.database)) as live:
        return live.execute(statement).fetchall()


def account(acme: Acme) -> list[tuple[object, ...]]:
    """Sam's account, as it stands there."""
    return rows(acme, "SELECT email, disabled FROM people WHERE id = '1'")


def agreed(acme: Acme) -> list[tuple[object, ...]]:
    """When what Sam had agreed to was withdrawn."""
    return rows(acme, "SELECT withdrawn_at FROM consents WHERE person = '1'")


def code_sent_to(acme: Acme, address: str) -> str:
    """The newest code in this mailbox."""
    return "".join(re.findall(r"^ +([2-9A-Z]{4}) ([2-9A-Z]{4})$", acme.sent_to(address)[-1], re.MULTILINE)[-1])


def with_a_mailbox(acme: Acme) -> SubjectRequest:
    """Sam's erasure from a mailbox, accepted by Dana; its manifest is closed."""
    named = ((IdentityKind.EMAIL, SAM),)
    given = intake.Intake("acme", Right.ERASURE, named, scope="everything", region="eea")
    subject_request = intake.receive(given, by=SUBJECT, at=acme.at)
    verification.confirm(subject_request, code_sent_to(acme, SAM), at=acme.at)
    review.accept(subject_request, by=acme.dana, at=acme.at)
    acme.work()
    subject_request.refresh_from_db()
    return subject_request


def frozen_by_its_owner(acme: Acme, email: str = SAM) -> None:
    """Whose mailbox it is proves that somebody else is in the account."""
    report = acme.report(email)
    assert verification.confirm(report, code_sent_to(acme, email), at=acme.at) is verification.Confirmation.CONFIRMED


def paper(subject_request: SubjectRequest, letter: Letter) -> str:
    """A letter as it is printed."""
    notice = subject_request.notices.get(letter=letter, post=Post.PAPER)
    written = notices.on_paper(notice)
    assert "/requests/" not in written.text
    assert "/requests/" not in written.html
    return written.text

"""Workers that remind of unproven requests, or see who looks for one, in the same moment."""

from collections import Counter
from datetime import datetime, timedelta

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT
from dsr.law.rights import Right
from dsr.law.work import Letter
from dsr.models import Notice, SoughtRequest, SubjectRequest
from dsr.steps.asking import intake, seeking, verification
from tests.postgresql.takings import together

DAY = timedelta(hours=25)


def at_once(mailboxes: list[str], each: int, workers: int, at: datetime) -> dict[str, object]:
    """So many requests for each mailbox, filed a day ago, and so many workers on a connection of their own."""
    for turn in range(each):
        for mailbox in mailboxes:
            asked = intake.Intake("joypix", Right.ACCESS, ((IdentityKind.EMAIL, mailbox),))
            intake.receive(asked, by=SUBJECT, at=at - DAY + timedelta(seconds=turn))

    def remind() -> str:
        while verification.remind_next(at=at):
            pass
        return "nothing left"

    said = together([remind] * workers)
    letters = Counter(notice.addressee() for notice in Notice.objects.filter(letter=Letter.UNPROVEN))
    left = SubjectRequest.objects.filter(reminded_at=None).count()
    return {"said": sorted(set(said)), "letters": dict(letters), "left": left}


def sought_at_once(mailbox: str, workers: int, at: datetime) -> dict[str, object]:
    """So many workers see one row at the same moment."""
    asked = intake.Intake("joypix", Right.ACCESS, ((IdentityKind.EMAIL, mailbox),))
    own = intake.receive(asked, by=SUBJECT, at=at)
    seeking.seek("joypix", own.reference, mailbox, at=at)

    def send() -> str:
        seeking.send_next(at=at)
        return "done"

    said = together([send] * workers)
    codes = Notice.objects.filter(letter=Letter.CODE).count()
    return {"said": sorted(set(said)), "codes": codes, "left": SoughtRequest.objects.count()}

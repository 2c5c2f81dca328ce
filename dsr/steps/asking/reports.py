"""Reports of a compromised account or of a child: staff learn of them at once (J14, P11)."""

from datetime import datetime, timedelta

from dsr.law.actors import Actor
from dsr.law.rights import URGENT, Right
from dsr.law.work import Letter
from dsr.models import LegalHold, Notice, SubjectRequest
from dsr.steps import permissions
from dsr.steps.deciding import blocking, holds
from dsr.steps.move import Conflict
from dsr.steps.post import notices
from dsr.steps.recording import record

RELEASE, KEEP = "release", "keep"
MOST_PER_HOUR = 20  # letters to staff about reports that nobody has proven; the queue shows all of them


def received(subject_request: SubjectRequest, *, at: datetime) -> None:
    """Tell staff of a report, proven or not: who lost a mailbox cannot prove it."""
    if subject_request.right not in URGENT:
        return
    recent = Notice.objects.filter(
        letter=Letter.REPORT, subject_request__controller=subject_request.controller, created_at__gt=at - _HOUR
    )
    if recent.count() < MOST_PER_HOUR:
        _alert(subject_request, proven=False, at=at)


_HOUR = timedelta(hours=1)


def proven(subject_request: SubjectRequest, *, at: datetime) -> None:
    """The mailbox is proven: freeze what it proves, and tell staff. Call it in the transaction of the proof."""
    if subject_request.right not in URGENT:
        return
    if subject_request.right == Right.COMPROMISED_ACCOUNT:
        holds.freeze(subject_request, at=at)
    _alert(subject_request, proven=True, at=at)


def _alert(subject_request: SubjectRequest, *, proven: bool, at: datetime) -> None:
    owner = subject_request.owner
    for member in [owner] if owner else permissions.team(subject_request.controller):
        notices.queue(subject_request, Letter.REPORT, at=at, to_staff=member, proven=proven)


def settle(subject_request: SubjectRequest, freeze: str, *, by: Actor, at: datetime) -> None:
    """What becomes of the freezes when a report is answered: released, or kept on purpose. Raises Conflict."""
    if subject_request.right != Right.COMPROMISED_ACCOUNT:
        return
    frozen = [hold for hold in blocking.standing(subject_request) if hold.kind == LegalHold.FREEZE]
    if frozen and freeze not in {RELEASE, KEEP}:
        message = "Say what becomes of the freeze: release it, or keep it on purpose."
        raise Conflict(message)
    whys = [holds.why_not_by(hold, by) for hold in frozen if freeze == RELEASE]
    if why := next(filter(None, whys), ""):
        raise Conflict(why)
    for hold in frozen:
        if freeze == RELEASE:
            holds.release(hold, by=by, at=at)
        else:
            record.write(subject_request, "hold:kept", by=by, at=at, kind=hold.kind)

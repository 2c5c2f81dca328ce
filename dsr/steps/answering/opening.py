"""Opening: what shows a person's data is opened by no less than what the request needed (see ladder).

Where that was more than the mailbox, a browser shows more, for one request and one hour: by a code to another address
on file, by the controller's app, or by the pickup code of who handed a document in. The mailbox's own code opens
nothing without it; whoever reads only the mail, later than the person was proven, gets no data.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from dsr.law.actors import SUBJECT
from dsr.law.identifiers import one_mailbox
from dsr.law.ladder import Rung, reaches
from dsr.models import Assertion, Proof, StepUp, SubjectRequest
from dsr.steps.asking import assertions, pickup, verification
from dsr.steps.asking.verification import Confirmation
from dsr.steps.recording import record

LASTS = timedelta(hours=1)
STEPPED_UP = "identity:stepped-up"
MORE = "More than the mailbox is asked for before this opens."


def shown(subject_request: SubjectRequest, sessions: Sequence[str], *, at: datetime) -> bool:
    """Whether one of these sessions of a browser showed as much as opens this answer, within the hour."""
    needed = subject_request.opened_by
    if needed is Rung.MAILBOX:
        return True
    here = StepUp.objects.filter(session__pk__in=sessions, session__ended_at=None, at__gt=at - LASTS)
    return any(reaches(each.rung, needed) for each in here.filter(subject_request=subject_request))


def addresses(subject_request: SubjectRequest) -> list[str]:
    """Where a code can go: addresses that were on file before anybody was proven, where that is enough.

    They are shown on no page. What came on file later may be of who has the mailbox by now.
    """
    mailbox = subject_request.mailbox()
    if mailbox is None or not reaches(Rung.SECOND, subject_request.opened_by):
        return []
    return [each for each in subject_request.others() if not one_mailbox(each, mailbox.value())]


def sent(subject_request: SubjectRequest) -> bool:
    """Whether a code went there, and was not spent."""
    mine = Proof.objects.filter(identity__subject_request=subject_request, purpose=Proof.OPEN)
    return mine.filter(spent_at=None).exists()


def send(subject_request: SubjectRequest, *, at: datetime) -> bool:
    """Send a code to the next of them; False when there is none, or too many were sent within the hour."""
    mailbox, known = subject_request.mailbox(), addresses(subject_request)
    if mailbox is None or not known:
        return False
    return verification.send_elsewhere(mailbox, known, Proof.OPEN, at=at)


def by_code(subject_request: SubjectRequest, code: str, session: str, *, at: datetime) -> Confirmation:
    """Spend that code once, in this session."""
    if not addresses(subject_request):
        return Confirmation.NONE
    with transaction.atomic():
        outcome, proof = verification.spend_for(subject_request, Proof.OPEN, code, at=at)
        if proof is not None:
            _step_up(subject_request, Rung.SECOND, session, at)
    return outcome


def by_app(subject_request: SubjectRequest, held: Assertion, session: str, *, at: datetime) -> None:
    """Use up what the app vouched for in this browser. Raises Conflict."""
    with transaction.atomic():
        assertions.bind_to_open(subject_request, held, at=at)
        _step_up(subject_request, Rung.APP, session, at)


def by_pickup_code(subject_request: SubjectRequest, code: str, session: str, *, at: datetime) -> Confirmation:
    """The code that was shown once to who handed in what staff checked; it is good again and again."""
    with transaction.atomic():
        outcome = pickup.confirm(subject_request, code, at=at)
        if outcome is Confirmation.CONFIRMED:
            _step_up(subject_request, Rung.STAFF, session, at)
    return outcome


def _step_up(subject_request: SubjectRequest, rung: Rung, session: str, at: datetime) -> None:
    StepUp.objects.create(session_id=session, subject_request=subject_request, rung=rung, at=at)
    record.write(subject_request, STEPPED_UP, by=SUBJECT, at=at, rung=rung)

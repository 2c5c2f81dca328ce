"""Filing while a flood comes: each request is received, at its moment and with its dates; only its code goes later."""

from datetime import datetime, timedelta

from django.db import transaction

from dsr.law.actors import Actor
from dsr.law.work import Letter, NoticeState
from dsr.models import SubjectRequest
from dsr.steps.asking import intake
from dsr.steps.asking.intake import Intake


def receive(filed: Intake, *, by: Actor, at: datetime, wait: timedelta) -> SubjectRequest:
    """File the request; `wait`: how much later its first letter, which carries the code, leaves. Raises NotAccepted."""
    with transaction.atomic():
        subject_request = intake.receive(filed, by=by, at=at)
        if wait:
            first = subject_request.notices.filter(letter=Letter.RECEIVED, state=NoticeState.QUEUED)
            first.update(not_before=at + wait)
    return subject_request


def waits(subject_request: SubjectRequest, *, at: datetime) -> bool:
    """Whether its first letter leaves later than it was written."""
    first = subject_request.notices.filter(letter=Letter.RECEIVED, state=NoticeState.QUEUED, tries=0)
    return first.filter(not_before__gt=at).exists()

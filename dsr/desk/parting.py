"""Delivering a part of an answer while a system is down: the decision as the desk offers it."""

from datetime import datetime

from dsr.desk import forms
from dsr.desk.act import Act, Filled
from dsr.law.actors import Actor
from dsr.models import SubjectRequest
from dsr.steps.answering import partly
from dsr.steps.permissions import Duty


def _deliver(subject_request: SubjectRequest, _: Filled, by: Actor, at: datetime) -> None:
    partly.deliver_part(subject_request, by=by, at=at)


DELIVER = Act(
    "deliver-part",
    "Deliver what is there",
    "A system has not answered yet. The person gets version 1 now, which names each system that is missing, and "
    "version 2 with everything as soon as all have answered. The request stays open until then, and its dates run on. "
    "It is done once for a request.",
    "Deliver this part",
    "The part is being put together. The person is told when it is ready.",
    Duty.REVIEW,
    forms.Decision,
    partly.possible,
    _deliver,
    aside=True,
)

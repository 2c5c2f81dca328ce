"""Handing over the package of a person without a mailbox: what staff read, fill in, and may."""

from datetime import datetime

from django import forms

from dsr.desk.act import Act, Filled
from dsr.desk.forms import Decision
from dsr.law.actors import Actor
from dsr.law.work import Letter, NoticeState
from dsr.models import SubjectRequest
from dsr.steps.answering import delivery, handover
from dsr.steps.answering.handover import Way
from dsr.steps.deciding import blocking
from dsr.steps.permissions import Duty, may

WAYS = {Way.POST: "by post", Way.REGISTERED: "by registered post", Way.IN_PERSON: "in person"}


class HandingOver(Decision):
    """The day and the way."""

    given_on = forms.DateField(
        label="On which day did it leave?",
        help_text="The day on which you posted it or gave it: the request counts as answered on that day.",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "Enter the day on which it left.", "invalid": "Enter the day as 2026-11-24."},
    )
    way = forms.ChoiceField(
        label="How did it leave?",
        choices=[(way.value, plain.capitalize()) for way, plain in WAYS.items()],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how it left."},
    )
    reason = forms.CharField(
        label="What should the record know? (optional)",
        help_text="Such as the number of the registered letter, or how you saw who took it. It is sealed.",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=handover.REASON,
        required=False,
    )


def _give(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    given = handover.Given(filled["given_on"], Way(filled["way"]), filled["reason"])
    handover.give(subject_request, given, by=by, at=at)


HAND_OVER = Act(
    "hand-over",
    "Hand over on paper or on a medium",
    "This person has no mailbox, so nobody downloads the package by a link: you bring it to them. Until you say below "
    "that it left, the request is not answered, and its dates run on.",
    "It has left",
    "Written down: the request is answered. The closing letter waits below, under Letters: an agent or privacy "
    "officer prints it and posts it.",
    Duty.APPROVE,
    HandingOver,
    handover.waiting,
    _give,
)


def why_not(subject_request: SubjectRequest, by: Actor) -> str:
    """Why the one who has the duty cannot hand it over now; empty when they can."""
    if blocking.blocks_delivery(subject_request):
        return "This account is frozen: nothing about it is handed over until the freeze is released."
    return handover.why_not(subject_request, by)


def card(subject_request: SubjectRequest, by: Actor) -> dict[str, object]:
    """What the card of packages says where there is no mailbox."""
    by_hand = handover.by_hand(subject_request)
    package = delivery.available(subject_request) if by_hand and subject_request.closed else None
    able = package is not None and may(by, Duty.APPROVE, subject_request) and not why_not(subject_request, by)
    return {"by_hand": by_hand, "may_fetch": able}


def steps(subject_request: SubjectRequest) -> dict[str, object]:
    """What the page of the act shows: the letter that goes along, the package, and where it goes."""
    letter = subject_request.notices.filter(letter=Letter.READY, state=NoticeState.TO_POST).first()
    package = delivery.available(subject_request)
    return {"package": package, "covering": letter, "postal": subject_request.postal()}

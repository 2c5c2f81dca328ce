"""Handing over the package of a person without a mailbox: what staff read, fill in, and may."""

from datetime import datetime

from django import forms

from dsr.desk import people
from dsr.desk.act import Act, Filled
from dsr.desk.forms import Decision
from dsr.law.actors import Actor
from dsr.law.work import NoticeState
from dsr.models import SubjectRequest
from dsr.steps.answering import delivery, giving_up, handover, on_file
from dsr.steps.answering.giving_up import Why
from dsr.steps.answering.handover import Way
from dsr.steps.asking import vouching
from dsr.steps.deciding import blocking
from dsr.steps.permissions import Duty, may
from dsr.steps.post import notices

NOBODY = {
    Why.WITHDREW: "the person withdrew the request",
    Why.DIED: "the person died",
    Why.MOVED: "the person moved away, and no address is known",
    Why.UNKNOWN: "nobody knows why: what we send comes back",
}
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


class GivingUp(Decision):
    """Why nobody can be handed it."""

    why = forms.ChoiceField(
        label="Why can nobody be handed it?",
        choices=[(why.value, plain.capitalize()) for why, plain in NOBODY.items()],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why nobody can be handed it."},
    )
    reason = forms.CharField(
        label="What do you know, and how did you try?",
        help_text="Such as the letters that came back, or who told you. It is sealed with the record.",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=handover.REASON,
        error_messages={"required": "Write what you know, and how you tried to reach the person."},
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


def _give_up(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    giving_up.give_up(subject_request, Why(filled["why"]), reason=filled["reason"], by=by, at=at)


GIVE_UP = Act(
    "give-up",
    "Nobody can be handed it",
    "The package is destroyed, and the request is closed without an answer. Its dates do not count as kept: what is "
    "over counts as missed. It cannot be taken back; the person can ask anew at any time.",
    "Destroy the package and close the request",
    "The package is destroyed, and the request is closed.",
    Duty.APPROVE,
    GivingUp,
    handover.waiting,
    _give_up,
    "grave",
    aside=True,
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
    again = package is not None and package.downloads.exists()
    return {"by_hand": by_hand, "may_fetch": able, "taken_before": again}


def steps(subject_request: SubjectRequest, *, at: datetime) -> dict[str, object]:
    """What the page of the act shows: how who asks was checked, the letter, the package, and where it goes."""
    letter = subject_request.notices.filter(letter__in=notices.COVERING, state=NoticeState.TO_POST).first()
    package = delivery.available(subject_request)
    return {
        "package": package,
        "taken_before": package is not None and package.downloads.exists(),
        "covering": letter,
        "postal": subject_request.postal(),
        "checked": _checked(subject_request),
        "told": on_file.alert(subject_request),
        "wait": on_file.why_wait(subject_request, at=at),
    }


def _checked(subject_request: SubjectRequest) -> dict[str, object] | None:
    """Who checked who asks, when, and the note of it."""
    event = subject_request.events.filter(tag__in=vouching.CHECKED).first()
    if event is None:
        return None
    return {"by": people.names_of([event.actor])[event.actor], "at": event.at, "note": event.why()}

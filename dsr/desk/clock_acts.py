"""What staff can do with the clock and the owner of a request: when it fits, its form, and the step that does it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from django import forms

from accounts.models import Staff
from dsr.desk import due, people
from dsr.desk.act import Filled
from dsr.desk.clock import LONGER, REASONS
from dsr.desk.clock import card as clock_card
from dsr.desk.forms import Decision
from dsr.desk.replying import Replying
from dsr.law.actors import Actor
from dsr.law.clocks import ExtensionReason, Pause
from dsr.law.regimes import regimes
from dsr.law.work import Channel
from dsr.models import SubjectRequest
from dsr.steps import maps
from dsr.steps.answering.handover import by_hand
from dsr.steps.counting import clock, extension, pauses, receipt
from dsr.steps.deciding import ownership
from dsr.steps.permissions import Duty, may

# Django's class takes its model in brackets for the type checker only.
if TYPE_CHECKING:
    StaffChoice = forms.ModelChoiceField[Staff]
else:
    StaffChoice = forms.ModelChoiceField

NOON = time(12)  # of a day of which nobody knows the hour


class Asking(Decision):
    """The reason decides which clocks stand still."""

    reason = forms.ChoiceField(
        label="Why do you ask?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why you ask. It decides which dates stand still."},
    )
    question = forms.CharField(
        label="Your question",
        help_text="The person reads it on the page of the request; the mail only says that it is there. "
        "Ask for no more than you need, and never for a copy of an identity document.",
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=pauses.WORDS,
        error_messages={"required": "Write the question."},
    )


class Lengthening(Decision):
    """Effort alone is no reason."""

    reason = forms.ChoiceField(
        label="On which ground?",
        choices=[(reason.value, words.capitalize()) for reason, words in LONGER.items()],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the ground. Effort alone is none."},
    )
    words = forms.CharField(
        label="Why does it take longer?",
        help_text="The person reads this in the letter. Write it for them.",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=extension.WORDS,
        error_messages={"required": "Write why. The law wants the reasons told."},
    )


class Backdating(Decision):
    """A day; the hour does not count."""

    received_on = forms.DateField(
        label="On which day did it arrive?",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "Enter the day.", "invalid": "Enter the day as 2026-11-24."},
    )
    why = forms.CharField(
        label="How do you know?",
        help_text="Such as where it lay, or the stamp on the letter. It is sealed with the record.",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=500,
        error_messages={"required": "Write how you know. The record keeps it."},
    )


class Colleague(StaffChoice):
    """Staff by the names that people know them by."""

    def label_from_instance(self, obj: Staff) -> str:
        """As on every page of the desk."""
        return people.name_of(obj)


class HandingOver(Decision):
    """To a colleague who may review it."""

    to = Colleague(
        queryset=Staff.objects.none(),
        label="To whom?",
        error_messages={"required": "Choose a colleague.", "invalid_choice": "Choose a colleague from the list."},
    )


@dataclass(frozen=True, slots=True)
class ClockAct:
    """One act: its page, when it fits, and the step that does it."""

    slug: str
    title: str
    says: str
    button: str
    done: str
    form: type[Decision]
    fits: Callable[[SubjectRequest, datetime], bool]
    do: Callable[[SubjectRequest, Filled, Actor, datetime], None]
    tone: str = ""


def _ask(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    pauses.ask(subject_request, reason=Pause(filled["reason"]), question=filled["question"], by=by, at=at)


def _reply(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    reply = pauses.Reply(filled["words"], filled["received_on"], Channel(filled["channel"]))
    pauses.enter_reply(subject_request, reply, by=by, at=at)


def _end(subject_request: SubjectRequest, _: Filled, by: Actor, at: datetime) -> None:
    pauses.end(subject_request, by=by, at=at)


def _extend(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    reason = ExtensionReason(filled["reason"])
    extension.extend(subject_request, reason=reason, words=filled["words"], by=by, at=at)


def _backdate(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    zone = ZoneInfo(maps.calendar(subject_request.controller).zone)
    received_at = datetime.combine(filled["received_on"], NOON, zone)
    receipt.backdate(subject_request, received_at=received_at, why=filled["why"], by=by, at=at)


def _assign(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    ownership.assign(subject_request, to=filled["to"], by=by, at=at)


def _runs(subject_request: SubjectRequest, _: datetime) -> bool:
    return clock.running(subject_request)


ACTS = {
    act.slug: act
    for act in (
        ClockAct(
            "ask",
            "Ask the person",
            "The person gets a mail that a question waits on the page of the request; without a mailbox, a letter with "
            "the question, which you print. Dates whose law allows it stand still from today until the answer; the "
            "others run on, and so may the promise.",
            "Ask",
            "The question is on its way.",
            Asking,
            lambda subject_request, _: not pauses.why_not(subject_request),
            _ask,
        ),
        ClockAct(
            "enter-reply",
            "Enter the reply",
            "The person has no mailbox, and replied in another way. The clock runs again as of the day on which the "
            "reply arrived.",
            "Enter the reply",
            "The reply is written down, and the clock runs again.",
            Replying,
            lambda subject_request, _: pauses.open_question(subject_request) is not None and by_hand(subject_request),
            _reply,
        ),
        ClockAct(
            "end-question",
            "Take the question back",
            "The person is told that no answer is needed any more. Today is the last day that does not count.",
            "Take it back",
            "The question is taken back, and the clock runs again.",
            Decision,
            lambda subject_request, _: pauses.open_question(subject_request) is not None,
            _end,
        ),
        ClockAct(
            "extend",
            "Take more time",
            "Once, and before the first date. The person gets a letter with the new date and your reason, and with the "
            "ways to complain.",
            "Take more time",
            "The dates are extended, and the person is told.",
            Lengthening,
            lambda subject_request, at: not extension.why_not(subject_request, at=at),
            _extend,
            "grave",
        ),
        ClockAct(
            "backdate",
            "It arrived earlier",
            "The receipt may only move backwards. Every date is counted anew from that day; one that is over by then "
            "counts as missed.",
            "Move the receipt",
            "The receipt is moved, and every date counted anew.",
            Backdating,
            _runs,
            _backdate,
        ),
        ClockAct(
            "assign",
            "Hand over",
            "The request gets another owner, who is reminded of its dates from now on.",
            "Hand over",
            "The request is handed over.",
            HandingOver,
            _runs,
            _assign,
        ),
    )
}


def card(subject_request: SubjectRequest, by: Actor, now: datetime, *, shown: bool) -> dict[str, object]:
    """What the page of a request shows of its clock, and what can be done about it."""
    return {
        "chip": due.chip(subject_request, now),
        "clock": clock_card(subject_request, now, shown=shown),
        "clock_offers": offers(subject_request, by, now),
    }


def offers(subject_request: SubjectRequest, by: Actor, at: datetime) -> list[ClockAct]:
    """What this staff member can do now."""
    if not may(by, Duty.REVIEW, subject_request):
        return []
    return [act for act in ACTS.values() if act.fits(subject_request, at)]


def form_of(
    chosen: ClockAct, subject_request: SubjectRequest, posted: Mapping[str, Any] | None, at: datetime
) -> Decision:
    """The act's form with what can be chosen for this request."""
    form = chosen.form(posted)
    if isinstance(form, Asking):
        cast("forms.ChoiceField", form.fields["reason"]).choices = _reasons(subject_request, at)
    if isinstance(form, HandingOver):
        to = cast("Colleague", form.fields["to"])
        to.queryset = ownership.colleagues(subject_request)
    return form


def _reasons(subject_request: SubjectRequest, at: datetime) -> list[tuple[str, str]]:
    """Each reason with what it stops: nobody should ask in order to win time, and find out that none was won."""
    choices = []
    for reason, words in REASONS.items():
        stopped = [regimes()[row.regime].title for row in pauses.stops(subject_request, reason, at=at)]
        effect = f"stands still: {', '.join(stopped)}" if stopped else "every date runs on"
        choices.append((reason.value, f"{words.capitalize()} ({effect})"))
    return choices


def why_not(chosen: ClockAct, subject_request: SubjectRequest, at: datetime) -> str:
    """Why it does not fit now."""
    why = extension.why_not(subject_request, at=at) if chosen.slug == "extend" else ""
    if chosen.slug == "ask":
        why = pauses.why_not(subject_request)
    return why or "This request is not where that can be done."

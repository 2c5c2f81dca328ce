"""Cancelling on the person's word: who has no mailbox calls, writes or comes, and staff enter it."""

from datetime import datetime

from django import forms

from dsr.desk import words
from dsr.desk.act import Act, Filled
from dsr.desk.forms import Decision
from dsr.law.actors import Actor
from dsr.law.work import Channel
from dsr.models import SubjectRequest
from dsr.steps.asking import cancellation
from dsr.steps.permissions import Duty
from dsr.steps.post import outbox


class OnWord(Decision):
    """How the word came, the day, and a reason."""

    channel = forms.ChoiceField(
        label="How did the word come?",
        choices=[
            (channel.value, words.CHANNELS[channel].capitalize()) for channel in Channel if channel in outbox.ON_PAPER
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how the word came."},
    )
    on = forms.DateField(
        label="On which day did it come?",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "Enter the day on which it came.", "invalid": "Enter the day as 2026-11-24."},
    )
    reason = forms.CharField(
        label="What was said, and how did you know that it is this person?",
        help_text="Such as 'named the reference and the date of the letter'. It is sealed with the record.",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=cancellation.REASON,
        error_messages={"required": "Write what was said, and how you knew that it is this person."},
    )


def _fits(subject_request: SubjectRequest) -> bool:
    return subject_request.mailbox() is None and cancellation.possible(subject_request)


def _cancel(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    word = cancellation.Word(Channel(filled["channel"]), filled["on"], filled["reason"])
    cancellation.cancel_on_word(subject_request, word, by=by, at=at)


CANCEL = Act(
    "cancel-on-word",
    "Cancel on the person's word",
    "This person has no mailbox, and told you that the request shall stop. It is cancelled at once and for good; an "
    "account that was disabled for it is opened again, and a letter says so. When in doubt, cancel: whoever still "
    "wants it asks anew.",
    "Cancel the request",
    "The request is cancelled. The letter to the person waits below, under Letters.",
    Duty.REVIEW,
    OnWord,
    _fits,
    _cancel,
    "quiet",
    aside=True,
)

"""The clock of a request: its deadlines, what stops them, and what lengthens them."""

import uuid
from datetime import date
from typing import ClassVar

from django.conf import settings
from django.db import models

from dsr.law.clocks import Duty
from dsr.law.regimes import HOUSE
from dsr.models import sealed
from dsr.models.subject_request import SubjectRequest


class CalendarEdition(models.Model):
    """Working days as they were known when a request was received: its days are counted by them for ever."""

    version = models.CharField(max_length=12, primary_key=True)
    content = models.TextField(help_text="JSON of dsr.law.calendars.Edition")
    taken_at = models.DateTimeField()

    def __str__(self) -> str:
        """The version."""
        return self.version


class Deadline(models.Model):
    """One date by one regime. What it is counted from stands in its columns, and nowhere else."""

    id = models.BigAutoField(primary_key=True)
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="deadlines")
    regime = models.SlugField(max_length=32, help_text="'house' is the promise")
    duty = models.CharField(max_length=16, help_text="answer, or confirm the receipt")
    edition = models.ForeignKey(CalendarEdition, on_delete=models.PROTECT, related_name="+")
    receipt_on = models.DateField(help_text="Local day of receipt")
    starts_on = models.DateField(help_text="The day of receipt, or of the proof that starts it")
    starts_with_proof = models.BooleanField(default=False, help_text="The proof of identity starts it")
    term = models.CharField(max_length=40)
    extended_term = models.CharField(max_length=40, blank=True, help_text="The whole term after an extension")
    extended = models.BooleanField(default=False)
    pausable = models.CharField(max_length=64, blank=True, help_text="Reasons for which this regime stops its clock")
    paused = models.CharField(max_length=400, blank=True, help_text="Spans of days that do not count, all over")
    pausing_from = models.DateField(null=True, blank=True, help_text="First day of the pause that is open")
    pausing_to = models.DateField(null=True, blank=True, help_text="The day after which that pause ends by itself")
    due_on = models.DateField()
    unpaused_on = models.DateField(help_text="Where it would end without any pause, counted from receipt")
    provisional = models.BooleanField(default=False, help_text="Ends in a year whose holidays are not published yet")
    attend_on = models.DateField(
        null=True, blank=True, help_text="When staff are told next: reminder, escalation, miss"
    )
    met_at = models.DateTimeField(null=True, blank=True, help_text="When it was met, or not needed any more")
    reminded_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    breached_at = models.DateTimeField(null=True, blank=True)
    missed_on = models.DateField(
        null=True, blank=True, help_text="The date that was missed; it stays when `due_on` moves on"
    )

    class Meta:
        """What is still open is found by a partial index."""

        ordering: ClassVar = ["due_on", "id"]
        indexes: ClassVar = [
            models.Index(fields=["attend_on"], name="dsr_deadline_open", condition=models.Q(met_at__isnull=True)),
            models.Index(
                fields=["edition"],
                name="dsr_deadline_moving",
                condition=models.Q(met_at__isnull=True)
                & (models.Q(pausing_from__isnull=False) | models.Q(provisional=True)),
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject_request", "regime", "duty"], name="dsr_deadline_once"),
        ]

    def __str__(self) -> str:
        """Such as 'gdpr answer'."""
        return f"{self.regime} {self.duty}"


def promise_on(subject_request: SubjectRequest) -> date | None:
    """Until when the answer is promised."""
    return min((row.due_on for row in _answers(subject_request) if row.regime == HOUSE), default=None)


def statutory_on(subject_request: SubjectRequest) -> date | None:
    """Until when the law wants the answer; None where no law that counts here names a date."""
    return min((row.due_on for row in _answers(subject_request) if row.regime != HOUSE), default=None)


def _answers(subject_request: SubjectRequest) -> list[Deadline]:
    return [row for row in subject_request.deadlines.all() if row.duty == Duty.ANSWER]


class Turn(models.Model):
    """What is done once for all workers: who moves `slot` on has the turn."""

    name = models.CharField(max_length=32, primary_key=True)
    slot = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        """The name."""
        return self.name


class ClockPause(models.Model):
    """A question to the person, which stops the clock of the regimes that allow it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="pauses")
    reason = models.CharField(max_length=32)
    question_sealed = models.TextField()
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ends_on = models.DateField(help_text="Ends by itself after this day")
    answer_sealed = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=80, blank=True)

    class Meta:
        """One open question at a time."""

        ordering: ClassVar = ["asked_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_request"], condition=models.Q(ended_at__isnull=True), name="dsr_pause_one_open"
            )
        ]

    def __str__(self) -> str:
        """The reason."""
        return self.reason

    def question(self) -> str:
        """What was asked."""
        return sealed.unseal(self.question_sealed, "clock_pause", self.id, "question")

    def answer(self) -> str:
        """What the person answered."""
        return sealed.unseal(self.answer_sealed, "clock_pause", self.id, "answer")


class Extension(models.Model):
    """More time, once, before the first date, with reason and notice (GDPR Art. 12(3))."""

    subject_request = models.OneToOneField(
        SubjectRequest, primary_key=True, on_delete=models.PROTECT, related_name="extension"
    )
    reason = models.CharField(max_length=32)
    words_sealed = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        """The reason."""
        return self.reason

    def words(self) -> str:
        """Why, as the person reads it."""
        return sealed.unseal(self.words_sealed, "extension", self.subject_request_id, "words")

"""What the proof ladder keeps: what an app vouched for, who agreed to ask for less, and which browser showed more."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from dsr.models import sealed
from dsr.models.entry import SubjectSession
from dsr.models.subject_request import SubjectRequest


class Assertion(models.Model):
    """What a controller's app or site vouched for: once, for five minutes. Its link is opened once, by one browser."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    controller = models.SlugField(max_length=64)
    nonce_hash = models.CharField(max_length=64, help_text="SHA-256 of its number: the same is never taken twice")
    link_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256; the link has 256 random bits")
    identifiers_sealed = models.TextField(blank=True, help_text="JSON by kind; empty once a request has them")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)
    bound_at = models.DateTimeField(null=True, blank=True)
    subject_request = models.ForeignKey(
        SubjectRequest, null=True, blank=True, on_delete=models.PROTECT, related_name="assertions"
    )

    class Meta:
        """A number counts once at each controller."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["controller", "nonce_hash"], name="dsr_assertion_once")
        ]
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="dsr_assertion_over")]

    def __str__(self) -> str:
        """Whose."""
        return self.controller

    def identifiers(self) -> str:
        """JSON by kind."""
        return sealed.unseal(self.identifiers_sealed, "assertion", self.id, "identifiers")

    def seal_identifiers(self, text: str) -> None:
        """Keep them; save afterwards."""
        self.identifiers_sealed = sealed.seal(text, "assertion", self.id, "identifiers")


class Lowering(models.Model):
    """That less proof is enough for one request: one member of staff says why, another agrees."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="lowerings")
    to = models.CharField(max_length=16)
    to_open = models.BooleanField(default=False, help_text="After the decision: to open the answer")
    reason_sealed = models.TextField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    agreed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Nobody agrees with themselves, and one proposal waits at a time."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(agreed_by=None) | ~models.Q(agreed_by=models.F("proposed_by")),
                name="dsr_lowering_by_two",
            ),
            models.UniqueConstraint(
                fields=["subject_request", "to_open"], condition=models.Q(agreed_at=None), name="dsr_lowering_one_open"
            ),
        ]

    def __str__(self) -> str:
        """To which rung."""
        return self.to

    def reason(self) -> str:
        """Why less is enough."""
        return sealed.unseal(self.reason_sealed, "lowering", self.id, "reason")

    def seal_reason(self, text: str) -> None:
        """Keep why; save afterwards."""
        self.reason_sealed = sealed.seal(text, "lowering", self.id, "reason")


class StepUp(models.Model):
    """A browser in which more than the mailbox was proven for one request: what shows data asks for it."""

    session = models.ForeignKey(SubjectSession, on_delete=models.CASCADE, related_name="step_ups")
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="step_ups")
    rung = models.CharField(max_length=16)
    at = models.DateTimeField()

    def __str__(self) -> str:
        """The rung."""
        return self.rung

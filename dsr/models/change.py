"""What a request changes beyond erasing: fields corrected, purposes stopped, recipients told."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from dsr.models import sealed
from dsr.models.subject_request import SubjectRequest


class Correction(models.Model):
    """One field of one row: what it says, what the person proposes, and what became of it (GDPR Art. 16)."""

    ACCEPTED, DECLINED = "accepted", "declined"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="corrections")
    system = models.SlugField(max_length=64)
    collection = models.SlugField(max_length=64)
    field = models.CharField(max_length=64)
    place = models.CharField(max_length=64, help_text="Keyed hash of the row's key: a field is corrected once")
    key_sealed = models.TextField(help_text="JSON of the row's key")
    before_sealed = models.TextField()
    proposed_sealed = models.TextField()
    proposed_at = models.DateTimeField()
    decision = models.CharField(max_length=16, blank=True)
    words_sealed = models.TextField(blank=True, help_text="Why it was declined, as the person reads it")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.CharField(max_length=16, blank=True)

    class Meta:
        """A field of a row is proposed once per request."""

        ordering: ClassVar = ["system", "collection", "field", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_request", "system", "collection", "field", "place"], name="dsr_correction_once"
            )
        ]

    def __str__(self) -> str:
        """Where."""
        return f"{self.system}.{self.collection}.{self.field}"

    def text(self, column: str) -> str:
        """The sealed text of 'key', 'before', 'proposed' or 'words'."""
        return sealed.unseal(getattr(self, f"{column}_sealed"), "correction", self.id, column)

    def seal(self, column: str, text: str) -> None:
        """Keep one of these texts; save afterwards."""
        setattr(self, f"{column}_sealed", sealed.seal(text, "correction", self.id, column) if text else "")


class Proposal(models.Model):
    """That the person was asked for new values, and sent them once (GDPR Art. 16)."""

    subject_request = models.OneToOneField(
        SubjectRequest, primary_key=True, on_delete=models.PROTECT, related_name="proposal"
    )
    asked_at = models.DateTimeField()
    last_day = models.DateField(help_text="On which values are taken")
    reminded_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    over_at = models.DateTimeField(null=True, blank=True, help_text="Nothing came")

    class Meta:
        """Those that are waited for are found by a partial index."""

        indexes: ClassVar = [
            models.Index(
                fields=["asked_at"],
                name="dsr_proposal_awaited",
                condition=models.Q(sent_at__isnull=True, over_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        """The last day."""
        return self.last_day.isoformat()


class Withdrawal(models.Model):
    """One purpose whose consent is withdrawn (GDPR Art. 7(3))."""

    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="withdrawals")
    purpose = models.SlugField(max_length=64)
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """A purpose stands once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject_request", "purpose"], name="dsr_withdrawal_once")
        ]

    def __str__(self) -> str:
        """The purpose."""
        return self.purpose


class Telling(models.Model):
    """One recipient that is told of a rectification, an erasure or a withdrawal (GDPR Art. 19, J11)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="tellings")
    recipient = models.SlugField(max_length=64)
    told_by = models.CharField(max_length=16, help_text="connector, email, hand or none")
    created_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True, help_text="Of the acknowledgement")
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=16, blank=True, help_text="done, nothing-held or cannot-delete")
    expires_on = models.DateField(null=True, blank=True, help_text="Cannot delete: gone by itself on this day (P5)")
    words_sealed = models.TextField(blank=True)
    token_hash = models.CharField(max_length=64, blank=True, db_index=True, help_text="Keyed hash of the link's token")
    reminded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """A recipient is told once per request."""

        ordering: ClassVar = ["recipient"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject_request", "recipient"], name="dsr_telling_once")
        ]

    def __str__(self) -> str:
        """Who."""
        return self.recipient

    def words(self) -> str:
        """What they wrote with their answer."""
        return sealed.unseal(self.words_sealed, "telling", self.id, "words")

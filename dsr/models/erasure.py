"""What watches over erasures: blast limits that were met, and keyed hashes of what was erased."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from dsr.models import sealed
from dsr.models.subject_request import SubjectRequest


class BlastLimit(models.Model):
    """An erasure met a limit of its map: more rows of one collection than one request should take."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="blast_limits")
    system = models.SlugField(max_length=64)
    collection = models.SlugField(max_length=64)
    rows = models.PositiveBigIntegerField(help_text="Rows that were to go")
    met_at = models.DateTimeField()
    raised_at = models.DateTimeField(null=True, blank=True)
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason_sealed = models.TextField(blank=True)

    class Meta:
        """Once per number of rows: what is raised is raised for so many."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_request", "system", "collection", "rows"], name="dsr_blast_limit_once"
            )
        ]

    def __str__(self) -> str:
        """Where."""
        return f"{self.system}.{self.collection}"

    def reason(self) -> str:
        """Why it was raised."""
        return sealed.unseal(self.reason_sealed, "blast_limit", self.id, "reason")

    def sealed_reason(self, text: str) -> str:
        """The column's text for a reason."""
        return sealed.seal(text, "blast_limit", self.id, "reason")


class Suppression(models.Model):
    """One identifier of a person whose data was erased, as a keyed hash: what a restored backup brings is known by it.

    Append-only in use: it stands as long as a backup could bring back what was erased.
    """

    id = models.BigAutoField(primary_key=True)
    controller = models.SlugField(max_length=64)
    kind = models.CharField(max_length=16, help_text="Kind of identifier")
    hash = models.CharField(max_length=64, help_text="HMAC-SHA-256 under a key of its own role")
    key_id = models.CharField(max_length=64, help_text="Which key of the ring")
    normalisation = models.PositiveSmallIntegerField(help_text="How the identifier was written before it was hashed")
    erased_at = models.DateTimeField()
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="suppressions")

    class Meta:
        """An identifier stands once per request and key."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_request", "kind", "hash", "key_id", "normalisation"], name="dsr_suppression_once"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["controller", "hash"], name="dsr_suppression_hash")]

    def __str__(self) -> str:
        """The first digits of the hash."""
        return self.hash[:12]

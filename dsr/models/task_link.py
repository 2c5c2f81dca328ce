"""Links by which a colleague without an account sees one task, and nothing else."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from dsr.models import sealed
from dsr.models.errand import Errand


class TaskLink(models.Model):
    """One task for one mailbox. The token stands in the letter alone; here is its hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    errand = models.ForeignKey(Errand, on_delete=models.CASCADE, related_name="links")
    address_sealed = models.TextField(blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    token_hash = models.CharField(max_length=64, blank=True, db_index=True, help_text="SHA-256 of 256 random bits")
    code_hash = models.CharField(max_length=64, blank=True, help_text="Keyed hash, bound to this row")
    code_expires_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    seat_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256: the one browser in which it is open")
    opened_at = models.DateTimeField(null=True, blank=True)
    confidential = models.CharField(max_length=16, blank=True, help_text="Which edition of the duty they acknowledged")
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-made_at"]

    def __str__(self) -> str:
        """Of which task; whose is sealed."""
        return str(self.errand)

    def address(self) -> str:
        """The mailbox it was sent to."""
        return sealed.unseal(self.address_sealed, "task_link", self.id, "address")

    def seal_address(self, address: str) -> None:
        """Keep it; save afterwards."""
        self.address_sealed = sealed.seal(address, "task_link", self.id, "address")

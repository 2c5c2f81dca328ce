"""Errands: work on a system that only a person can search or erase. On the desk they are called tasks."""

import json
from typing import ClassVar

from django.conf import settings
from django.db import models

from dsr.models import sealed
from dsr.models.plan import PlanItem


class Errand(models.Model):
    """What a person does for one item of the ledger, by when, and what they said became of it."""

    FOUND, NOTHING, ERASED = "found", "nothing", "erased"

    item = models.OneToOneField(PlanItem, primary_key=True, on_delete=models.PROTECT, related_name="errand")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()
    due_on = models.DateField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=16, blank=True, help_text="found, nothing or erased; empty: not yet")
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    kept_until = models.DateField(null=True, blank=True, help_text="Of the rows that were not erased")
    kept_sealed = models.TextField(blank=True, help_text="JSON: collection and key of each of these rows")
    because_sealed = models.TextField(blank=True, help_text="Why they stay, or why it cannot be done")
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="Of an erasure: looked at again")
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        """Those that are late are found by a partial index."""

        ordering: ClassVar = ["due_on", "item"]
        indexes: ClassVar = [
            models.Index(
                fields=["due_on"],
                name="dsr_errand_to_escalate",
                condition=models.Q(escalated_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        """Such as 'find paper-archive'."""
        return str(self.item)

    def because(self) -> str:
        """Somebody's own words; the person reads those about rows that stay."""
        return sealed.unseal(self.because_sealed, "errand", self.pk, "because")

    def sealed_because(self, text: str) -> str:
        """The column's text for these words."""
        return sealed.seal(text, "errand", self.pk, "because") if text else ""

    def kept(self) -> list[tuple[str, tuple[object, ...]]]:
        """Collection and key of each row that stays."""
        text = sealed.unseal(self.kept_sealed, "errand", self.pk, "kept")
        return [(name, tuple(key)) for name, key in json.loads(text or "[]")]

    def sealed_kept(self, rows: list[tuple[str, tuple[object, ...]]]) -> str:
        """The column's text for these rows."""
        return sealed.seal(json.dumps(rows), "errand", self.pk, "kept") if rows else ""

"""The gate before each system: whether it answers, how often workers go through, and whether staff have shut it."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from dsr.models import sealed


class Gate(models.Model):
    """One system of one controller, as all workers together come to it. Made by the first claim, or the first pause."""

    id = models.BigAutoField(primary_key=True)
    controller = models.SlugField(max_length=64)
    system = models.SlugField(max_length=64)
    misses = models.PositiveSmallIntegerField(default=0, help_text="Times in a row it did not answer")
    missed_at = models.DateTimeField(null=True, blank=True, help_text="The last of them")
    silent_since = models.DateTimeField(null=True, blank=True, help_text="Since when one item alone may try")
    not_before = models.DateTimeField(null=True, blank=True, help_text="Nothing of it is claimed before")
    minute = models.DateTimeField(null=True, blank=True, help_text="Beginning of the minute that is counted")
    starts = models.PositiveIntegerField(default=0, help_text="Items claimed in that minute")
    paused_at = models.DateTimeField(null=True, blank=True, help_text="Since when staff have it left alone")
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason_sealed = models.TextField(blank=True)

    class Meta:
        """One per system."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["controller", "system"], name="dsr_gate_once")]

    def __str__(self) -> str:
        """Such as 'joypix app-database'."""
        return f"{self.controller} {self.system}"

    def reason(self) -> str:
        """Why it is paused."""
        return sealed.unseal(self.reason_sealed, "gate", str(self.id), "reason")

    def sealed_reason(self, text: str) -> str:
        """The column's text for a reason."""
        return sealed.seal(text, "gate", str(self.id), "reason")

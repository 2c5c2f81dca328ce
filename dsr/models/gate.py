"""The gate before each system: whether it answers, and how often workers go through."""

from typing import ClassVar

from django.db import models


class Gate(models.Model):
    """One system of one controller, as all workers together come to it. Made by the first claim."""

    id = models.BigAutoField(primary_key=True)
    controller = models.SlugField(max_length=64)
    system = models.SlugField(max_length=64)
    misses = models.PositiveSmallIntegerField(default=0, help_text="Times in a row it did not answer")
    missed_at = models.DateTimeField(null=True, blank=True, help_text="The last of them")
    silent_since = models.DateTimeField(null=True, blank=True, help_text="Since when one item alone may try")
    not_before = models.DateTimeField(null=True, blank=True, help_text="Nothing of it is claimed before")
    minute = models.DateTimeField(null=True, blank=True, help_text="Beginning of the minute that is counted")
    starts = models.PositiveIntegerField(default=0, help_text="Items claimed in that minute")

    class Meta:
        """One per system."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["controller", "system"], name="dsr_gate_once")]

    def __str__(self) -> str:
        """Such as 'joypix app-database'."""
        return f"{self.controller} {self.system}"

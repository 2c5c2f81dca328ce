"""What happens to an answer between the search and its release: what staff left out of it, and who looked at it."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from dsr.models import sealed
from dsr.models.subject_request import SubjectRequest


class Redaction(models.Model):
    """What is left out of one answer: a row, a field of a row, or a field of every row of a collection."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="redactions")
    system = models.SlugField(max_length=64)
    collection = models.SlugField(max_length=64)
    row = models.CharField(max_length=64, blank=True, help_text="Keyed hash of the row's key; empty: every row")
    field = models.CharField(max_length=200, blank=True, help_text="Empty: the whole row")
    ground = models.CharField(max_length=32)
    words_sealed = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        """The same is left out once, and never everything of a collection: that is a refusal of the part."""

        ordering: ClassVar = ["at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_request", "system", "collection", "row", "field"],
                condition=models.Q(undone_at__isnull=True),
                name="dsr_redaction_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(row="") | ~models.Q(field=""), name="dsr_redaction_of_a_row_or_a_field"
            ),
        ]

    def __str__(self) -> str:
        """Where."""
        return f"{self.system}.{self.collection}"

    def words(self) -> str:
        """Why, as the person reads it."""
        return sealed.unseal(self.words_sealed, "redaction", self.id, "words")

    def seal_words(self, text: str) -> None:
        """Keep them; save afterwards."""
        self.words_sealed = sealed.seal(text, "redaction", self.id, "words")


class Look(models.Model):
    """One person's yes to exactly what goes out; void once that is another."""

    id = models.BigAutoField(primary_key=True)
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="looks")
    number = models.PositiveSmallIntegerField(help_text="1, or 2: the second look")
    digest = models.CharField(max_length=64, help_text="SHA-256 over what was found, what is left out, and the map")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    void_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """One first and one second look that count, and never both by one person."""

        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_request", "number"],
                condition=models.Q(void_at__isnull=True),
                name="dsr_look_once",
            ),
            models.UniqueConstraint(
                fields=["subject_request", "by"],
                condition=models.Q(void_at__isnull=True),
                name="dsr_look_by_two_people",
            ),
        ]

    def __str__(self) -> str:
        """Which look."""
        return str(self.number)

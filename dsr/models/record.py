"""The record of what happened. Append-only: the database itself refuses to change it (see installer)."""

from typing import ClassVar

from django.db import models

from dsr.models.subject_request import SubjectRequest


class Event(models.Model):
    """One thing that happened; `details` holds no personal data."""

    id = models.BigAutoField(primary_key=True)
    subject_request = models.ForeignKey(
        SubjectRequest, null=True, on_delete=models.PROTECT, related_name="events", editable=False
    )
    controller = models.SlugField(max_length=64, blank=True, editable=False)
    tag = models.CharField(max_length=48, editable=False)
    actor = models.CharField(max_length=80, editable=False)
    at = models.DateTimeField(editable=False)
    details = models.JSONField(default=dict, editable=False)
    leaf = models.CharField(max_length=64, editable=False, help_text="RFC 6962 leaf hash of this Event")

    class Meta:
        """In the order of happening."""

        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["subject_request", "id"], name="dsr_event_of_request")]

    def __str__(self) -> str:
        """The tag."""
        return self.tag

    def content(self) -> dict[str, object]:
        """What the leaf hash covers."""
        return {
            "subject_request": str(self.subject_request_id or ""),
            "controller": self.controller,
            "tag": self.tag,
            "actor": self.actor,
            "at": self.at.isoformat(),
            "details": self.details,
        }

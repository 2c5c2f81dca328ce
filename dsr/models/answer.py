"""What is handed over: packages and the record of their downloads."""

import uuid
from typing import ClassVar

from django.db import models

from dsr.models.subject_request import SubjectRequest


class Package(models.Model):
    """A sealed ZIP for the data subject. Forgetting the wrapped key destroys it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="packages")
    version = models.PositiveSmallIntegerField(default=1)
    wrapped_key = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    released_at = models.DateTimeField()
    offered_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    remind_at = models.DateTimeField(null=True, blank=True, help_text="When staff are reminded to hand it over")

    class Meta:
        """One answer per version."""

        ordering: ClassVar = ["-version"]
        indexes: ClassVar = [
            models.Index(
                fields=["remind_at"], name="dsr_package_to_hand_over", condition=models.Q(remind_at__isnull=False)
            ),
            models.Index(fields=["expires_at"], name="dsr_package_kept", condition=~models.Q(wrapped_key="")),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject_request", "version"], name="dsr_package_version_once")
        ]

    def __str__(self) -> str:
        """Its version."""
        return f"version {self.version}"


class Download(models.Model):
    """One handing-over of a package."""

    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="downloads")
    actor = models.CharField(max_length=80)
    at = models.DateTimeField()

    def __str__(self) -> str:
        """Who took it."""
        return self.actor

"""What is handed over: packages and the record of their downloads."""

import json
import uuid
from typing import ClassVar

from django.db import models

from dsr.models import sealed
from dsr.models.subject_request import Proof, SubjectRequest
from dsr.sealing.keyring import Ring, Role


class Package(models.Model):
    """A sealed ZIP for the data subject. Forgetting the wrapped key destroys it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="packages")
    version = models.PositiveSmallIntegerField(default=1)
    wrapped_key = models.TextField(blank=True)
    key_role = models.CharField(max_length=16, default=Role.PACKAGES, help_text="Whose key wraps its own")
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    released_at = models.DateTimeField()
    offered_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When the offer ends; it can be asked for again")
    held_until = models.DateTimeField(null=True, blank=True, help_text="When it is destroyed")
    taken = models.PositiveSmallIntegerField(default=0, help_text="Downloads of this offer")
    remind_at = models.DateTimeField(null=True, blank=True, help_text="When staff are reminded to hand it over")
    others_sealed = models.TextField(blank=True, help_text="JSON of other addresses on file, told before it opens")

    class Meta:
        """One answer per version."""

        ordering: ClassVar = ["-version"]
        indexes: ClassVar = [
            models.Index(
                fields=["remind_at"], name="dsr_package_to_hand_over", condition=models.Q(remind_at__isnull=False)
            ),
            models.Index(fields=["expires_at"], name="dsr_package_kept", condition=~models.Q(wrapped_key="")),
            models.Index(fields=["held_until"], name="dsr_package_held", condition=~models.Q(wrapped_key="")),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject_request", "version"], name="dsr_package_version_once")
        ]

    def __str__(self) -> str:
        """Its version."""
        return f"version {self.version}"

    def others(self) -> list[str]:
        """The other addresses that stood on file when it was made."""
        found: list[str] = json.loads(sealed.unseal(self.others_sealed, "package", self.pk, "others") or "[]")
        return found

    def sealed_others(self, addresses: list[str]) -> str:
        """The column's text for these addresses."""
        return sealed.seal(json.dumps(addresses), "package", self.pk, "others") if addresses else ""

    def ring(self) -> Ring:
        """The keys that open its own. Raises KeysMissing in a process that was not given them."""
        return sealed.ring(Role(self.key_role))


class Grant(models.Model):
    """One download that a code has opened: a worker wraps the package's key for it, and one browser has the secret.

    The row opens nothing: the secret half of its pair stands in that browser alone, or in that program's token.
    """

    PAGE, PROGRAM = "page", "program"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="grants")
    proof = models.OneToOneField(Proof, on_delete=models.SET_NULL, null=True, blank=True, related_name="grant")
    public_key = models.CharField(max_length=80)
    wrapped_for = models.TextField(blank=True, help_text="The package's key, wrapped for the public key")
    asked_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    first_used_at = models.DateTimeField(null=True, blank=True)
    openings = models.PositiveSmallIntegerField(default=0, help_text="Each opens the file from its beginning")
    ended_at = models.DateTimeField(null=True, blank=True)
    purpose = models.CharField(max_length=16, default=PAGE, help_text="page or program")
    tells_until = models.DateTimeField(null=True, blank=True, help_text="Opens no sooner than others were told")

    class Meta:
        """Workers look for those that wait for them, and for those whose time is over."""

        indexes: ClassVar = [
            models.Index(fields=["asked_at"], name="dsr_grant_asked", condition=models.Q(ready_at=None, ended_at=None)),
            models.Index(fields=["expires_at"], name="dsr_grant_open", condition=models.Q(ended_at=None)),
        ]

    def __str__(self) -> str:
        """Its package's version."""
        return f"of {self.package}"


class Download(models.Model):
    """One handing-over of a package."""

    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="downloads")
    actor = models.CharField(max_length=80)
    at = models.DateTimeField()

    def __str__(self) -> str:
        """Who took it."""
        return self.actor

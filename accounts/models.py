"""Staff and what each of them may do, per controller."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models, transaction

from accounts import signals


class Staff(AbstractUser):
    """Somebody who works here. Data subjects are never rows of this table."""

    is_staff = models.BooleanField(default=True)

    class Meta:
        """One person, many staff."""

        verbose_name = "staff member"
        verbose_name_plural = "staff"

    @transaction.atomic
    def save(self, *args: Any, **options: Any) -> None:
        """Save, and tell of a new password in the same transaction."""
        changed = self._password is not None and not self._state.adding  # type: ignore[attr-defined]  # Django's own note of it
        super().save(*args, **options)
        if changed:
            signals.password_set.send(Staff, staff=self, by=None)


class Role(models.TextChoices):
    """Roles of M4; each is granted for one controller."""

    AGENT = "agent", "Agent: reviews requests"
    APPROVER = "approver", "Approver: approves erasures"
    PRIVACY_OFFICER = "privacy-officer", "Privacy officer: reviews, approves, sees the record"
    ENGINEER = "engineer", "Engineer: looks after systems, retries items"
    AUDITOR = "auditor", "Auditor: reads the record"
    REDACTOR = "redactor", "Redactor: looks at answers before they leave"


class Membership(models.Model):
    """One role of one staff member for one controller (slug)."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="memberships")
    controller = models.SlugField(max_length=64)
    role = models.CharField(max_length=16, choices=Role.choices)

    class Meta:
        """A role is held once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["staff", "controller", "role"], name="accounts_membership_once")
        ]

    def __str__(self) -> str:
        """Such as 'joypix: agent'."""
        return f"{self.controller}: {self.role}"

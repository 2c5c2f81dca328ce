"""Staff and what each of them may do, per controller."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.utils.crypto import salted_hmac

from accounts import signals
from accounts.authenticator import Authenticator

__all__ = ["Authenticator", "Invitation", "Membership", "Purpose", "RecoveryCode", "Role", "Staff"]


class Staff(AbstractUser):  # type: ignore[django-manager-missing]  # django-otp ships no types
    """Somebody who works here. Data subjects are never rows of this table."""

    # No columns: Django's own note of a password just set; what django-otp's receiver looks for when they sign in; and
    # whether they type the first code of a second factor together with the password that is judged.
    _password: str | None
    otp_device: Any
    enrols = False

    is_staff = models.BooleanField(default=True)
    epoch = models.PositiveIntegerField(default=0, help_text="Sessions that began under a lower number are over")
    confidential = models.CharField(
        max_length=16, blank=True, help_text="Edition of the duty of confidentiality that they acknowledged"
    )

    class Meta:
        """One person, many staff."""

        verbose_name = "staff member"
        verbose_name_plural = "staff"

    @transaction.atomic
    def save(self, *args: Any, **options: Any) -> None:
        """Save; tell of a new password in the same transaction; who is closed has no session to come back to."""
        changed = self._password is not None and not self._state.adding
        if not self.is_active:
            self.epoch += 1
            if fields := options.get("update_fields"):
                options["update_fields"] = {*fields, "epoch"}
        super().save(*args, **options)
        if changed:
            signals.password_set.send(Staff, staff=self, by=None)

    def end_sessions(self) -> None:
        """Every browser that is signed in has to sign in again."""
        Staff.objects.filter(pk=self.pk).update(epoch=models.F("epoch") + 1)
        self.refresh_from_db(fields=["epoch"])

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session is bound to: Django ends those whose copy of it is another."""
        return salted_hmac(
            "accounts.Staff.session", f"{self.password}\0{self.epoch}", secret=secret, algorithm="sha256"
        ).hexdigest()


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


class RecoveryCode(models.Model):
    """One way in for who lost the authenticator; good once. Only a hash of its 78 random bits is kept."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the staff member's number and code")
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        """Whose, never which."""
        return f"a recovery code of {self.staff_id}"


class Purpose(models.TextChoices):
    """What a link lets its holder set."""

    ENROL = "enrol", "Password and second factor, at the beginning"
    PASSWORD = "password", "A new password, for a code of the second factor"
    FACTOR = "factor", "A new second factor, for the password"


class Invitation(models.Model):
    """A link by which a staff member sets password or second factor; it opens once, and not for long."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="invitations")
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256; the token has 256 random bits")
    ends_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0, help_text="Wrong codes or passwords typed on its page")

    def __str__(self) -> str:
        """Whose and for what."""
        return f"{self.purpose} of {self.staff_id}"

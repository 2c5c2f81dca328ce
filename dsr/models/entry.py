"""Doors: sign-ins of data subjects by a code, the sessions they open, and counts of what knocks too often."""

import uuid
from typing import ClassVar

from django.db import models

from dsr.models import sealed


class SignIn(models.Model):
    """One person at one browser who says that a mailbox is theirs. A code in that mailbox shows it.

    Whoever begins has tries of their own; so nobody's wrong tries end somebody else's.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    controller = models.SlugField(max_length=64)
    lookup = models.CharField(max_length=64, help_text="Keyed hash of the address")
    address_sealed = models.TextField()
    language = models.CharField(max_length=12, default="en")
    created_at = models.DateTimeField()
    send_after = models.DateTimeField(null=True, blank=True, help_text="Empty: its letter has left, or it has none")
    code_hash = models.CharField(max_length=64, blank=True, help_text="Keyed hash, bound to this row")
    expires_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    spent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Letters are found by when they leave, codes by their mailbox."""

        indexes: ClassVar = [
            models.Index(fields=["lookup", "created_at"], name="dsr_sign_in_of_mailbox"),
            models.Index(fields=["created_at"], name="dsr_sign_in_to_forget"),
            models.Index(
                fields=["send_after"], name="dsr_sign_in_to_send", condition=models.Q(send_after__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        """Where; the address is sealed."""
        return self.controller

    def address(self) -> str:
        """The e-mail address as it was typed."""
        return sealed.unseal(self.address_sealed, "sign_in", self.id, "address")

    def seal_address(self, address: str) -> None:
        """Keep it; save afterwards."""
        self.address_sealed = sealed.seal(address, "sign_in", self.id, "address")
        self.lookup = sealed.lookup("email", address)


class SoughtRequest(models.Model):
    """Somebody at a browser names a request and a mailbox. A worker sees whether they belong together, and forgets it.

    The page writes this row and nothing else, so that what it takes tells nobody whether they do.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    controller = models.SlugField(max_length=64)
    reference = models.CharField(max_length=11)
    address_sealed = models.TextField()
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        """Which; the address is sealed."""
        return f"{self.controller} {self.reference}"

    def address(self) -> str:
        """The e-mail address as it was typed."""
        return sealed.unseal(self.address_sealed, "sought_request", self.id, "address")

    def seal_address(self, address: str) -> None:
        """Keep it; save afterwards."""
        self.address_sealed = sealed.seal(address, "sought_request", self.id, "address")


class SubjectSession(models.Model):
    """One browser in which a mailbox was proven: who owns the mailbox sees it and can end it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    controller = models.SlugField(max_length=64)
    lookup = models.CharField(max_length=64, help_text="Keyed hash of the address")
    address_sealed = models.TextField()
    browser_sealed = models.TextField(blank=True, help_text="Such as 'Firefox, Windows'")
    whole = models.BooleanField(help_text="Signed in: sees everything of the mailbox, not one request alone")
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-began_at"]
        indexes: ClassVar = [
            models.Index(fields=["lookup", "began_at"], name="dsr_session_of_mailbox"),
            models.Index(fields=["began_at"], name="dsr_session_to_forget"),
        ]

    def __str__(self) -> str:
        """Where; whose is sealed."""
        return self.controller

    def address(self) -> str:
        """The mailbox that was proven in it."""
        return sealed.unseal(self.address_sealed, "subject_session", self.id, "address")

    def browser(self) -> str:
        """What the browser called itself, in short."""
        return sealed.unseal(self.browser_sealed, "subject_session", self.id, "browser")

    def seal(self, address: str, browser: str) -> None:
        """Keep whose it is and what it is; save afterwards."""
        self.address_sealed = sealed.seal(address, "subject_session", self.id, "address")
        self.browser_sealed = sealed.seal(browser, "subject_session", self.id, "browser") if browser else ""
        self.lookup = sealed.lookup("email", address)


class Tally(models.Model):
    """How often something came within a span of time; every process counts in the same row."""

    key = models.CharField(max_length=64, primary_key=True, help_text="Keyed hash of what is counted, and for whom")
    count = models.PositiveIntegerField()
    until = models.DateTimeField(db_index=True, help_text="Then it begins anew")

    def __str__(self) -> str:
        """The count; whose is a hash."""
        return str(self.count)

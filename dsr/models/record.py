"""The record of what happened. Append-only: the database itself refuses to change it (see installer)."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models

from dsr.models import sealed
from dsr.models.subject_request import SubjectRequest
from dsr.record.leaf import canonical

REASONS = ("reason", "why", "words")  # names under which an EventSecret holds why something was done


class Event(models.Model):
    """One thing that happened; `details` holds no personal data, `commitment` binds what may hold some."""

    id = models.BigAutoField(primary_key=True)
    subject_request = models.ForeignKey(
        SubjectRequest, null=True, on_delete=models.PROTECT, related_name="events", editable=False
    )
    controller = models.SlugField(max_length=64, blank=True, editable=False)
    tag = models.CharField(max_length=48, editable=False)
    actor = models.CharField(max_length=80, editable=False)
    at = models.DateTimeField(editable=False)
    moved_to = models.CharField(max_length=16, blank=True, editable=False, help_text="The state a move led to")
    details = models.JSONField(default=dict, editable=False)
    commitment = models.CharField(
        max_length=64, blank=True, editable=False, help_text="SHA-256 over salt and values of its EventSecret"
    )
    leaf = models.CharField(max_length=64, editable=False, help_text="RFC 6962 leaf hash of this Event")

    class Meta:
        """In the order of happening."""

        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["subject_request", "id"], name="dsr_event_of_request")]

    def __str__(self) -> str:
        """The tag."""
        return self.tag

    def content(self) -> dict[str, object]:
        """What the leaf hash covers. A column that is empty is not named, so that older leaves stay as they are."""
        later = {"moved_to": self.moved_to, "commitment": self.commitment}
        return {
            "subject_request": str(self.subject_request_id or ""),
            "controller": self.controller,
            "tag": self.tag,
            "actor": self.actor,
            "at": self.at.isoformat(),
            "details": self.details,
            **{name: value for name, value in later.items() if value},
        }

    def why(self) -> str:
        """The reason that was given, in whoever's words, as long as it is kept."""
        kept = getattr(self, "secret", None) if self.commitment else None
        values = kept.values() if kept else {}
        return next((str(values[name]) for name in REASONS if name in values), "")


class EventSecret(models.Model):
    """What an Event only commits to, such as a reason in somebody's words. It may be forgotten; the Event stays."""

    event = models.OneToOneField(Event, primary_key=True, on_delete=models.PROTECT, related_name="secret")
    text_sealed = models.TextField(help_text="JSON: the salt, and the values")

    def __str__(self) -> str:
        """Which Event; the values are sealed."""
        return f"of Event {self.event_id}"

    @staticmethod
    def salted(values: Mapping[str, object]) -> str:
        """The values with a new salt, as they are kept."""
        return canonical({"salt": secrets.token_hex(32), "values": values}).decode()

    @staticmethod
    def commitment_to(text: str) -> str:
        """SHA-256 over the salt's 32 bytes and the canonical values, as hex: it binds, and gives nothing away."""
        kept: dict[str, Any] = json.loads(text)
        return hashlib.sha256(bytes.fromhex(kept["salt"]) + canonical(kept["values"])).hexdigest()

    def seal(self, text: str) -> None:
        """Keep what `salted` made; save afterwards."""
        self.text_sealed = sealed.seal(text, "event_secret", str(self.event_id), "text")

    def text(self) -> str:
        """Salt and values as JSON. Raises Unsealable."""
        return sealed.unseal(self.text_sealed, "event_secret", str(self.event_id), "text")

    def values(self) -> dict[str, Any]:
        """What the Event commits to."""
        values: dict[str, Any] = json.loads(self.text())["values"]
        return values


class Leaf(models.Model):
    """An Event's place in the tree (RFC 6962), given once by the sequencer. Append-only."""

    position = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="sequenced")
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        """Its position."""
        return str(self.position)


class Checkpoint(models.Model):
    """A signed statement of size and root (C2SP tlog-checkpoint). Append-only."""

    size = models.BigIntegerField(primary_key=True)
    root = models.CharField(max_length=64)
    note = models.TextField(help_text="The signed note, as it is handed out")
    at = models.DateTimeField()
    peaks = models.JSONField(help_text="Roots of the full trees it is made of, left to right: where to go on")
    seen = models.BigIntegerField(help_text="The highest Event id that had a place then")

    class Meta:
        """The newest one, and the newest one of some time ago."""

        indexes: ClassVar = [models.Index(fields=["at"], name="dsr_checkpoint_at")]

    def __str__(self) -> str:
        """Its size."""
        return str(self.size)

    @property
    def origin(self) -> str:
        """The name of the record that it is of."""
        return self.note.partition("\n")[0]


class Certificate(models.Model):
    """What a closed request is answered with for good: a signed statement (JWS). Append-only."""

    id = models.BigAutoField(primary_key=True)
    subject_request = models.OneToOneField(SubjectRequest, on_delete=models.PROTECT, related_name="certificate")
    jws = models.TextField()
    position = models.BigIntegerField(help_text="Of the closing Event's leaf")
    size = models.BigIntegerField(help_text="Of the checkpoint that covers it")
    issued_at = models.DateTimeField()

    def __str__(self) -> str:
        """The position."""
        return str(self.position)

"""The request, the identifiers it names, and the proofs asked for them."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import CLOSED, State
from dsr.law.work import Channel
from dsr.models import sealed


def choices(enum: type[Right] | type[State] | type[Channel] | type[Ground]) -> list[tuple[str, str]]:
    """Choices of a column, from a StrEnum."""
    return [(member.value, member.value.replace("-", " ").replace("_", " ").capitalize()) for member in enum]


class SubjectRequest(models.Model):
    """One data subject's request to one controller."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=11, unique=True)
    controller = models.SlugField(max_length=64)
    right = models.CharField(max_length=32, choices=choices(Right))
    state = models.CharField(max_length=16, choices=choices(State), default=State.RECEIVED)
    channel = models.CharField(max_length=16, choices=choices(Channel), default=Channel.WEB)
    received_at = models.DateTimeField()
    due_on = models.DateField()
    calendar = models.CharField(
        max_length=120, help_text="Country, subdivision, zone and library version, frozen at intake"
    )
    policy_version = models.CharField(max_length=32)
    map_version = models.CharField(
        max_length=12, blank=True, help_text="Version of the data maps the plan was made from"
    )
    details_sealed = models.TextField(blank=True)
    answer_sealed = models.TextField(blank=True, help_text="The closing letter's words, where staff wrote one")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ground = models.CharField(max_length=32, choices=choices(Ground), blank=True)
    erase_after = models.DateTimeField(null=True, blank=True, help_text="End of the grace period")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """The queue is read by state and due date."""

        verbose_name = "request"
        ordering: ClassVar = ["due_on", "received_at"]
        indexes: ClassVar = [
            models.Index(fields=["controller", "state", "due_on"], name="dsr_request_queue"),
            models.Index(fields=["received_at"], name="dsr_request_unproven", condition=models.Q(state=State.RECEIVED)),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(state__in=[s.value for s in State]), name="dsr_request_state"),
            models.CheckConstraint(condition=models.Q(right__in=[r.value for r in Right]), name="dsr_request_right"),
        ]

    def __str__(self) -> str:
        """The reference."""
        return self.reference

    @property
    def closed(self) -> bool:
        """Delivered, refused, cancelled or lapsed."""
        return self.state in CLOSED

    def details(self) -> str:
        """What the person wrote."""
        return sealed.unseal(self.details_sealed, "subject_request", self.id, "details")

    def seal_details(self, text: str) -> None:
        """Keep what the person wrote; save afterwards."""
        self.details_sealed = sealed.seal(text, "subject_request", self.id, "details") if text else ""

    def answer(self) -> str:
        """The closing letter's words."""
        return sealed.unseal(self.answer_sealed, "subject_request", self.id, "answer")

    def seal_answer(self, text: str) -> None:
        """Keep the closing letter's words; save afterwards."""
        self.answer_sealed = sealed.seal(text, "subject_request", self.id, "answer")


class Identity(models.Model):
    """An identifier the request names; it enters a plan only when proven."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="identities")
    kind = models.CharField(max_length=16)
    value_sealed = models.TextField()
    lookup = models.CharField(max_length=64, db_index=True, help_text="Keyed hash")
    proven_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """A value stands once per request."""

        verbose_name_plural = "identities"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject_request", "kind", "lookup"], name="dsr_identity_once")
        ]

    def __str__(self) -> str:
        """The kind; the value is sealed."""
        return self.kind

    def value(self) -> str:
        """The identifier itself."""
        return sealed.unseal(self.value_sealed, "identity", self.id, "value")

    def seal_value(self, value: str) -> None:
        """Keep the identifier; save afterwards."""
        self.value_sealed = sealed.seal(value, "identity", self.id, "value")
        self.lookup = sealed.lookup(self.kind, value)


class Proof(models.Model):
    """A one-time code sent to an identifier, for one purpose."""

    VERIFY, SIGN_IN = "verify", "sign-in"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    identity = models.ForeignKey(Identity, on_delete=models.CASCADE, related_name="proofs")
    purpose = models.CharField(max_length=16)
    code_hash = models.CharField(max_length=64, help_text="Keyed hash, bound to this row")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    spent_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        """The purpose."""
        return self.purpose

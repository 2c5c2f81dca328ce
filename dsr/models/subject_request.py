"""The request, the identifiers it names, and the proofs asked for them."""

import json
import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models

from dsr.law.grounds import Ground
from dsr.law.ladder import Rung, opened_by
from dsr.law.rights import Right
from dsr.law.states import CLOSED, State
from dsr.law.work import Asker, Channel
from dsr.models import sealed

if TYPE_CHECKING:
    from dsr.package.contents import Answer


def choices(enum: type[Right] | type[State] | type[Channel] | type[Ground] | type[Asker]) -> list[tuple[str, str]]:
    """Choices of a column, from a StrEnum."""
    return [(member.value, member.value.replace("-", " ").replace("_", " ").capitalize()) for member in enum]


class SubjectRequest(models.Model):
    """One data subject's request to one controller."""

    packed: "Answer | None" = None  # no column: what this very turn of a worker put into a package, for its letter

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=11, unique=True)
    controller = models.SlugField(max_length=64)
    right = models.CharField(max_length=32, choices=choices(Right))
    state = models.CharField(max_length=16, choices=choices(State), default=State.RECEIVED)
    channel = models.CharField(max_length=16, choices=choices(Channel), default=Channel.WEB)
    asker = models.CharField(max_length=16, choices=choices(Asker), default=Asker.PERSON)
    region = models.SlugField(max_length=64, blank=True, help_text="Where the person lives, as the controller divides")
    language = models.CharField(max_length=12, default="en", help_text="Of the letters")
    scope = models.SlugField(max_length=64, blank=True, help_text="Of an erasure: content, or everything")
    received_at = models.DateTimeField(help_text="May only move backwards, with a reason")
    entered_at = models.DateTimeField(null=True, help_text="When it was entered here; its receipt may be earlier")
    reminded_at = models.DateTimeField(null=True, help_text="When its turn came to be reminded of the proof; once")
    due_on = models.DateField(help_text="The earliest open deadline")
    law_version = models.CharField(max_length=12, blank=True, help_text="Of the law files, frozen at intake")
    calendar = models.CharField(
        max_length=120, help_text="Country, subdivision, zone and library version, frozen at intake"
    )
    policy_version = models.CharField(max_length=32)
    map_version = models.CharField(
        max_length=12, blank=True, help_text="Version of the data maps the plan was made from"
    )
    proof_needed = models.CharField(
        max_length=16, default=Rung.MAILBOX, help_text="How surely who asks must be known; lowered by two people alone"
    )
    proof_to_open = models.CharField(
        max_length=16, blank=True, help_text="Where two people agreed that less opens the answer; else as it was needed"
    )
    others_sealed = models.TextField(
        blank=True, help_text="JSON of other addresses on file that a code may go to, until no such code is needed"
    )
    details_sealed = models.TextField(blank=True)
    answer_sealed = models.TextField(blank=True, help_text="The closing letter's words, where staff wrote one")
    statement_sealed = models.TextField(blank=True, help_text="A supplementary statement (GDPR Art. 16)")
    postal_sealed = models.TextField(blank=True, help_text="Where letters on paper go, when there is no mailbox")
    refusal_sealed = models.TextField(blank=True, help_text="Own words of staff beside the ground")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    of_staff = models.BooleanField(default=False, help_text="Names the address of somebody who works here")
    ground = models.CharField(max_length=32, choices=choices(Ground), blank=True)
    erase_after = models.DateTimeField(null=True, blank=True, help_text="End of the grace period")
    answered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    reduced_at = models.DateTimeField(
        null=True, blank=True, help_text="From here on it holds only what proves that it was answered"
    )

    class Meta:
        """The queue is read by state and due date."""

        verbose_name = "request"
        ordering: ClassVar = ["due_on", "received_at"]
        indexes: ClassVar = [
            models.Index(fields=["controller", "state", "due_on"], name="dsr_request_queue"),
            models.Index(fields=["received_at"], name="dsr_request_unproven", condition=models.Q(state=State.RECEIVED)),
            models.Index(
                fields=["received_at"],
                name="dsr_request_to_remind",
                condition=models.Q(state=State.RECEIVED, reminded_at=None),
            ),
            models.Index(fields=["closed_at"], name="dsr_request_to_reduce", condition=models.Q(reduced_at=None)),
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

    @property
    def opened_by(self) -> Rung:
        """What opens its answer, and the pages that show rows; the mailbox is proven beside it, each time."""
        return opened_by(Right(self.right), self.proof_to_open or self.proof_needed)

    def mailbox(self) -> "Identity | None":
        """Where codes and letters go: the person's address; a guardian's own, where one asks for a child."""
        known = self._addresses(of_representative=self.asker == Asker.GUARDIAN)
        return next((each for each in known if each.value_sealed), None)  # after its time only a hash is left

    def own_mailbox(self) -> "Identity | None":
        """The person's own address, which only a code proves; None where a guardian asks, whom staff alone checked.

        Also after its time, when only a hash is left of it: who stood for the request then still does.
        """
        return None if self.asker == Asker.GUARDIAN else next(iter(self._addresses(of_representative=False)), None)

    def _addresses(self, *, of_representative: bool) -> list["Identity"]:
        """By all identities, which a worker has read with the request: it asks for them again and again."""
        known = (each for each in self.identities.all() if each.kind == "email")
        return sorted((each for each in known if each.of_representative is of_representative), key=lambda each: each.pk)

    def postal(self) -> str:
        """Name and address for letters on paper."""
        return sealed.unseal(self.postal_sealed, "subject_request", self.id, "postal")

    def seal_postal(self, text: str) -> None:
        """Keep where letters on paper go; save afterwards."""
        self.postal_sealed = sealed.seal(text, "subject_request", self.id, "postal") if text else ""

    def refusal(self) -> str:
        """Own words of staff beside the ground."""
        return sealed.unseal(self.refusal_sealed, "subject_request", self.id, "refusal")

    def sealed_refusal(self, text: str) -> str:
        """The column's text for these words."""
        return sealed.seal(text, "subject_request", self.id, "refusal") if text else ""

    def details(self) -> str:
        """What the person wrote."""
        return sealed.unseal(self.details_sealed, "subject_request", self.id, "details")

    def seal_details(self, text: str) -> None:
        """Keep what the person wrote; save afterwards."""
        self.details_sealed = sealed.seal(text, "subject_request", self.id, "details") if text else ""

    def others(self) -> list[str]:
        """Other addresses on file that a code may go to."""
        found: list[str] = json.loads(sealed.unseal(self.others_sealed, "subject_request", self.id, "others") or "[]")
        return found

    def sealed_others(self, addresses: list[str]) -> str:
        """The column's text for these addresses."""
        return sealed.seal(json.dumps(addresses), "subject_request", self.id, "others") if addresses else ""

    def statement(self) -> str:
        """What the person adds to data that is incomplete."""
        return sealed.unseal(self.statement_sealed, "subject_request", self.id, "statement")

    def sealed_statement(self, text: str) -> str:
        """The column's text for this statement."""
        return sealed.seal(text, "subject_request", self.id, "statement") if text else ""

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
    folded = models.CharField(
        max_length=64, db_index=True, help_text="Keyed hash in small letters: legal holds match it"
    )
    proven_at = models.DateTimeField(null=True, blank=True)
    rung = models.CharField(max_length=16, default=Rung.MAILBOX, help_text="How surely, once it is proven")
    of_representative = models.BooleanField(default=False, help_text="A guardian's own mailbox: never searched by")

    class Meta:
        """A value stands once per request, and per whom it names."""

        verbose_name_plural = "identities"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_request", "kind", "lookup", "of_representative"], name="dsr_identity_once"
            )
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
        self.folded = sealed.folded(self.kind, value)

    def held_by(self) -> tuple[str, ...]:
        """Every keyed hash that a legal hold may name it by; only the kept one, once the value is forgotten."""
        return sealed.held_by(self.kind, self.value()) if self.value_sealed else (self.folded,)


class Proof(models.Model):
    """A one-time code sent to an identifier, for one purpose."""

    VERIFY, SIGN_IN, DOWNLOAD = "verify", "sign-in", "download"
    SECOND = "second"  # to another address on file
    OPEN = "open"  # the same, before the answer opens
    PICKUP = "pickup"  # in no letter: shown once to who handed a document in

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

"""What review adds to a request: links, legal holds, parts refused, who asks for the person, and their evidence."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from dsr.law.work import Asker
from dsr.models import sealed
from dsr.models.subject_request import SubjectRequest


class Link(models.Model):
    """Two requests that belong together. A duplicate is answered with its original."""

    DUPLICATE, FOLLOW_UP, RELATED = "duplicate", "follow-up", "related"

    of = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="links")
    to = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="linked_from")
    kind = models.CharField(max_length=16, choices=[(kind, kind) for kind in (DUPLICATE, FOLLOW_UP, RELATED)])
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """A request is the duplicate of one other at most."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["of", "to", "kind"], name="dsr_link_once"),
            models.UniqueConstraint(
                fields=["of"],
                condition=models.Q(kind="duplicate", ended_at__isnull=True),
                name="dsr_link_one_original",
            ),
        ]

    def __str__(self) -> str:
        """The kind."""
        return self.kind


class LegalHold(models.Model):
    """Blocks erasure: of one request, or of everything a person is known by. A freeze blocks delivery as well."""

    LEGAL, FREEZE = "legal", "freeze"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    controller = models.SlugField(max_length=64)
    kind = models.CharField(max_length=16, choices=[(LEGAL, LEGAL), (FREEZE, FREEZE)], default=LEGAL)
    subject_request = models.ForeignKey(
        SubjectRequest, null=True, blank=True, on_delete=models.PROTECT, related_name="legal_holds"
    )
    lookup = models.CharField(max_length=64, blank=True, db_index=True, help_text="Keyed hash of an identifier")
    reason_sealed = models.TextField()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    set_at = models.DateTimeField()
    review_on = models.DateField()
    reminded_at = models.DateTimeField(null=True, blank=True, help_text="The owner was reminded of this review date")
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.CharField(max_length=80, blank=True)

    class Meta:
        """One of a kind stands on one place at a time; where a lookup stands, the request says where it was set."""

        ordering: ClassVar = ["review_on"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_request", "kind"],
                condition=models.Q(released_at__isnull=True, lookup=""),
                name="dsr_hold_once_on_request",
            ),
            models.UniqueConstraint(
                fields=["controller", "lookup", "kind"],
                condition=models.Q(released_at__isnull=True) & ~models.Q(lookup=""),
                name="dsr_hold_once_on_person",
            ),
        ]

    def __str__(self) -> str:
        """The kind."""
        return self.kind

    def reason(self) -> str:
        """Why it stands."""
        return sealed.unseal(self.reason_sealed, "legal_hold", self.id, "reason")

    def seal_reason(self, text: str) -> None:
        """Keep why it stands; save afterwards."""
        self.reason_sealed = sealed.seal(text, "legal_hold", self.id, "reason")


class PartRefusal(models.Model):
    """One collection that the answer leaves out or an erasure keeps, with its ground (GDPR Art. 12(4))."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="part_refusals")
    system = models.SlugField(max_length=64)
    collection = models.SlugField(max_length=64)
    ground = models.CharField(max_length=32)
    words_sealed = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """A part is refused once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject_request", "system", "collection"], name="dsr_part_refusal_once")
        ]

    def __str__(self) -> str:
        """Where."""
        return f"{self.system}.{self.collection}"

    def words(self) -> str:
        """Why, as the person reads it."""
        return sealed.unseal(self.words_sealed, "part_refusal", self.id, "words")

    def seal_words(self, text: str) -> None:
        """Keep them; save afterwards."""
        self.words_sealed = sealed.seal(text, "part_refusal", self.id, "words") if text else ""


class Representative(models.Model):
    """Who asks for the person: an agent, or a parent or guardian."""

    subject_request = models.OneToOneField(
        SubjectRequest, primary_key=True, on_delete=models.PROTECT, related_name="representative"
    )
    kind = models.CharField(max_length=16, choices=[(Asker.AGENT, Asker.AGENT), (Asker.GUARDIAN, Asker.GUARDIAN)])
    name_sealed = models.TextField()
    email_sealed = models.TextField()
    lookup = models.CharField(max_length=64, db_index=True, help_text="Keyed hash of the address")
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="The person's own confirmation")
    checked_at = models.DateTimeField(null=True, blank=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    check_note = models.CharField(max_length=300, blank=True, help_text="What was checked; no personal data")

    def __str__(self) -> str:
        """The kind."""
        return self.kind

    @classmethod
    def agent_of(cls, subject_request: SubjectRequest) -> "Representative | None":
        """The agent who asks for the person, if one does; most ask for themselves."""
        if subject_request.asker != Asker.AGENT:
            return None
        return cls.objects.filter(subject_request=subject_request).first()

    def seal(self, name: str, email: str) -> None:
        """Keep name and address; save afterwards."""
        self.name_sealed = sealed.seal(name, "representative", self.subject_request_id, "name")
        self.email_sealed = sealed.seal(email, "representative", self.subject_request_id, "email")
        self.lookup = sealed.lookup("email", email)

    def name(self) -> str:
        """Their name."""
        return sealed.unseal(self.name_sealed, "representative", self.subject_request_id, "name")

    def email(self) -> str:
        """Their address."""
        return sealed.unseal(self.email_sealed, "representative", self.subject_request_id, "email")


class Evidence(models.Model):
    """A document that proves a permission or an identity: a sealed file, destroyed when the decision is made."""

    PERMISSION, GUARDIANSHIP, IDENTITY = "permission", "guardianship", "identity"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=16)
    content_type = models.CharField(max_length=64)
    wrapped_key = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Many a one."""

        verbose_name_plural = "evidence"

    def __str__(self) -> str:
        """The kind."""
        return self.kind

"""The outbox: letters to people, sent at least once under one Message-ID, never repeated blindly."""

import uuid
from typing import ClassVar

from django.db import models

from dsr.law.work import Letter, NoticeState, Post
from dsr.models import sealed
from dsr.models.plan import Leased
from dsr.models.subject_request import SubjectRequest

OPEN = [NoticeState.QUEUED, NoticeState.SENDING]


class Notice(Leased):
    """One letter. Addressee and words are sealed; the words are forgotten once it is sent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="notices")
    letter = models.CharField(max_length=24, choices=[(k.value, k.value) for k in Letter])
    state = models.CharField(
        max_length=16, choices=[(s.value, s.value) for s in NoticeState], default=NoticeState.QUEUED
    )
    post = models.CharField(max_length=16, choices=[(p.value, p.value) for p in Post], default=Post.EMAIL)
    language = models.CharField(max_length=12, default="en")
    to = models.CharField(max_length=80, blank=True, help_text="'staff:3' or 'recipient:slug'; empty: who asks")
    addressee_sealed = models.TextField()
    context_sealed = models.TextField(blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    again_of = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="again",
        help_text="Sent once more by staff",
    )

    class Meta:
        """The outbox is read by what is open."""

        ordering: ClassVar = ["created_at"]
        indexes: ClassVar = [
            models.Index(
                fields=["not_before"],
                name="dsr_notice_open",
                condition=models.Q(state__in=OPEN),
            )
        ]

    def __str__(self) -> str:
        """Which letter."""
        return self.letter

    def addressee(self) -> str:
        """The e-mail address."""
        return sealed.unseal(self.addressee_sealed, "notice", self.id, "addressee")

    def context(self) -> str:
        """JSON for the template; empty once sent."""
        return sealed.unseal(self.context_sealed, "notice", self.id, "context")

    def seal(self, addressee: str, context: str) -> None:
        """Keep addressee and context; save afterwards."""
        self.addressee_sealed = sealed.seal(addressee, "notice", self.id, "addressee")
        self.context_sealed = sealed.seal(context, "notice", self.id, "context")

"""The day of receipt. It may turn out to be earlier than was entered, never later (EDPB 01/2022 §159)."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from dsr.law.actors import Actor
from dsr.law.deadlines import local_day
from dsr.models import Deadline, Extension, SubjectRequest
from dsr.steps import permissions
from dsr.steps.counting import clock, misses, reckoning
from dsr.steps.move import Conflict
from dsr.steps.recording import record


def backdate(subject_request: SubjectRequest, *, received_at: datetime, why: str, by: Actor, at: datetime) -> None:
    """Move the receipt backwards and count every date anew from there. Raises Conflict for any other direction."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    if not why.strip():
        message = "Write how you know that it arrived earlier."
        raise Conflict(message)
    with transaction.atomic():
        present = clock.held(subject_request)
        if not clock.running(present):
            message = "This request is answered or closed."
            raise Conflict(message)
        if received_at >= present.received_at:
            message = "The receipt may only move backwards."
            raise Conflict(message)
        old = present.received_at
        rows = SubjectRequest.objects.filter(pk=present.pk, received_at=old).update(received_at=received_at)
        if rows != 1:
            message = "Somebody else has changed this request meanwhile. Look at it again."
            raise Conflict(message)
        for deadline in Deadline.objects.filter(subject_request=present).select_related("subject_request"):
            _shift(deadline, received_at, at=at)
        clock.first_date(present)
        record.write(
            present,
            "request:backdated",
            by=by,
            at=at,
            secret={"why": why.strip()},
            before=old.isoformat(),
            received_at=received_at.isoformat(),
        )
    subject_request.received_at, subject_request.due_on = received_at, present.due_on


def _shift(deadline: Deadline, received_at: datetime, *, at: datetime) -> None:
    edition = reckoning.edition_of(deadline.edition_id)
    day = local_day(received_at, edition)
    if day < edition.first:
        message = f"The calendar of this request begins on {edition.first:%-d %B %Y}. It cannot have arrived before."
        raise Conflict(message)
    if deadline.starts_on == deadline.receipt_on:  # no proof has started it anew since
        deadline.starts_on = day
    deadline.receipt_on = day
    clock.recounted(deadline, at=at)
    clock.look_back(deadline, at=at)
    if deadline.extended:
        _extended_late(deadline, at=at)


def _extended_late(deadline: Deadline, *, at: datetime) -> None:
    """More time that was taken after the first date, as it turns out now, came too late: that date was missed."""
    given = Extension.objects.get(subject_request=deadline.subject_request)
    first = reckoning.dates(replace(reckoning.basis_of(deadline), term=deadline.term), at=given.at).due_on
    if local_day(given.at, reckoning.edition_of(deadline.edition_id)) > first:
        misses.note(deadline, missed_on=first, at=at)

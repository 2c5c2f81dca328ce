"""Approval: a second person approves one manifest's digest, or excludes a system by name."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, prefetch_related_objects

from dsr.law.actors import Actor, ActorKind
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Letter, Outcome
from dsr.models import Approval, Manifest, PlanItem, SubjectRequest
from dsr.sealing.fields import Unsealable
from dsr.steps import bell, gates, ledger, maps, permissions
from dsr.steps.answering import on_file
from dsr.steps.deciding import blocking, grace, hands
from dsr.steps.fulfilling import parts, stopping
from dsr.steps.fulfilling.manifest import NO_DAY
from dsr.steps.move import Conflict, move
from dsr.steps.post import notices
from dsr.steps.recording import record

SHORTENED_FOR = "grace_shortened_for"  # of the Event: the date that left less time than the post takes
EXCLUDABLE = (Kind.FIND, Kind.ERASE, Kind.CORRECT, Kind.STOP)  # what an answer can do without, and name


def approve(subject_request: SubjectRequest, *, digest: str, by: Actor, at: datetime) -> None:
    """Approve what the manifest with this digest lists; erasing starts after the grace (see there).

    Raises Forbidden for who had a first hand in the request, Conflict when the manifest is not the one that was seen,
    or the letter to an address on file has not left yet.
    """
    permissions.require(by, permissions.Duty.APPROVE, subject_request)
    prefetch_related_objects([subject_request], "identities")  # who it is about is asked five times from here on
    if why := why_not_by(subject_request, by):
        raise permissions.Forbidden(why)
    manifest = Manifest.objects.filter(subject_request=subject_request).select_related("part").first()
    if manifest is None or digest != manifest.digest or _digest_on_disk(manifest) != digest:
        message = "This is not the manifest that was closed. Look at it again."
        raise Conflict(message)
    alert = on_file.alert(subject_request)
    if why := on_file.why_not_yet(alert):
        raise Conflict(why)
    given = grace.of(subject_request, alert, at=at)
    erase_after = given.ends_at
    told: dict[str, Any] = {SHORTENED_FOR: given.shortened_for.isoformat()} if given.shortened_for else {}
    with transaction.atomic():
        columns: dict[str, object] = {"erase_after": erase_after}
        _not_held(subject_request)
        move(
            subject_request,
            State.APPROVED,
            by=by,
            at=at,
            event="plan:approved",
            columns=columns,
            digest=digest,
            **told,
        )
        if erase_after > at:
            notices.queue(subject_request, Letter.APPROVED, at=at, erase_after=erase_after)
        Approval.objects.create(subject_request=subject_request, digest=digest, by_id=int(by.id), at=at)
        plan_erasure(subject_request, manifest, erase_after, at=at)
    bell.ring_after_commit()


def why_not_by(subject_request: SubjectRequest, by: Actor) -> str:
    """Why this is no second person; empty when it is.

    Where the person proved no mailbox only staff stand for who asks, or for the guardian who asks: whoever entered or
    checked the request is a first person as well.
    """
    if by.kind is not ActorKind.STAFF or str(subject_request.accepted_by_id) == by.id:
        return "A second person has to approve: you accepted this request."
    if subject_request.own_mailbox() is None and hands.in_hand(subject_request, by):
        return "A second person has to approve: you entered or checked this request."
    if blocking.released_by(subject_request, by):
        return "A second person has to approve: you released a hold on this request."
    return ""


def _not_held(subject_request: SubjectRequest) -> None:
    """Raise Conflict while a legal hold stands. One that is set in this moment stops every effect later (execution)."""
    if blocking.blocks_erasure(subject_request):
        message = "A legal hold stands on this request: nothing of it is erased until that is released."
        raise Conflict(message)


def _digest_on_disk(manifest: Manifest) -> str:
    """Of the sealed file as it lies there now; empty when it does not open any more."""
    try:
        return parts.digest_of(manifest.part)
    except Unsealable:
        return ""


def plan_erasure(subject_request: SubjectRequest, manifest: Manifest, erase_after: datetime, *, at: datetime) -> None:
    """One erase item per system with keys to erase now, or where nothing goes yet; the answer comes after all of them.

    Who goes on using a service may leave something where the search found nothing, or where a rule keeps all of it for
    now: that is read back as well.
    """
    stops = stopping.last(subject_request, begins=erase_after, at=at) if manifest.erases else []
    due = {row["system"] for row in manifest.summary if not row["until"]}
    systems = sorted(due | _looked_at_again(subject_request, manifest)) if manifest.erases else []
    items = [
        PlanItem.objects.create(
            subject_request=subject_request,
            kind=Kind.ERASE,
            system=system,
            source=manifest.part,
            not_before=erase_after,
            created_at=at,
        )
        for system in systems
    ]
    for item in items:
        item.after.add(*stops)
    assemble = PlanItem.objects.create(
        subject_request=subject_request, kind=Kind.ASSEMBLE, not_before=erase_after, created_at=at
    )
    assemble.after.add(*items, *stops)


def _looked_at_again(subject_request: SubjectRequest, manifest: Manifest) -> set[str]:
    """Systems that hold nothing, or what goes on a later day; not the portal, which goes on writing its record."""
    empty = subject_request.items.filter(kind=Kind.FIND, outcome=Outcome.NOTHING).values_list("system", flat=True)
    systems = maps.controller(subject_request.controller).systems
    later = {row["system"] for row in manifest.summary if row["until"] not in {"", NO_DAY.isoformat()}}
    return later.intersection(slug for slug, one in systems.items() if one.connector.kind != "portal").union(empty)


def left_whole(subject_request: SubjectRequest) -> set[str]:
    """Systems that staff left out of an erasure before anything was sent there: nothing of them is erased, ever."""
    left = subject_request.items.filter(kind=Kind.ERASE, until=None, outcome=Outcome.FAILED)
    return {item.system for item in left if not ledger.begun(item)}


def exclusion_duty(subject_request: SubjectRequest) -> permissions.Duty:
    """Who may leave a system out: of an erasure, only who may approve it."""
    erasing = subject_request.right == Right.ERASURE
    return permissions.Duty.APPROVE if erasing else permissions.Duty.REVIEW


def why_not_exclude(subject_request: SubjectRequest, by: Actor) -> str:
    """Why this member of staff leaves no system out: with it goes the address on file that would be told."""
    if subject_request.own_mailbox() is None and hands.in_hand(subject_request, by):
        return "A second person has to leave it out: you entered, checked or accepted this request."
    return ""


def exclude(item: PlanItem, *, reason: str, by: Actor, at: datetime) -> None:
    """Answer without a system that could not be searched, erased or corrected; the answer names it as failed.

    Raises Forbidden, Conflict.
    """
    permissions.require(by, exclusion_duty(item.subject_request), item.subject_request)
    if why := why_not_exclude(item.subject_request, by):
        raise permissions.Forbidden(why)
    if not reason.strip():
        message = "Say why this system is left out: the answer names it."
        raise Conflict(message)
    given_up = Q(state__in=[ItemState.QUARANTINED, ItemState.WAITING]) | Q(state=ItemState.READY, tries__gt=0)
    given_up |= Q(state=ItemState.READY) & Q(gates.left_alone())
    with transaction.atomic():
        rows = PlanItem.objects.filter(given_up, pk=item.pk, kind__in=EXCLUDABLE, until=None).update(
            state=ItemState.DONE, outcome=Outcome.FAILED, finished_at=at, note=reason.strip()[:300]
        )
        if rows != 1:
            message = "Only a system that has failed can be left out."
            raise Conflict(message)
        told = {"reason": reason.strip()}
        record.write(item.subject_request, "item:excluded", by=by, at=at, secret=told, item=str(item))
    bell.ring_after_commit()

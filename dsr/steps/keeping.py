"""Keeping: after its time a closed request holds only what proves that it was answered (P13, EDPB CEF 2024).

What stays is the reference, the right, the dates, the outcome, the Events and the certificate. Deferred erasures keep
the sealed keys of their rows until their date.
"""

from datetime import datetime

from django.conf import settings
from django.db import models, transaction

from dsr.law.actors import PORTAL
from dsr.law.deadlines import local_day
from dsr.law.retention import add_period
from dsr.law.states import CLOSED
from dsr.law.work import ItemState
from dsr.models import (
    ClockPause,
    Correction,
    EventSecret,
    Extension,
    LegalHold,
    Notice,
    Package,
    Part,
    PartRefusal,
    PlanItem,
    Representative,
    SubjectRequest,
    Telling,
    sealed,
)
from dsr.steps import maps, record

# Columns with texts about a person, which are emptied; their rows stay and say that something happened.
_OWN = ("details_sealed", "answer_sealed", "statement_sealed", "refusal_sealed", "postal_sealed")
_OF_ITS_ROWS: tuple[tuple[type[models.Model], tuple[str, ...]], ...] = (
    (Notice, ("addressee_sealed", "context_sealed")),
    (ClockPause, ("question_sealed", "answer_sealed")),
    (Extension, ("words_sealed",)),
    (PartRefusal, ("words_sealed",)),
    (LegalHold, ("reason_sealed", "lookup")),
    (Correction, ("key_sealed", "before_sealed", "proposed_sealed", "words_sealed")),
    (Telling, ("words_sealed", "token_hash")),
    (PlanItem, ("handle_sealed",)),
)


def reduce_next(*, at: datetime) -> bool:
    """Reduce one request that was closed more than DSR_KEEP_MONTHS ago; whether there was one."""
    held = LegalHold.objects.filter(subject_request=models.OuterRef("pk"), released_at=None)
    closed = SubjectRequest.objects.filter(state__in=CLOSED, reduced_at=None).exclude(closed_at=None)
    subject_request = closed.exclude(models.Exists(held)).order_by("closed_at").first()
    if subject_request is None or subject_request.closed_at is None:
        return False
    calendar = maps.calendar(subject_request.controller)
    last = add_period(local_day(subject_request.closed_at, calendar), months=settings.DSR_KEEP_MONTHS)
    if local_day(at, calendar) <= last:
        return False  # and all others were closed later
    _reduce(subject_request, at=at)
    return True


def _reduce(subject_request: SubjectRequest, *, at: datetime) -> None:
    own = dict.fromkeys(_OWN, "")
    with transaction.atomic():
        if not SubjectRequest.objects.filter(pk=subject_request.pk, reduced_at=None).update(reduced_at=at, **own):
            return  # another worker was faster
        for model, columns in _OF_ITS_ROWS:
            rows = model._default_manager.filter(subject_request=subject_request)  # noqa: SLF001 — Django's name
            rows.update(**dict.fromkeys(columns, ""))
        subject_request.identities.all().delete()  # with the proofs asked of them
        Representative.objects.filter(subject_request=subject_request).delete()
        EventSecret.objects.filter(event__subject_request=subject_request).delete()
        Package.objects.filter(subject_request=subject_request).update(wrapped_key="")
        _forget_parts(subject_request)
        record.write(subject_request, "request:reduced", by=PORTAL, at=at)


def forget_done_manifests() -> None:
    """Destroy the sealed keys of reduced requests whose last deferred erasure is done."""
    reduced = SubjectRequest.objects.exclude(reduced_at=None).filter(parts__wrapped_key__gt="").distinct()
    for subject_request in reduced:
        with transaction.atomic():
            _forget_parts(subject_request)


def _forget_parts(subject_request: SubjectRequest) -> None:
    """Every Part but those by which work that is not done yet will erase."""
    needed = PlanItem.objects.filter(source=models.OuterRef("pk")).exclude(state=ItemState.DONE)
    over = Part.objects.filter(subject_request=subject_request).exclude(wrapped_key="").exclude(models.Exists(needed))
    if PlanItem.objects.filter(subject_request=subject_request).exclude(state=ItemState.DONE).exists():
        over = over.filter(supplement=None)  # read beside the first manifest, whose items name no other source
    pks = list(over.values_list("pk", flat=True))
    Part.objects.filter(pk__in=pks).update(wrapped_key="")

    def unlink() -> None:
        for pk in pks:
            sealed.file_path(pk).unlink(missing_ok=True)

    transaction.on_commit(unlink)

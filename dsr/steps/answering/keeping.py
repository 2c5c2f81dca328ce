"""Keeping: after its time a closed request holds only what proves that it was answered (P13, EDPB CEF 2024).

What stays is the reference, the right, the dates, the outcome, the Events and the certificate. Deferred erasures keep
the sealed keys of their rows until their date, and the keyed hashes by which a legal hold on the person stops them.
"""

from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import models, transaction

from dsr.law.actors import PORTAL
from dsr.law.deadlines import local_day
from dsr.law.retention import add_period
from dsr.law.states import CLOSED
from dsr.law.work import ItemState, Kind
from dsr.models import (
    ClockPause,
    Correction,
    Errand,
    EventSecret,
    Extension,
    Grant,
    LegalHold,
    Lowering,
    Notice,
    Package,
    Part,
    PartRefusal,
    PlanItem,
    Proof,
    Representative,
    SubjectRequest,
    TaskLink,
    Telling,
    sealed,
)
from dsr.steps import maps
from dsr.steps.deciding import blocking, holds
from dsr.steps.recording import record

# Columns with texts about a person, which are emptied; their rows stay and say that something happened.
_OWN = ("details_sealed", "answer_sealed", "statement_sealed", "refusal_sealed", "postal_sealed", "others_sealed")
_OF_ITS_ROWS: tuple[tuple[type[models.Model], tuple[str, ...]], ...] = (
    (Notice, ("addressee_sealed", "context_sealed")),
    (ClockPause, ("question_sealed", "answer_sealed")),
    (Extension, ("words_sealed",)),
    (PartRefusal, ("words_sealed",)),
    (LegalHold, ("reason_sealed", "lookup")),
    (Correction, ("key_sealed", "before_sealed", "proposed_sealed", "words_sealed")),
    (Telling, ("words_sealed", "token_hash")),
    (Package, ("others_sealed",)),
    (PlanItem, ("handle_sealed", "reasons_sealed")),
    (Lowering, ("reason_sealed",)),
)
REDUCED = "request:reduced"


def reduce_next(*, at: datetime) -> bool:
    """Reduce one request that was closed more than DSR_KEEP_MONTHS ago; whether there was one."""
    held = LegalHold.objects.filter(subject_request=models.OuterRef("pk"), released_at=None)
    closed = SubjectRequest.objects.filter(state__in=CLOSED, reduced_at=None).exclude(closed_at=None)
    for subject_request in closed.exclude(models.Exists(held)).order_by("closed_at").iterator():
        if not _over(subject_request, at):
            return False  # and all others were closed later
        try:
            _reduce(subject_request, at=at)
        except holds.Held:
            continue  # by an identifier that it has proven
        return True
    return False


def _over(subject_request: SubjectRequest, at: datetime) -> bool:
    calendar = maps.calendar(subject_request.controller)
    if subject_request.closed_at is None:
        return False
    last = add_period(local_day(subject_request.closed_at, calendar), months=settings.DSR_KEEP_MONTHS)
    return local_day(at, calendar) > last


def _reduce(subject_request: SubjectRequest, *, at: datetime) -> None:
    own = dict.fromkeys(_OWN, "")
    with transaction.atomic():
        if not SubjectRequest.objects.filter(pk=subject_request.pk, reduced_at=None).update(reduced_at=at, **own):
            return  # another worker was faster
        if blocking.blocks_erasure(subject_request):
            raise holds.Held
        for model, columns in _OF_ITS_ROWS:
            rows = model._default_manager.filter(subject_request=subject_request)
            rows.update(**dict.fromkeys(columns, ""))
        errands = Errand.objects.filter(item__subject_request=subject_request)
        errands.exclude(item__in=_deferred(subject_request)).update(kept_sealed="", because_sealed="")
        TaskLink.objects.filter(errand__in=errands).delete()
        _forget_identities(subject_request)
        Representative.objects.filter(subject_request=subject_request).delete()
        EventSecret.objects.filter(event__subject_request=subject_request).delete()
        Package.objects.filter(subject_request=subject_request).update(wrapped_key="")
        Grant.objects.filter(package__subject_request=subject_request).delete()
        subject_request.redactions.all().delete()
        _forget_parts(subject_request)
        record.write(subject_request, REDUCED, by=PORTAL, at=at)


def forget_done_manifests() -> None:
    """Destroy the sealed keys, and the hashes, of reduced requests whose last deferred erasure is done."""
    left = models.Q(parts__wrapped_key__gt="") | models.Q(identities__isnull=False)
    for subject_request in SubjectRequest.objects.exclude(reduced_at=None).filter(left).distinct():
        with transaction.atomic():
            _forget_parts(subject_request)
            _forget_identities(subject_request)


def _forget_identities(subject_request: SubjectRequest) -> None:
    """All of them; while rows wait for their date the hashes of what is proven, or was carried, stay for holds."""
    Proof.objects.filter(identity__subject_request=subject_request).delete()
    mine = subject_request.identities
    if _deferred(subject_request).exists():
        mine.filter(proven_at=None).delete()
        mine.update(value_sealed="")
    else:
        mine.all().delete()
        subject_request.carried_names.all().delete()


def _deferred(subject_request: SubjectRequest) -> models.QuerySet[PlanItem]:
    """Rows that still wait for their date."""
    deferred = PlanItem.objects.filter(subject_request=subject_request, kind=Kind.ERASE).exclude(until=None)
    return deferred.exclude(state=ItemState.DONE)


def _forget_parts(subject_request: SubjectRequest) -> None:
    """Every Part but those by which work that is not done yet will erase."""
    needed = PlanItem.objects.filter(source=models.OuterRef("pk")).exclude(state=ItemState.DONE)
    over = Part.objects.filter(subject_request=subject_request).exclude(wrapped_key="").exclude(models.Exists(needed))
    if PlanItem.objects.filter(subject_request=subject_request).exclude(state=ItemState.DONE).exists():
        over = over.filter(supplement=None)  # read beside the first manifest, whose items name no other source
    pks = list(over.values_list("pk", flat=True))
    Part.objects.filter(pk__in=pks).update(wrapped_key="")

    transaction.on_commit(partial(sealed.remove_files, pks))

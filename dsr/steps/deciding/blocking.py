"""What stands: the legal holds and freezes over a request, by its own name or by an identifier proven there."""

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.models import Identity, LegalHold, SubjectRequest


def standing(subject_request: SubjectRequest) -> list[LegalHold]:
    """What holds this request now: set on it, or on an identifier that it has proven; one row for each."""
    found = now(subject_request).prefetch_related("owner", "subject_request")
    once: dict[tuple[object, ...], LegalHold] = {}
    for hold in found:
        once.setdefault((hold.subject_request_id, hold.kind, hold.set_at, bool(hold.lookup)), hold)
    return list(once.values())


def now(subject_request: SubjectRequest) -> QuerySet[LegalHold]:
    """The same as rows: one for each identifier that it was set on."""
    return _ever(subject_request).filter(released_at=None)


def _ever(subject_request: SubjectRequest) -> QuerySet[LegalHold]:
    """What holds or held it: set on it, or on an identifier that it has proven."""
    proven = [each for each in subject_request.identities.all() if each.proven_at is not None]
    found = {each for identity in proven for each in identity.held_by()}
    on_it = Q(subject_request=subject_request, lookup="")
    return LegalHold.objects.filter(on_it | Q(controller=subject_request.controller, lookup__in=found))


def released_by(subject_request: SubjectRequest, by: Actor) -> bool:
    """Whether this person released a hold on the request: the second pair of eyes is another's then."""
    since = Q(released_at__gte=subject_request.received_at)
    return _ever(subject_request).filter(since, released_by=str(by)).exists()


def frozen_since(subject_request: SubjectRequest, *, at: datetime) -> datetime:
    """Since when it was frozen without a gap until now: one freeze may have begun while another stood."""
    since = at
    for freeze in _ever(subject_request).filter(kind=LegalHold.FREEZE).order_by("-set_at"):
        if freeze.released_at is None or freeze.released_at >= since:
            since = min(since, freeze.set_at)
    return since


def unfrozen_at(subject_request: SubjectRequest) -> datetime | None:
    """When the last freeze of it was released, if one was."""
    released = _ever(subject_request).filter(kind=LegalHold.FREEZE).exclude(released_at=None)
    return released.order_by("released_at").values_list("released_at", flat=True).last()


def withholds_answer(subject_request: SubjectRequest) -> bool:
    """Whether a freeze holds back the answer's words; a report of the compromised account itself is answered."""
    return subject_request.right != Right.COMPROMISED_ACCOUNT and blocks_delivery(subject_request)


def blocks_erasure(subject_request: SubjectRequest) -> bool:
    """Whether anything stands; a freeze blocks everything."""
    return now(subject_request).exists()


def blocks_delivery(subject_request: SubjectRequest) -> bool:
    """Whether the account is frozen: nothing about it is handed over."""
    return now(subject_request).filter(kind=LegalHold.FREEZE).exists()


def on_items() -> Exists:
    """Part of the claim's statement: whether anything holds an item's request, so that nobody begins to erase."""
    return Exists(_on("subject_request_id", "subject_request__controller"))


def on_corrections() -> Exists:
    """The same of a freeze: so that nobody begins to correct, and the person can still cancel."""
    return Exists(_on("subject_request_id", "subject_request__controller").filter(kind=LegalHold.FREEZE))


def on_requests() -> Q:
    """Of SubjectRequest: that it is frozen, and its answer waits."""
    return Q(Exists(_on("pk", "controller").filter(kind=LegalHold.FREEZE)))


def on_packages() -> Exists:
    """Of Package: that its request is frozen, so that its time does not run out."""
    return Exists(_on("subject_request_id", "subject_request__controller").filter(kind=LegalHold.FREEZE))


def _on(pk: str, controller: str) -> QuerySet[LegalHold]:
    proven = Identity.objects.filter(subject_request=OuterRef(OuterRef(pk))).exclude(proven_at=None)
    on_person = Q(controller=OuterRef(controller), lookup__in=proven.values("folded"))
    on_it = Q(subject_request=OuterRef(pk), lookup="")
    return LegalHold.objects.filter(on_it | on_person, released_at=None)


def known(pk: UUID, subject_request: SubjectRequest) -> LegalHold | None:
    """A standing hold of this request by its number."""
    return next((hold for hold in standing(subject_request) if hold.pk == pk), None)

"""Which requests belong to a mailbox, and which others name what its owner has proven: filed in their name."""

from datetime import datetime

from django.db.models import Q, QuerySet

from dsr.datamap.schema import IdentityKind
from dsr.models import Identity, SubjectRequest, SubjectSession, sealed
from dsr.steps.asking import sessions


def own(session: SubjectSession) -> list[SubjectRequest]:
    """Requests whose codes go to this mailbox, newest first; proven or not, and whoever filed them."""
    return [each for each in _naming(session, _mailbox(session)) if sessions.reaches(session, each)]


def in_their_name(session: SubjectSession) -> list[SubjectRequest]:
    """Other requests that name this mailbox, or another identifier that its owner has proven, newest first.

    Who answers there is somebody else, such as a guardian: that there is such a request is told, and no more.
    """
    named = _mailbox(session)
    for identity in Identity.objects.filter(subject_request__in=own(session), of_representative=False):
        if identity.proven_at is not None and identity.value_sealed:
            named |= Q(kind=identity.kind, lookup__in=sealed.lookups(identity.kind, identity.value()))
    return [each for each in _naming(session, named) if not sessions.reaches(session, each)]


def entered_at(subject_request: SubjectRequest) -> datetime:
    """When it was filed here."""
    return subject_request.entered_at or subject_request.received_at


def _mailbox(session: SubjectSession) -> Q:
    return Q(kind=IdentityKind.EMAIL, lookup__in=sealed.lookups(IdentityKind.EMAIL, session.address()))


def _naming(session: SubjectSession, named: Q) -> QuerySet[SubjectRequest]:
    identities = Identity.objects.filter(named).values("subject_request")
    found = SubjectRequest.objects.filter(controller=session.controller, pk__in=identities)
    return found.prefetch_related("identities").order_by("-received_at")

"""What this browser may see: a request is there for whoever proved its address in this session only."""

from django.http import Http404, HttpRequest
from django.utils import timezone

from dsr.datamap.schema import ControllerMap
from dsr.law.actors import SUBJECT
from dsr.law.references import read_reference
from dsr.law.rights import Right
from dsr.models import SubjectRequest
from dsr.steps.recording import record

FILED, PROVEN = "filed", "proven"
GRANTS = "grants"  # the downloads that were opened here, so that who leaves ends them


def remember_filed(request: HttpRequest, subject_request: SubjectRequest) -> None:
    """This browser sent the request; it may see its receipt, and nothing else of it."""
    _remember(request, FILED, subject_request)


def remember_proven(request: HttpRequest, subject_request: SubjectRequest) -> None:
    """This browser proved the address; a new session key makes a stolen older one worthless."""
    request.session.cycle_key()
    _remember(request, PROVEN, subject_request)


def filed(request: HttpRequest, about: ControllerMap, reference: str) -> SubjectRequest | None:
    """The request with this reference, if this browser sent it or proved it."""
    ids = request.session.get(FILED, []) + request.session.get(PROVEN, [])
    return _find(about, reference, ids)


def filed_of(request: HttpRequest, about: ControllerMap, right: Right) -> SubjectRequest | None:
    """The latest request for this right that this browser sent."""
    return (
        SubjectRequest.objects.filter(
            controller=about.controller.slug, right=right, id__in=request.session.get(FILED, [])
        )
        .order_by("-received_at")
        .first()
    )


def proven(request: HttpRequest, about: ControllerMap, reference: str) -> SubjectRequest | None:
    """The request with this reference, if its address was proven here."""
    return _find(about, reference, request.session.get(PROVEN, []))


def required(request: HttpRequest, about: ControllerMap, reference: str) -> SubjectRequest:
    """The same; who has not proven it here finds no such page."""
    own = proven(request, about, reference)
    if own is None:
        message = "no such request"
        raise Http404(message)
    return own


def _remember(request: HttpRequest, name: str, subject_request: SubjectRequest) -> None:
    ids = [known for known in request.session.get(name, []) if known != str(subject_request.id)]
    request.session[name] = [*ids, str(subject_request.id)]


def _find(about: ControllerMap, reference: str, ids: list[str]) -> SubjectRequest | None:
    """The request, if it is this browser's; that its page was opened stands in the record."""
    found = SubjectRequest.objects.filter(
        controller=about.controller.slug, reference=read_reference(reference) or "", id__in=ids
    ).first()
    if found is not None:
        record.seen(found, by=SUBJECT, at=timezone.now())
    return found

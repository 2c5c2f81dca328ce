"""What this browser may see: a request is there for whoever proved its mailbox in this session only.

Every proof opens a session that the owner of the mailbox sees and can end from any other browser; once it is ended or
over, nothing that was proven in it is seen any more.
"""

from django.http import Http404, HttpRequest
from django.utils import timezone

from dsr.datamap.schema import ControllerMap
from dsr.law.actors import SUBJECT
from dsr.law.references import read_reference
from dsr.law.rights import Right
from dsr.models import SubjectRequest, SubjectSession
from dsr.steps.asking import sessions
from dsr.steps.recording import record

FILED, PROVEN = "filed", "proven"  # ids; and each id with the session in which it was proven
SESSIONS = "sessions"  # the sessions of this browser
GRANTS = "grants"  # the downloads that were opened here, so that who leaves ends them


def remember_filed(request: HttpRequest, subject_request: SubjectRequest) -> None:
    """This browser sent the request; it may see its receipt, and nothing else of it."""
    ids = [known for known in request.session.get(FILED, []) if known != str(subject_request.id)]
    request.session[FILED] = [*ids, str(subject_request.id)]


def remember_proven(request: HttpRequest, subject_request: SubjectRequest) -> None:
    """This browser proved the address of one request."""
    mailbox = subject_request.mailbox()
    address = mailbox.value() if mailbox else ""
    opened = _begin(request, subject_request.controller, address, whole=False)
    request.session[PROVEN] = request.session.get(PROVEN, {}) | {str(subject_request.id): str(opened.pk)}


def sign_in(request: HttpRequest, controller: str, address: str) -> None:
    """This browser proved a mailbox: it sees everything that belongs to it."""
    _begin(request, controller, address, whole=True)


def _begin(request: HttpRequest, controller: str, address: str, *, whole: bool) -> SubjectSession:
    request.session.cycle_key()  # a stolen older one is worth nothing beside it
    agent = request.headers.get("User-Agent", "")
    opened = sessions.begin(controller, address, agent, whole=whole, at=timezone.now())
    request.session[SESSIONS] = [*request.session.get(SESSIONS, []), str(opened.pk)]
    return opened


def filed(request: HttpRequest, about: ControllerMap, reference: str) -> SubjectRequest | None:
    """The request with this reference, if this browser sent it or proved it."""
    found = _known(about, reference)
    if found is not None and str(found.id) in request.session.get(FILED, []):
        return _seen(found)
    return proven(request, about, reference)


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
    """The request with this reference, if its mailbox was proven here and the session lasts."""
    found = _known(about, reference) if request.session.get(SESSIONS) else None
    if found is None:
        return None
    return _seen(found) if through(request, found) else None


def through(request: HttpRequest, subject_request: SubjectRequest) -> list[str]:
    """The live sessions of this browser that show this request, the newest first."""
    opened = request.session.get(PROVEN, {}).get(str(subject_request.id))
    here = (each for each in _live(request) if str(each.pk) == opened or sessions.reaches(each, subject_request))
    return [str(each.pk) for each in sorted(here, key=lambda each: each.began_at, reverse=True)]


def signed_in(request: HttpRequest, about: ControllerMap) -> SubjectSession | None:
    """The session in which somebody is signed in here; the newest, where several mailboxes were proven."""
    here = [each for each in _live(request) if each.whole and each.controller == about.controller.slug]
    return max(here, key=lambda each: each.began_at, default=None)


def required(request: HttpRequest, about: ControllerMap, reference: str) -> SubjectRequest:
    """The same as `proven`; who has not proven it here finds no such page."""
    own = proven(request, about, reference)
    if own is None:
        message = "no such request"
        raise Http404(message)
    return own


def leave(request: HttpRequest) -> None:
    """Forget this browser."""
    sessions.leave(request.session.get(SESSIONS, []), at=timezone.now())
    request.session.flush()


def _live(request: HttpRequest) -> list[SubjectSession]:
    pks = request.session.get(SESSIONS, [])
    return sessions.live(pks, at=timezone.now()) if pks else []


def _known(about: ControllerMap, reference: str) -> SubjectRequest | None:
    readable = read_reference(reference)
    mine = SubjectRequest.objects.filter(controller=about.controller.slug, reference=readable or "")
    return mine.prefetch_related("identities").first() if readable else None


def _seen(found: SubjectRequest) -> SubjectRequest:
    """That its page was opened stands in the record."""
    record.seen(found, by=SUBJECT, at=timezone.now())
    return found

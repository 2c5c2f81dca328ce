"""Sessions of data subjects: where a mailbox is proven just now. Its owner sees them, and ends one or all.

Idle 30 minutes, absolute 12 hours (ASVS V7.3.1, V7.3.2). What was ended opens nothing from that moment on.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT
from dsr.models import SubjectRequest, SubjectSession, sealed
from dsr.steps.recording import record

LONGEST = timedelta(hours=12)
TOUCHED = timedelta(minutes=1)  # how exactly it is known when one was last used
FRESH = timedelta(minutes=15)
KEPT = timedelta(days=30)  # for who wants to see where they were signed in
_BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrom": "Chrome", "CriOS": "Chrome"}
_SYSTEMS = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS": "macOS"}


def begin(controller: str, address: str, agent: str, *, whole: bool, at: datetime) -> SubjectSession:
    """A browser in which the mailbox was proven just now; `agent`: what it calls itself."""
    one = SubjectSession(controller=controller, whole=whole, began_at=at, seen_at=at)
    one.seal(address, called(agent))
    one.save(force_insert=True)
    return one


def live(pks: list[str], *, at: datetime) -> list[SubjectSession]:
    """Those of these that are not over; that they are used is noted."""
    found = list(_live(at).filter(pk__in=pks))
    stale = [one.pk for one in found if at - one.seen_at > TOUCHED]
    if stale:
        SubjectSession.objects.filter(pk__in=stale).update(seen_at=at)
    return found


def of(session: SubjectSession, *, at: datetime) -> list[SubjectSession]:
    """Everything that is open for its mailbox here, newest first."""
    return list(_live(at).filter(pk__in=_of_mailbox(session).values("pk")))


def end(session: SubjectSession, pk: str, *, at: datetime) -> bool:
    """End one of the same mailbox; False when there is none such."""
    return _end(session.controller, _of_mailbox(session).filter(pk=pk), at)


def end_all(session: SubjectSession, *, at: datetime) -> None:
    """End all of the mailbox, this one too."""
    _end(session.controller, _of_mailbox(session), at)


def leave(pks: list[str], *, at: datetime) -> None:
    """Whoever leaves a browser leaves no session open in it."""
    SubjectSession.objects.filter(pk__in=pks, ended_at=None).update(ended_at=at)


def reaches(session: SubjectSession, subject_request: SubjectRequest) -> bool:
    """Whether codes of this request go to the mailbox of that session: then it is its own."""
    mailbox = subject_request.mailbox()
    return (
        session.whole
        and mailbox is not None
        and session.controller == subject_request.controller
        and mailbox.value() == session.address()
    )


def fresh(session: SubjectSession, *, at: datetime) -> bool:
    """Whether its code was typed just now: then it proves what a code for one request would."""
    return session.whole and at - session.began_at < FRESH


def forget_old(*, at: datetime) -> None:
    """Forget those of long ago."""
    SubjectSession.objects.filter(began_at__lt=at - KEPT).delete()


def called(agent: str) -> str:
    """A browser as people call it: nothing by which it could be told from others of its kind."""
    browser = next((name for sign, name in _BROWSERS.items() if sign in agent), "Safari" if "Safari" in agent else "")
    system = next((name for sign, name in _SYSTEMS.items() if sign in agent), "Linux" if "Linux" in agent else "")
    return ", ".join(filter(None, (browser, system)))


def _live(at: datetime) -> QuerySet[SubjectSession]:
    idle = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    return SubjectSession.objects.filter(ended_at=None, began_at__gt=at - LONGEST, seen_at__gt=at - idle)


def _of_mailbox(session: SubjectSession) -> QuerySet[SubjectSession]:
    lookups = sealed.lookups(IdentityKind.EMAIL, session.address())
    return SubjectSession.objects.filter(controller=session.controller, lookup__in=lookups, ended_at=None)


def _end(controller: str, rows: QuerySet[SubjectSession], at: datetime) -> bool:
    with transaction.atomic():
        ended = rows.update(ended_at=at)
        if ended:
            record.write_for(controller, "person:sessions-ended", by=SUBJECT, at=at, sessions=ended)
    return bool(ended)

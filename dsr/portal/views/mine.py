"""What belongs to who is signed in: their requests, who saw their data, and where they are signed in."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dsr.datamap.schema import ControllerMap
from dsr.law.references import read_reference
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Asker
from dsr.models import SubjectRequest, SubjectSession
from dsr.portal import access, lookers, pages
from dsr.portal.words import CHANNELS, MORE_PROOF, STANDS, WORDS, Text
from dsr.steps import maps
from dsr.steps.asking import belonging, ladder, sessions, verification
from dsr.steps.move import Conflict

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Row:
    """One request in the list."""

    own: SubjectRequest
    title: Text
    filed_at: datetime
    channel: Text
    stands: Text
    asker: str
    opens: bool


@require_safe
def requests(request: HttpRequest, slug: str) -> HttpResponse:
    """Every request of this mailbox, and every other that was filed in its owner's name."""
    about = pages.controller_map(slug)
    session = access.signed_in(request, about)
    if session is None:
        return redirect("portal:sign_in", slug)
    own, others = belonging.own(session), belonging.in_their_name(session)
    return pages.page(
        request,
        "mine/requests.html",
        about,
        address=session.address(),
        own=list(_rows(own, opens=True)),
        others=list(_rows(others, opens=False)),
        fresh=sessions.fresh(session, at=timezone.now()),
        zone=maps.calendar(slug).zone,
    )


def _rows(requests: list[SubjectRequest], *, opens: bool) -> Iterator[Row]:
    for each in requests:
        yield Row(
            own=each,
            title=WORDS[Right(each.right)].title,
            filed_at=belonging.entered_at(each),
            channel=CHANNELS[each.channel],
            stands=MORE_PROOF if opens and ladder.waits(each) else STANDS[State(each.state)],
            asker=each.asker if each.asker != Asker.PERSON else "",
            opens=opens,
        )


@require_POST
def confirm(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """It is from them: what waits for a proof begins. Only just after the code, else they sign in anew."""
    about = pages.controller_map(slug)
    session, at = _required(request, about), timezone.now()
    own = next((one for one in belonging.own(session) if one.reference == read_reference(reference)), None)
    if own is None:
        message = "no such request"
        raise Http404(message)
    if not sessions.fresh(session, at=at):
        return redirect("portal:sign_in", slug)
    try:
        verification.confirm_signed_in(own, at=at)
    except Conflict as conflict:  # it was proven, or ended, in another window
        log.info("%s: %s", own.reference, conflict)
    return redirect("portal:status", slug, own.reference)


@require_safe
def looks(request: HttpRequest, slug: str) -> HttpResponse:
    """Who saw the data of these requests, from the record."""
    about = pages.controller_map(slug)
    session = access.signed_in(request, about)
    if session is None:
        return redirect("portal:sign_in", slug)
    rows = lookers.rows(belonging.own(session), about)
    return pages.page(request, "mine/looks.html", about, looks=rows, zone=maps.calendar(slug).zone)


@require_safe
def sessions_here(request: HttpRequest, slug: str) -> HttpResponse:
    """Where this mailbox is proven just now."""
    about = pages.controller_map(slug)
    session = access.signed_in(request, about)
    if session is None:
        return redirect("portal:sign_in", slug)
    rows = [(each, each.browser(), each.pk == session.pk) for each in sessions.of(session, at=timezone.now())]
    return pages.page(request, "mine/sessions.html", about, rows=rows, zone=maps.calendar(slug).zone)


@require_POST
def end(request: HttpRequest, slug: str, session: UUID) -> HttpResponse:
    """End one of one's own; whose it is not finds no such page."""
    mine = _required(request, pages.controller_map(slug))
    if not sessions.end(mine, str(session), at=timezone.now()):
        message = "no such session"
        raise Http404(message)
    return redirect("portal:sessions" if mine.pk != session else "portal:start", slug)


@require_POST
def end_all(request: HttpRequest, slug: str) -> HttpResponse:
    """End all, this one too."""
    sessions.end_all(_required(request, pages.controller_map(slug)), at=timezone.now())
    access.leave(request)
    return redirect("portal:start", slug)


def _required(request: HttpRequest, about: ControllerMap) -> SubjectSession:
    session = access.signed_in(request, about)
    if session is None:
        message = "nobody is signed in"
        raise Http404(message)
    return session

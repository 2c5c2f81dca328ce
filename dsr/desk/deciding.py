"""The desk's page of values to correct. A GET shows them, a POST decides about one; the step has the last word."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dsr.desk import corrections, people
from dsr.desk.buttons import button
from dsr.desk.outcome import CONFLICT, NOT_YOURS, refused
from dsr.desk.pages import heading, known
from dsr.law.actors import Actor
from dsr.models import Correction, SubjectRequest
from dsr.steps.fulfilling import correctable, rectification
from dsr.steps.move import Conflict
from dsr.steps.permissions import Duty, Forbidden, may
from dsr.steps.recording import record

if TYPE_CHECKING:
    from dsr.desk.site import Desk

TWO = (
    "By this value the system knows the person: whoever holds the new one can take the account over. "
    "It is accepted by somebody who approves, and never by who accepted the request."
)


@require_safe
def show(request: HttpRequest, reference: str, site: "Desk") -> HttpResponse:
    """Every value that was proposed; looking is an Event."""
    return _page(request, site, known(people.staff_of(request), reference))


@button
def decide(request: HttpRequest, reference: str, correction: UUID, site: "Desk") -> HttpResponse:
    """Accept or decline one value."""
    subject_request = known(people.staff_of(request), reference)
    row = get_object_or_404(Correction, pk=correction, subject_request=subject_request)
    accepted = request.POST.get("decision") == Correction.ACCEPTED
    words = request.POST.get("words", "")

    def step(by: Actor) -> None:
        rectification.decide(row, accepted=accepted, words=words, by=by, at=timezone.now())

    done = f"You {'accepted' if accepted else 'declined'} the value."
    why = TWO if accepted and correctable.identifying(row) else ""
    return _done(request, site, subject_request, step, done, typed={str(row.pk): words}, why=why)


@button
def respond(request: HttpRequest, reference: str, site: "Desk") -> HttpResponse:
    """Answer the statement."""
    subject_request = known(people.staff_of(request), reference)
    text = request.POST.get("text", "")

    def step(by: Actor) -> None:
        rectification.respond(subject_request, text=text, by=by, at=timezone.now())

    return _done(request, site, subject_request, step, "You answered the statement.", typed={"text": text})


def _done(
    request: HttpRequest,
    site: "Desk",
    subject_request: SubjectRequest,
    step: Callable[[Actor], None],
    done: str,
    *,
    typed: dict[str, str],
    why: str = "",
) -> HttpResponse:
    try:
        step(people.actor_of(request))
    except Forbidden:
        theirs = rectification.why_not_by(subject_request, people.actor_of(request))
        return refused(request, site, subject_request, theirs or why or NOT_YOURS)
    except Conflict as conflict:
        return _page(request, site, subject_request, problem=str(conflict), typed=typed)
    messages.success(request, done)
    return redirect("desk:corrections", subject_request.reference)


def _page(
    request: HttpRequest,
    site: "Desk",
    subject_request: SubjectRequest,
    *,
    problem: str = "",
    typed: dict[str, str] | None = None,
) -> HttpResponse:
    by = people.actor_of(request)
    if not may(by, Duty.VIEW, subject_request):
        return refused(request, site, subject_request)
    record.viewed(subject_request, by=by, at=timezone.now())
    typed, theirs = typed or {}, rectification.why_not_by(subject_request, by)
    subject_request.refresh_from_db()
    context = {
        **heading(subject_request),
        "title": "Values to correct",
        "cards": corrections.cards(subject_request, typed, by),
        "details": subject_request.details(),
        "statement": subject_request.statement(),
        "answer": "" if typed.get("text") and problem else subject_request.answer(),
        "typed": typed.get("text", ""),
        "may_decide": may(by, Duty.REVIEW, subject_request) and corrections.deciding(subject_request) and not theirs,
        "theirs": theirs,
        "on_paper": subject_request.mailbox() is None,
        "problem": problem,
    }
    status = CONFLICT if problem else 200
    return render(request, "desk/corrections.html", {**site.each_context(request), **context}, status=status)

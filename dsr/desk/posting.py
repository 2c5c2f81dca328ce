"""What staff do with a letter: send it once more, or print it and post it."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dsr.desk import people
from dsr.desk.buttons import button
from dsr.desk.pages import heading, known
from dsr.models import Notice
from dsr.steps.move import Conflict
from dsr.steps.permissions import Duty, Forbidden, may
from dsr.steps.post import notices, resending
from dsr.steps.recording import record

if TYPE_CHECKING:
    from dsr.desk.site import Desk


def _found(request: HttpRequest, reference: str, letter: UUID) -> Notice:
    subject_request = known(people.staff_of(request), reference)
    return get_object_or_404(Notice, pk=letter, subject_request=subject_request)


@button
def send_again(request: HttpRequest, reference: str, letter: UUID, site: "Desk") -> HttpResponse:  # noqa: ARG001 - every page of the desk gets its site
    """Once more, as a letter of its own."""
    notice = _found(request, reference, letter)
    try:
        resending.send_again(notice, by=people.actor_of(request), at=timezone.now())
    except (Forbidden, Conflict) as refused:
        messages.error(request, _why(refused))
    else:
        messages.success(request, "The letter is on its way again.")
    return redirect("desk:request", reference)


@button
def posted(request: HttpRequest, reference: str, letter: UUID, site: "Desk") -> HttpResponse:  # noqa: ARG001 - as above
    """It was printed and is in the post."""
    notice = _found(request, reference, letter)
    try:
        notices.posted(notice, by=people.actor_of(request), at=timezone.now())
    except (Forbidden, Conflict) as refused:
        messages.error(request, _why(refused))
    else:
        messages.success(request, "The letter is marked as posted.")
    return redirect("desk:request", reference)


@require_safe
def printed(request: HttpRequest, reference: str, letter: UUID, site: "Desk") -> HttpResponse:
    """A clean page to print; whoever looks at it is written into the record."""
    notice = _found(request, reference, letter)
    subject_request, by = notice.subject_request, people.actor_of(request)
    if not may(by, Duty.REVIEW, subject_request):
        messages.error(request, "Your role does not allow this.")
        return redirect("desk:request", reference)
    try:
        written = notices.on_paper(notice)
    except Conflict as conflict:
        messages.error(request, str(conflict))
        return redirect("desk:request", reference)
    record.viewed(subject_request, by=by, at=timezone.now())
    page = {"written": written, "notice": notice, "address": notice.addressee()}
    context = {**site.each_context(request), **heading(subject_request), **page}
    return render(request, "desk/letter.html", context)


def _why(refused: Forbidden | Conflict) -> str:
    return str(refused) if isinstance(refused, Conflict) else "Your role does not allow this."

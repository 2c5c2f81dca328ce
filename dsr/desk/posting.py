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
from dsr.desk.outcome import at_once, refused
from dsr.desk.pages import heading, known
from dsr.models import Notice
from dsr.steps.move import Conflict
from dsr.steps.permissions import Duty, may
from dsr.steps.post import notices, resending
from dsr.steps.recording import record

if TYPE_CHECKING:
    from dsr.desk.site import Desk


def _found(request: HttpRequest, reference: str, letter: UUID) -> Notice:
    subject_request = known(people.staff_of(request), reference)
    return get_object_or_404(Notice, pk=letter, subject_request=subject_request)


@button
def send_again(request: HttpRequest, reference: str, letter: UUID, site: "Desk") -> HttpResponse:
    """Once more, as a letter of its own."""
    notice = _found(request, reference, letter)

    def step() -> None:
        resending.send_again(notice, by=people.actor_of(request), at=timezone.now())

    return at_once(request, site, notice.subject_request, step, "The letter is on its way again.")


@button
def posted(request: HttpRequest, reference: str, letter: UUID, site: "Desk") -> HttpResponse:
    """It was printed and is in the post."""
    notice = _found(request, reference, letter)

    def step() -> None:
        notices.posted(notice, by=people.actor_of(request), at=timezone.now())

    return at_once(request, site, notice.subject_request, step, "The letter is marked as posted.")


@require_safe
def printed(request: HttpRequest, reference: str, letter: UUID, site: "Desk") -> HttpResponse:
    """A clean page to print; whoever looks at it is written into the record."""
    notice = _found(request, reference, letter)
    subject_request, by = notice.subject_request, people.actor_of(request)
    # Who hands a package over prints the letter that goes with it.
    if not any(may(by, duty, subject_request) for duty in (Duty.REVIEW, Duty.APPROVE)):
        return refused(request, site, subject_request)
    try:
        written = notices.on_paper(notice, at=timezone.now())
    except Conflict as conflict:
        messages.error(request, str(conflict))
        return redirect("desk:request", reference)
    record.viewed(subject_request, by=by, at=timezone.now())
    covering = notice.letter in notices.COVERING
    page = {"written": written, "notice": notice, "address": notice.addressee(), "covering": covering}
    context = {**site.each_context(request), **heading(subject_request), **page}
    return render(request, "desk/letter.html", context)

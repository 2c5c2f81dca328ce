"""What staff see when a button was pressed: it is done, it does not fit, or it was not theirs to press."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from dsr.desk.pages import heading
from dsr.models import SubjectRequest
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden

if TYPE_CHECKING:
    from dsr.desk.site import Desk

CONFLICT, FORBIDDEN = 409, 403
NOT_YOURS = "Your role does not allow this."


def at_once(
    request: HttpRequest, site: "Desk", subject_request: SubjectRequest, step: Callable[[], object], done: str
) -> HttpResponse:
    """Take a step that needs no form, and go back to the request with what became of it."""
    try:
        step()
    except Forbidden:
        return refused(request, site, subject_request)
    except Conflict as conflict:
        messages.error(request, str(conflict))
    else:
        messages.success(request, done)
    return redirect("desk:request", subject_request.reference)


def refused(request: HttpRequest, site: "Desk", subject_request: SubjectRequest, why: str = NOT_YOURS) -> HttpResponse:
    """The page that says why this is not for them."""
    context = {**heading(subject_request), "title": "You cannot do this", "why": why}
    return render(request, "desk/refused.html", {**site.each_context(request), **context}, status=FORBIDDEN)

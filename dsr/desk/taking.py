"""Taking a package from the desk, for a person without a mailbox: as a file that no browser runs and no cache keeps."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import content_disposition_header

from accounts import second_factor
from dsr.desk import people
from dsr.desk.buttons import button
from dsr.desk.outcome import NOT_YOURS, refused
from dsr.desk.pages import known
from dsr.law.actors import Actor
from dsr.models import SubjectRequest
from dsr.steps.answering import delivery, handover
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden

if TYPE_CHECKING:
    from dsr.desk.site import Desk


NO_CODE = (
    "The one-time code is not right, or was used already. Type a new one; after several wrong ones, wait a minute."
)


@button
def fetch(request: HttpRequest, reference: str, site: "Desk") -> HttpResponseBase:
    """The package, for a fresh one-time code; that it was taken is written into the record first."""
    subject_request = known(people.staff_of(request), reference)
    by = people.actor_of(request)
    try:
        stream = _opened(request, subject_request, by)
    except Forbidden:
        return refused(request, site, subject_request, handover.why_not(subject_request, by) or NOT_YOURS)
    except Conflict as conflict:
        messages.error(request, str(conflict))
        return redirect("desk:request", reference)
    response = StreamingHttpResponse(stream, content_type="application/zip")
    response["Content-Length"] = str(stream.size)
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=stream.name) or "attachment"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "no-store"
    return response


def _opened(request: HttpRequest, subject_request: SubjectRequest, by: Actor) -> delivery.Stream:
    """A session that somebody left open opens no package: its owner types a new code. Raises Forbidden, Conflict."""
    handover.check(subject_request, by)  # a code is spent only by who may take it
    if second_factor.spend(people.staff_of(request), request.POST.get("token", "")) is None:
        handover.code_refused(subject_request, by=by, at=timezone.now())
        raise Conflict(NO_CODE)
    return handover.take(subject_request, by=by, at=timezone.now(), reason=request.POST.get("reason", ""))

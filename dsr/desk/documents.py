"""Opening a document that somebody sent: for who may see personal data, as a file that no browser runs."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from dsr.desk import people
from dsr.desk.buttons import button
from dsr.desk.pages import known
from dsr.models import Evidence
from dsr.sealing.fields import Unsealable
from dsr.steps.asking import evidence
from dsr.steps.permissions import Forbidden

_ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}


@button
def fetch(request: HttpRequest, reference: str, document: UUID) -> HttpResponse:
    """The file; that it was opened is written into the record first."""
    subject_request = known(people.staff_of(request), reference)
    row = get_object_or_404(Evidence, pk=document, subject_request=subject_request)
    try:
        content = evidence.read(row, by=people.actor_of(request), at=timezone.now())
    except Forbidden:
        raise PermissionDenied from None
    except Unsealable:
        messages.error(request, "This document is not there any more: it is destroyed with the decision.")
        return redirect("desk:request", reference)
    except OSError:
        messages.error(request, "The place where documents lie cannot be reached. Try again in a few minutes.")
        return redirect("desk:request", reference)
    ending = _ENDINGS[row.content_type]
    response = HttpResponse(content, content_type=row.content_type)
    response["Content-Disposition"] = f'attachment; filename="{reference}-document.{ending}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "no-store"
    return response

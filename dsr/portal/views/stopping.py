"""Stopping a download: whoever reads another address on file says that it is not theirs. Opening it changes nothing."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dsr.portal import pages
from dsr.steps.answering import channels, grants


@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, slug: str, grant: UUID, token: str) -> HttpResponse:
    """Ask once more, then end the download and freeze the request."""
    about = pages.controller_map(slug)
    named = channels.named(str(grant), token)
    if named is None or named.package.subject_request.controller != slug:
        message = "no such page"
        raise Http404(message)
    own = named.package.subject_request
    if request.method == "POST":
        channels.stop(named, grants.end, at=timezone.now())
        return redirect("portal:stop_download", slug, grant, token)
    return pages.page(
        request,
        "stop_download.html",
        about,
        reference=own.reference,
        stopped=channels.stopped(named),
        taken=named.first_used_at is not None,
        gone=channels.gone(named),
    )

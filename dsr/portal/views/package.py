"""Taking the answer: a code from the mail, a page that waits for a worker, the file; and asking for it once more."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dsr.law.references import read_reference
from dsr.models import Grant, SubjectRequest
from dsr.portal import access, knocking, pages
from dsr.portal.forms import CodeForm
from dsr.portal.views.own import SAID
from dsr.steps.answering import delivery, grants, opening, ranges
from dsr.steps.answering.delivery import Standing
from dsr.steps.answering.grants import Stage
from dsr.steps.asking import verification
from dsr.steps.asking.verification import Confirmation
from dsr.steps.move import Conflict

AGAIN = "again"  # the offer is used up, or its days are over
log = logging.getLogger(__name__)

# Seconds until the page looks again: by a header, so that no script is needed.
LOOKS: Mapping[str, int] = {Stage.ASKED: 1, Stage.TELLS: 3, Stage.SLOW: 10}


@require_POST
def ask(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Send a code for one download, unless there is nothing to take."""
    own = access.required(request, pages.controller_map(slug), reference)
    at = timezone.now()
    if not _open(own, at):
        return redirect("portal:status", slug, own.reference)
    if not _shown_more(request, own, at):
        return redirect("portal:open", slug, own.reference)
    said = "sent" if verification.ask_download(own, at=at) else "enough"
    return redirect(f"{reverse('portal:download_code', args=[slug, own.reference])}?{said}")


@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """The code opens one download, in this browser alone."""
    about = pages.controller_map(slug)
    own = access.required(request, about, reference)
    at = timezone.now()
    if not _open(own, at) or not (verification.asked_download(own) or "enough" in request.GET):
        return redirect("portal:status", slug, own.reference)
    if not _shown_more(request, own, at):
        return redirect("portal:open", slug, own.reference)
    form = CodeForm(pages.posted(request))
    if request.method == "POST" and form.is_valid():
        if waits := knocking.too_many_codes(request, about):
            return waits
        purpose = Grant.PROGRAM if "program" in request.POST else Grant.PAGE
        sessions = access.through(request, own)
        outcome, given = _given(own, form.cleaned_data["code"], at, purpose, sessions)
        if given is not None:
            return _shown(request, own, given) if purpose == Grant.PROGRAM else _kept(request, own, given)
        form.add_error("code", SAID[outcome])
    mailbox = own.mailbox()
    return pages.page(
        request,
        "own/download_code.html",
        about,
        form=form,
        own=own,
        address=mailbox.value() if mailbox else "",
        sent="sent" in request.GET,
        enough="enough" in request.GET,
    )


def _open(own: SubjectRequest, at: datetime) -> bool:
    package = delivery.newest(own)
    return package is not None and delivery.standing(package, at=at) is Standing.OPEN


def _shown_more(request: HttpRequest, own: SubjectRequest, at: datetime) -> bool:
    return opening.shown(own, access.through(request, own), at=at)


def _given(
    own: SubjectRequest, typed: str, at: datetime, purpose: str, sessions: list[str]
) -> tuple[Confirmation, grants.Given | None]:
    try:
        return grants.give(own, typed, at=at, purpose=purpose, sessions=sessions)
    except Conflict:  # its time was over just now, and the page of the request says so
        return Confirmation.NONE, None


def _kept(request: HttpRequest, own: SubjectRequest, given: grants.Given) -> HttpResponse:
    """On to the page that waits. The secret half goes into a cookie of its own pages, and nowhere else."""
    request.session.cycle_key()  # a stolen older one is worth nothing beside it
    request.session[access.GRANTS] = [*request.session.get(access.GRANTS, []), str(given.grant.pk)]
    page = reverse("portal:download", args=[own.controller, own.reference, given.grant.pk])
    response = redirect(page)
    response.set_cookie(_cookie(), given.secret, path=page, httponly=True, secure=_https(), samesite="Strict")
    return response


def _shown(request: HttpRequest, own: SubjectRequest, given: grants.Given) -> HttpResponse:
    """The token for a program, once: nobody can read it again, and no cache keeps the page."""
    about = pages.controller_map(own.controller)
    command = f'curl -o answer.zip -H "Authorization: Bearer TOKEN" {settings.DSR_BASE_URL}{reverse("api:package")}'
    page = pages.page(request, "own/token.html", about, own=own, token=grants.token_of(given), command=command)
    page["Cache-Control"] = "no-store"
    return page


def _https() -> bool:
    return bool(settings.SESSION_COOKIE_SECURE)


def _cookie() -> str:
    return "__Secure-download" if _https() else "download"


@require_http_methods(["GET", "HEAD", "POST"])
def wait(request: HttpRequest, slug: str, reference: str, grant: UUID) -> HttpResponse:
    """How far it is; it looks again by itself, without a script. A POST ends it, also when the session is over."""
    about = pages.controller_map(slug)
    granted = _granted(request, slug, reference, grant)
    if granted is None:  # another browser: its own request says how to go on, a stranger's is unknown
        return redirect("portal:status", slug, reference)
    at = timezone.now()
    if request.method == "POST":
        grants.leave([str(granted.pk)], at=at)
        ended = redirect("portal:status", slug, reference)
        ended.delete_cookie(_cookie(), path=request.path, samesite="Strict")
        return ended
    stage = _stage(granted, at)
    response = pages.page(
        request,
        "own/download.html",
        about,
        own=granted.package.subject_request,
        grant=granted.pk,
        size=granted.package.size,
        stage=stage,
        left=max(0, settings.DSR_PACKAGE_DOWNLOADS - granted.package.taken),
        minutes=max(1, (granted.expires_at - at) // timedelta(minutes=1)),
    )
    if stage in LOOKS:
        response["Refresh"] = str(LOOKS[stage])
    return response


def _stage(granted: Grant, at: datetime) -> str:
    """What the page says: first what keeps the package back for everybody, then how far this download is."""
    stands = delivery.standing(granted.package, at=at)
    if stands not in {Standing.OPEN, *delivery.AGAIN}:
        return stands
    why = grants.why_not(granted, at=at)
    return AGAIN if isinstance(why, Standing) else why or Stage.READY


@require_safe
def file(request: HttpRequest, slug: str, reference: str, grant: UUID) -> HttpResponseBase:
    """The package, or the part of it that is asked for, as a file that no cache keeps. A link counts once."""
    granted = _granted(request, slug, reference, grant)
    if granted is None:
        message = "no such download"
        raise Http404(message)
    etag, size = f'"{granted.package.sha256}"', granted.package.size
    try:
        span = ranges.asked(_asked(request, "Range"), _asked(request, "If-Range"), etag=etag, size=size)
    except ranges.OutOfRange:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}", "Cache-Control": "no-store"})
    at = timezone.now()
    try:
        if request.method == "HEAD":
            response: HttpResponseBase = _headed(granted, at)
        else:
            stream = grants.use(granted, request.COOKIES.get(_cookie(), ""), at=at)
            chunks = stream.part(span.first, span.last) if span else stream.chunks
            response = StreamingHttpResponse(chunks, content_type="application/zip")
    except Conflict:
        return redirect("portal:download", slug, reference, grant)
    response.status_code = 206 if span else 200
    if span:
        response["Content-Range"] = str(span)
    response["Content-Length"] = str(span.length if span else size)
    return _as_file(response, delivery.name_of(granted.package), etag)


def _asked(request: HttpRequest, name: str) -> str:
    """A header; what looks at the file alone asks for no part of it."""
    return request.headers.get(name, "") if request.method == "GET" else ""


def _headed(granted: Grant, at: datetime) -> HttpResponse:
    """What the file would come with: nothing is opened, and nothing counts. Raises Conflict."""
    if why := grants.why_not(granted, at=at):
        raise Conflict(why)
    return HttpResponse(content_type="application/zip")


def _as_file(response: HttpResponseBase, name: str, etag: str) -> HttpResponseBase:
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["Accept-Ranges"], response["ETag"] = "bytes", etag
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def again(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Offer the package once more, while it is held."""
    own = access.required(request, pages.controller_map(slug), reference)
    try:
        delivery.offer_again(own, at=timezone.now())
    except Conflict as conflict:  # it was offered just now, or is destroyed: the page says so
        log.info("%s: %s", own.reference, conflict)
    return redirect("portal:status", slug, own.reference)


def _granted(request: HttpRequest, slug: str, reference: str, pk: UUID) -> Grant | None:
    """The grant, if this is the browser that was given it."""
    found = Grant.objects.filter(pk=pk, purpose=Grant.PAGE, package__subject_request__controller=slug)
    grant = found.select_related("package__subject_request").first()
    known = grant is not None and grant.package.subject_request.reference == read_reference(reference)
    return grant if grant and known and grants.fits(grant, request.COOKIES.get(_cookie(), "")) else None

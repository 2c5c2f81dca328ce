"""The proof of the record, for those whose duty it is: checkpoint, export, the story of a request as text."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dsr.desk import people, timeline
from dsr.desk.buttons import button
from dsr.desk.pages import known
from dsr.models import Checkpoint, Event
from dsr.steps import maps
from dsr.steps.permissions import Duty, Forbidden
from dsr.steps.recording import audit, sequencer, signing

if TYPE_CHECKING:
    from dsr.desk.site import Desk

Response = TypeVar("Response", bound=HttpResponseBase)


def audits(request: HttpRequest) -> list[str]:
    """The controllers whose record is this staff member's duty."""
    return people.controllers_of(people.staff_of(request), Duty.AUDIT)


@require_safe
def show(request: HttpRequest, site: "Desk") -> TemplateResponse:
    """How far the record is signed, by which keys, and what can be taken along."""
    slugs = _require(request)
    newest, now = sequencer.newest(), timezone.now()
    context = {
        "title": "Proof of the record",
        "newest": newest,
        "age": max(0, int((now - newest.at).total_seconds())) if newest else 0,
        "waiting": Event.objects.filter(id__gt=newest.seen if newest else 0).count(),
        "keys": [str(key) for key in (*signing.log_keys(), *signing.certificate_keys())],
        "controllers": [maps.controller(slug).controller for slug in slugs],
    }
    return TemplateResponse(request, "desk/audit.html", {**site.each_context(request), **context})


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest checkpoint, to be kept elsewhere. It holds nothing but a size, a root and a signature."""
    _require(request)
    newest = _newest()
    return _file(HttpResponse(newest.note, content_type="text/plain; charset=utf-8"), f"checkpoint-{newest.size}.txt")


@button
def export(request: HttpRequest, controller: str) -> HttpResponseBase:
    """A controller's record as JSON Lines; taking it along is an Event."""
    newest = _newest()
    try:
        lines = audit.export(newest, controller, by=people.actor_of(request), at=timezone.now())
    except Forbidden:
        raise PermissionDenied from None
    name = f"record-{controller}-{newest.size}.jsonl"
    return _file(StreamingHttpResponse(lines, content_type="application/jsonl; charset=utf-8"), name)


@button
def story(request: HttpRequest, reference: str) -> HttpResponse:
    """What happened to one request, as text, with the reasons that were given; an Event of its own."""
    subject_request = known(people.staff_of(request), reference)
    about = maps.controllers().get(subject_request.controller)
    names = people.names_of(set(subject_request.events.values_list("actor", flat=True)))
    try:
        lines: Iterable[str] = audit.story(
            subject_request,
            lambda event: timeline.sentence(event, about),
            lambda event: names.get(event.actor) or people.names_of([event.actor])[event.actor],
            by=people.actor_of(request),
            at=timezone.now(),
        )
    except Forbidden:
        raise PermissionDenied from None
    return _file(HttpResponse("".join(lines), content_type="text/plain; charset=utf-8"), f"{reference}.txt")


def _require(request: HttpRequest) -> list[str]:
    if not (slugs := audits(request)):
        raise PermissionDenied
    return slugs


def _newest() -> Checkpoint:
    newest = sequencer.newest()
    if newest is None:
        raise Http404
    return newest


def _file(response: Response, name: str) -> Response:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response

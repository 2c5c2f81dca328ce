"""The desk's two reading pages: the queue and a request. Reading changes nothing but the record of it."""

import re
from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Staff
from dsr.datamap.schema import ControllerMap, IdentityKind
from dsr.desk import (
    acts,
    clock,
    clock_acts,
    corrections,
    handing,
    holding,
    laddering,
    letters,
    looked,
    on_paper,
    people,
    previewed,
    queue,
    recipients,
    sheet,
    silence,
    standing,
    timeline,
    words,
)
from dsr.desk.buttons import button
from dsr.desk.forms import Search
from dsr.law.actors import Actor
from dsr.law.grounds import GROUNDS, Ground
from dsr.law.identifiers import clean
from dsr.law.references import read_reference
from dsr.law.rights import Right
from dsr.law.work import Channel
from dsr.models import Manifest, SubjectRequest, sealed
from dsr.steps import maps
from dsr.steps.deciding.approval import exclusion_duty
from dsr.steps.fulfilling import limits, supplement
from dsr.steps.permissions import Duty, may
from dsr.steps.post import grounds
from dsr.steps.recording import record

if TYPE_CHECKING:
    from dsr.desk.site import Desk

_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]*")  # as it was typed when it was filed: nothing is folded


@require_safe
def show_queue(request: HttpRequest, site: "Desk") -> TemplateResponse:
    """Requests of this staff member's controllers."""
    staff = people.staff_of(request)
    context = {
        "title": "Requests",
        "queue": queue.queue(staff, request.GET.dict(), now=timezone.now()),
        "controllers": [maps.controller(slug).controller for slug in people.controllers_of(staff)],
        "rights": words.RIGHTS.items(),
        "silent": silence.known_to(staff),
        "paused": silence.paused_to(staff),
    }
    return TemplateResponse(request, "desk/queue.html", {**site.each_context(request), **context})


@button
def find(request: HttpRequest) -> HttpResponse:
    """Go to a reference, or to everything of an e-mail address or telephone number, which never enters a URL."""
    form = Search(request.POST)
    sought = form.cleaned_data["sought"] if form.is_valid() else ""
    reference = read_reference(sought)
    if reference and queue.seen_by(people.staff_of(request)).filter(reference=reference).exists():
        return redirect("desk:request", reference)
    kind = IdentityKind.PHONE if _PHONE.fullmatch(sought) else IdentityKind.EMAIL
    try:
        value = clean(kind, sought)
    except ValueError:
        message = "There is no request of this reference here, and it is no e-mail address or telephone number."
        messages.error(request, message)
        return redirect("desk:index")
    _searched(request, kind, value)
    person = ",".join(sealed.lookups(kind, value))
    return redirect(f"{reverse('desk:index')}?view=all&person={person}")


def _searched(request: HttpRequest, kind: IdentityKind, value: str) -> None:
    """Somebody was looked for by name, as it were: each of the staff member's controllers can see who did, and when."""
    by, at = people.actor_of(request), timezone.now()
    with transaction.atomic():
        for slug in people.controllers_of(people.staff_of(request)):
            record.write_for(slug, "desk:searched", by=by, at=at, secret={"sought": value}, kind=kind)


def known(staff: Staff, reference: str) -> SubjectRequest:
    """The request of that reference, or the page that says there is none, which is all strangers learn."""
    found = queue.seen_by(staff).select_related("owner", "accepted_by", "setback").filter(reference=reference).first()
    if found is None:
        message = "no such request"
        raise Http404(message)
    return found


@require_safe
def show(request: HttpRequest, reference: str, site: "Desk") -> HttpResponse:
    """Everything about one request. Whose duty it is not to see personal data sees the rest."""
    subject_request = known(people.staff_of(request), reference)
    by = people.actor_of(request)
    now = timezone.now()
    shown = may(by, Duty.VIEW, subject_request)
    if shown:
        record.viewed(subject_request, by=by, at=now)
    controller_map = maps.controller(subject_request.controller)
    context = {
        **heading(subject_request),
        **_may(subject_request, by),
        **holding.card(subject_request, by),
        **handing.card(subject_request, by),
        **on_paper.card(subject_request, at=now),
        **previewed.card(subject_request, by),
        **previewed.map_change(subject_request) | looked.card(subject_request, by) | laddering.card(subject_request),
        "supplements": supplement.waiting(subject_request),
        "limits": sheet.limits(limits.met(subject_request), controller_map),
        **clock_acts.card(subject_request, by, now, shown=shown),
        "shown": shown,
        "identities": _identities(subject_request) if shown else [],
        "details": subject_request.details() if shown else "",
        "answer": subject_request.answer() if shown else "",
        "next": words.next_of(subject_request),
        "ground": GROUNDS[Ground(subject_request.ground)] if subject_request.ground else None,
        "ground_citation": grounds.cited(subject_request, subject_request.ground),
        "promised": clock.promised(subject_request),
        "channel": words.CHANNELS[Channel(subject_request.channel)],
        "corrections": corrections.card(subject_request, by),
        "asker": standing.asker(subject_request, shown=shown),
        "refused_parts": list(standing.parts(subject_request, controller_map, shown=shown)),
        "links": standing.links(subject_request),
        "region": _region(subject_request, controller_map),
        "refusal": subject_request.refusal() if shown else "",
        "postal": subject_request.postal() if shown else "",
        **_tables(subject_request, controller_map, now),
        "timeline": timeline.timeline(subject_request, reasons=shown),
    }
    return render(request, "desk/request.html", {**site.each_context(request), **context})


def _tables(subject_request: SubjectRequest, controller_map: ControllerMap, now: datetime) -> dict[str, object]:
    """The cards that list rows."""
    manifest = Manifest.objects.filter(subject_request=subject_request).first()
    return {
        "items": sheet.items(subject_request, controller_map),
        "now": now,
        "manifest": manifest,
        "fates": sheet.fates(manifest, controller_map) if manifest else [],
        "letters": letters.rows(subject_request, now),
        "recipients": recipients.rows(subject_request, now),
        "packages": (packages := sheet.packages(subject_request)),
        "any_package": any(package.wrapped_key for package in packages),
    }


def _kind(kind: str) -> str:
    return words.IDENTITIES[IdentityKind(kind)]


def _region(subject_request: SubjectRequest, controller_map: ControllerMap) -> str:
    known = controller_map.controller.regions.get(subject_request.region)
    return known.title if known else subject_request.region


def heading(subject_request: SubjectRequest) -> dict[str, object]:
    """What every page about a request begins with; no personal data."""
    right = words.RIGHTS[Right(subject_request.right)]
    facts = maps.controller(subject_request.controller).controller
    return {
        "title": f"{right} {subject_request.reference}",
        "subject_request": subject_request,
        "right": right,
        "controller": facts,
        "zone": facts.calendar.zone,
        "state": words.state_of(subject_request),
        "owner": people.name_of(subject_request.owner),
        "accepted_by": people.name_of(subject_request.accepted_by),
    }


def _may(subject_request: SubjectRequest, by: Actor) -> dict[str, object]:
    offered = acts.offers(subject_request, by)
    reviews = may(by, Duty.REVIEW, subject_request)
    return {
        "offers": [offer for offer in offered if not offer.why_not],
        "reasons": list(dict.fromkeys(offer.why_not for offer in offered if offer.why_not)),
        "may_take": reviews and subject_request.owner is None and not subject_request.closed,
        "may_send": reviews,
        "may_export": may(by, Duty.AUDIT, subject_request) and may(by, Duty.VIEW, subject_request),
        "may_raise": may(by, Duty.RAISE, subject_request),
        "may_retry": may(by, Duty.OPERATE, subject_request),
        "may_exclude": may(by, exclusion_duty(subject_request), subject_request),
    }


def _identities(subject_request: SubjectRequest) -> list[dict[str, object]]:
    return [
        {
            "title": "The guardian's own e-mail" if identity.of_representative else _kind(identity.kind),
            "value": identity.value(),
            "proven_at": identity.proven_at,
        }
        for identity in subject_request.identities.exclude(value_sealed="").order_by("kind")
    ]

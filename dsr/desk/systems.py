"""Systems: whether each answers, what waits for it, and a pause that an engineer or privacy officer sets and ends."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from dsr.datamap.schema import SystemMap
from dsr.desk import people, silence
from dsr.desk.buttons import button
from dsr.desk.due import Chip
from dsr.desk.outcome import CONFLICT
from dsr.models import Gate, PlanItem
from dsr.models.plan import OPEN, state_among
from dsr.steps import maps, pausing
from dsr.steps.move import Conflict
from dsr.steps.permissions import Duty, Forbidden, may_at

if TYPE_CHECKING:
    from dsr.desk.site import Desk

_LEFT = "not in the map any more"


class Pausing(forms.Form):
    """Others ask why their request waits."""

    reason = forms.CharField(
        label="Why may nothing go in?",
        help_text="Colleagues read it here, and the record keeps it. Name nobody whose data is in there.",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=pausing.REASON,
        error_messages={"required": "Give the reason. Colleagues read it, and the record keeps it."},
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One system of one controller."""

    controller: str
    slug: str
    system: str
    title: str
    chip: Chip
    since: datetime | None
    paused_by: str
    reason: str
    waiting: int
    pausable: bool


@require_safe
def show(request: HttpRequest, site: "Desk") -> TemplateResponse:
    """Every system of the controllers whose systems this staff member looks after.

    One that left the map while it was paused is among them: what asks several systems waits until it is resumed.
    """
    rows = list(_rows(request, people.controllers_of(people.staff_of(request), Duty.OPERATE)))
    context = {**site.each_context(request), "title": "Systems", "systems": rows}
    return TemplateResponse(request, "desk/all_systems.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def pause(request: HttpRequest, controller: str, system: str, site: "Desk") -> HttpResponse:
    """Say why, and nothing goes in any more."""
    by = people.actor_of(request)
    if not may_at(by, Duty.PAUSE, controller):
        raise PermissionDenied
    named = f"{_known(controller, system).title} of {maps.controller(controller).controller.name}"
    form = Pausing(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            pausing.pause(controller, system, reason=form.cleaned_data["reason"], by=by, at=timezone.now())
        except Conflict as conflict:
            form.add_error(None, str(conflict))
        else:
            messages.success(request, f"You paused {named}. What is asked of it waits until somebody resumes it.")
            return redirect("desk:systems")
    context = {**site.each_context(request), "title": f"Pause {named}", "form": form}
    status = CONFLICT if form.non_field_errors() else 200
    return render(request, "desk/pause.html", context, status=status)


@button
def resume(request: HttpRequest, controller: str, system: str) -> HttpResponse:
    """Let it go on."""
    by = people.actor_of(request)
    try:
        pausing.resume(controller, system, by=by, at=timezone.now())
    except Forbidden:
        raise PermissionDenied from None
    except Conflict as conflict:
        messages.error(request, str(conflict))
    else:
        messages.success(request, f"{silence.title(controller, system)} goes on.")
    return redirect("desk:systems")


def _known(controller: str, system: str) -> SystemMap:
    found = maps.controller(controller).systems.get(system)
    if found is None:
        raise Http404
    return found


def _rows(request: HttpRequest, controllers: list[str]) -> Iterator[Row]:
    by = people.actor_of(request)
    shared = Gate.objects.filter(controller__in=controllers).select_related("paused_by")
    gates = {(gate.controller, gate.system): gate for gate in shared}
    open_items = PlanItem.objects.filter(state_among(OPEN), subject_request__controller__in=controllers).order_by()
    counted = open_items.values_list("subject_request__controller", "system").annotate(Count("pk"))
    waiting = {(controller, system): count for controller, system, count in counted}
    for slug in controllers:
        about, may = maps.controller(slug), may_at(by, Duty.PAUSE, slug)
        known = {one.slug: (one.title, one.connector.kind != "portal") for one in about.systems.values()}
        left = [name for (of, name), gate in gates.items() if of == slug and gate.paused_at and name not in known]
        for name, (title, gated) in (known | {one: (f"{one} ({_LEFT})", True) for one in left}).items():
            gate = gates.get((slug, name), Gate())
            yield Row(
                controller=about.controller.name,
                slug=slug,
                system=name,
                title=title,
                chip=_chip(gate),
                since=gate.paused_at or gate.silent_since,
                paused_by=people.name_of(gate.paused_by),
                reason=gate.reason(),
                waiting=waiting.get((slug, name), 0),
                pausable=may and gated,
            )


def _chip(gate: Gate) -> Chip:
    if gate.paused_at:
        return Chip("Paused", "overdue")
    return Chip("Does not answer", "soon") if gate.silent_since else Chip("In use", "good")

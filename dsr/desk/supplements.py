"""The desk's pages of supplements: having listed what came in late, and approving it as a second person."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dsr.desk import people, sheet
from dsr.desk.buttons import button
from dsr.desk.forms import ManifestApproval
from dsr.desk.outcome import CONFLICT, at_once, refused
from dsr.desk.pages import heading, known
from dsr.models import PlanItem, Supplement
from dsr.steps import maps
from dsr.steps.fulfilling import supplement
from dsr.steps.move import Conflict
from dsr.steps.permissions import Duty, Forbidden, may

if TYPE_CHECKING:
    from dsr.desk.site import Desk


@button
def ask(request: HttpRequest, reference: str, item: UUID, site: "Desk") -> HttpResponse:
    """Have what came in listed."""
    subject_request = known(people.staff_of(request), reference)
    row = get_object_or_404(PlanItem, pk=item, subject_request=subject_request)

    def step() -> None:
        supplement.ask(row, by=people.actor_of(request), at=timezone.now())

    done = "What came in is being listed. A second person approves the list then."
    return at_once(request, site, subject_request, step, done)


@require_http_methods(["GET", "HEAD", "POST"])
def approve(request: HttpRequest, reference: str, listed: UUID, site: "Desk") -> HttpResponse:
    """Look at the list, and approve exactly it."""
    subject_request = known(people.staff_of(request), reference)
    by = people.actor_of(request)
    duties = (Duty.APPROVE,) if request.method == "POST" else (Duty.APPROVE, Duty.REVIEW)
    if not any(may(by, duty, subject_request) for duty in duties):
        return refused(request, site, subject_request)
    waiting = supplement.known(subject_request, listed)
    if waiting is None:
        get_object_or_404(Supplement, pk=listed, subject_request=subject_request)
        messages.warning(request, "This list is approved already.")
        return redirect("desk:request", reference)
    form = ManifestApproval(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            digest = form.cleaned_data["digest"]
            supplement.approve(waiting, digest=digest, by=by, at=timezone.now())
        except (Conflict, Forbidden) as why:
            form.add_error(None, str(why))
        else:
            messages.success(request, "You approved it. The erasure of this system goes on.")
            return redirect("desk:request", reference)
    context = {
        **heading(subject_request),
        "title": "Approve a supplementary manifest",
        "form": form,
        "manifest": waiting,
        "fates": sheet.fates(waiting, maps.controller(subject_request.controller)),
    }
    status = CONFLICT if form.errors else 200
    return render(request, "desk/supplement.html", {**site.each_context(request), **context}, status=status)

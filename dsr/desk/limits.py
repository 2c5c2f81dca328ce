"""The desk's page of a blast limit that an erasure met: a privacy officer raises it for this request, with a reason."""

from typing import TYPE_CHECKING
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dsr.desk import people, sheet
from dsr.desk.forms import Decision
from dsr.desk.outcome import CONFLICT, refused
from dsr.desk.pages import heading, known
from dsr.models import BlastLimit
from dsr.steps import maps
from dsr.steps.fulfilling import limits
from dsr.steps.move import Conflict
from dsr.steps.permissions import Duty, may

if TYPE_CHECKING:
    from dsr.desk.site import Desk


class Raising(Decision):
    """More than expected goes for a reason, or not at all."""

    reason = forms.CharField(
        label="Why may so many rows go?",
        help_text="The record keeps it. Look first whether the rows are this person's: nothing brings them back.",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=limits.REASON,
        error_messages={"required": "Give the reason. The record keeps it."},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def raise_one(request: HttpRequest, reference: str, limit: UUID, site: "Desk") -> HttpResponse:
    """Look at the numbers, and let so many rows go."""
    subject_request = known(people.staff_of(request), reference)
    row = get_object_or_404(BlastLimit, pk=limit, subject_request=subject_request)
    by = people.actor_of(request)
    if not may(by, Duty.RAISE, subject_request):
        return refused(request, site, subject_request)
    if request.method != "POST" and row.raised_at:
        messages.warning(request, "This limit is raised already.")
        return redirect("desk:request", reference)
    form = Raising(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            limits.raise_it(row, reason=form.cleaned_data["reason"], by=by, at=timezone.now())
        except Conflict as conflict:
            form.add_error(None, str(conflict))
        else:
            messages.success(request, "You raised the limit for this request. The erasure goes on.")
            return redirect("desk:request", reference)
    (shown,) = sheet.limits([row], maps.controller(subject_request.controller))
    context = {**heading(subject_request), "title": "Raise a limit for this request", "form": form, "limit": shown}
    status = CONFLICT if form.non_field_errors() else 200
    return render(request, "desk/limit.html", {**site.each_context(request), **context}, status=status)

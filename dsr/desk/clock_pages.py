"""The pages on which staff act on the clock. A GET shows what would happen; a POST calls one step."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dsr.desk import clock_acts, people
from dsr.desk.outcome import CONFLICT, refused
from dsr.desk.pages import heading, known
from dsr.steps.move import Conflict
from dsr.steps.permissions import Duty, Forbidden, may

if TYPE_CHECKING:
    from dsr.desk.site import Desk


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, reference: str, slug: str, site: "Desk") -> HttpResponse:
    """Look again, then do it. The step has the last word."""
    if slug not in clock_acts.ACTS:
        raise Http404
    chosen, at = clock_acts.ACTS[slug], timezone.now()
    subject_request = known(people.staff_of(request), reference)
    by = people.actor_of(request)
    page = {**site.each_context(request), **heading(subject_request), "act": chosen}
    why_not = f"'{chosen.title}' is for an agent or privacy officer of this controller."
    if not may(by, Duty.REVIEW, subject_request):
        return refused(request, site, subject_request, why_not)
    form = clock_acts.form_of(chosen, subject_request, request.POST if request.method == "POST" else None, at)
    if form.is_valid():
        try:
            chosen.do(subject_request, form.cleaned_data, by, at)
        except Forbidden:  # the role was taken away between two lines of ours
            return refused(request, site, subject_request, why_not)
        except Conflict as conflict:
            form.add_error(None, str(conflict))
        else:
            messages.success(request, chosen.done)
            return redirect("desk:request", reference)
    elif request.method != "POST" and not chosen.fits(subject_request, at):
        messages.warning(request, clock_acts.why_not(chosen, subject_request, at))
        return redirect("desk:request", reference)
    status = CONFLICT if form.non_field_errors() else 200
    return render(request, "desk/decide.html", {**page, "form": form, "title": chosen.title}, status=status)

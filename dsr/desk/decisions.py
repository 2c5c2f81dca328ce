"""The desk's acting pages. A GET shows what would happen; a POST calls one step, which has the last word."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dsr.desk import acts, handing, holding, laddering, on_paper, people, sheet, stepping, timeline
from dsr.desk.act import Act
from dsr.desk.buttons import button
from dsr.desk.forms import Decision, Exclusion
from dsr.desk.outcome import CONFLICT, NOT_YOURS, at_once, refused
from dsr.desk.pages import heading, known
from dsr.law.states import State
from dsr.models import Manifest, PlanItem, SubjectRequest
from dsr.steps import ledger, maps
from dsr.steps.deciding import approval, review
from dsr.steps.move import Conflict
from dsr.steps.permissions import Duty, Forbidden, may
from dsr.steps.recording import record

if TYPE_CHECKING:
    from dsr.desk.site import Desk

REFUSING = {"refuse", "refuse-as-excessive", "reject"}
ON_PAPER = (
    "The portal writes the letter, nothing else: what is asked has to be done in the systems by hand first. "
    "The person has no mailbox: print the letter and post it. The request is closed."
)


@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, reference: str, act: str, site: "Desk") -> HttpResponse:
    """One decision about a request: look again, then do it."""
    if act not in acts.ACTS:
        raise Http404
    chosen = acts.ACTS[act]
    subject_request = known(people.staff_of(request), reference)
    by = people.actor_of(request)
    if why_not := acts.why_not(chosen, subject_request, by):
        return refused(request, site, subject_request, why_not)
    return (stepping.due(request, site) if chosen.grave else None) or _decided(request, site, subject_request, chosen)


def _decided(request: HttpRequest, site: "Desk", subject_request: SubjectRequest, chosen: Act) -> HttpResponse:
    by, reference = people.actor_of(request), subject_request.reference
    if over := _over(request, chosen, subject_request):
        messages.warning(request, over)
        return redirect("desk:request", reference)
    form = chosen.form(request.POST) if request.method == "POST" else chosen.form()
    form.fit(subject_request)
    if form.is_valid():
        try:
            chosen.do(subject_request, form.cleaned_data, by, timezone.now())
        except Forbidden:  # the role was taken away between two lines of ours
            return refused(request, site, subject_request, "Your role does not allow this any more.")
        except Conflict as conflict:
            form.add_error(None, str(conflict))
        else:
            messages.success(request, chosen.done)
            return redirect("desk:request", reference)
    return _page(request, site, subject_request, chosen, form)


def _over(request: HttpRequest, act: Act, subject_request: SubjectRequest) -> str:
    """Why this page is too old to decide on; empty when it is not. What somebody typed is never thrown away."""
    if subject_request.state == State.REFUSED and act.slug in REFUSING:
        return "This request is refused already."
    if request.method != "POST" and not act.fits(subject_request):
        return "This request is not where that can be decided."
    return ""


def _page(
    request: HttpRequest, site: "Desk", subject_request: SubjectRequest, act: Act, form: Decision
) -> HttpResponse:
    by = people.actor_of(request)
    context: dict[str, object] = {**heading(subject_request), "act": act, "form": form}
    if act.slug == "answer" and may(by, Duty.VIEW, subject_request):
        record.viewed(subject_request, by=by, at=timezone.now())
        context["details"] = subject_request.details()
        context |= holding.card(subject_request, by)
    if act.slug == "answer" and subject_request.mailbox() is None:
        context["says"] = ON_PAPER
    if act.slug == "approve":
        manifest = Manifest.objects.filter(subject_request=subject_request).first()
        context["manifest"] = manifest
        context["fates"] = sheet.fates(manifest, maps.controller(subject_request.controller)) if manifest else []
        context |= on_paper.card(subject_request, at=timezone.now())
    context |= laddering.moves(act, subject_request, shown=may(by, Duty.VIEW, subject_request))
    if context.get("ladder_why"):
        record.viewed(subject_request, by=by, at=timezone.now())  # the reason is about a person, as those of a timeline
    if act is handing.HAND_OVER:
        record.viewed(subject_request, by=by, at=timezone.now())  # the address stands on it
        context |= handing.steps(subject_request, at=timezone.now())
    context["title"] = act.title
    status = CONFLICT if form.non_field_errors() else 200
    return render(request, "desk/decide.html", {**site.each_context(request), **context}, status=status)


@button
def take(request: HttpRequest, reference: str, site: "Desk") -> HttpResponse:
    """Become the owner."""
    subject_request = known(people.staff_of(request), reference)
    by = people.actor_of(request)

    def step() -> None:
        review.take(subject_request, by=by, at=timezone.now())

    return at_once(request, site, subject_request, step, "This request is yours now.")


@button
def retry(request: HttpRequest, reference: str, item: UUID, site: "Desk") -> HttpResponse:
    """Send an item back to work."""
    subject_request = known(people.staff_of(request), reference)
    row = get_object_or_404(PlanItem, pk=item, subject_request=subject_request)
    by = people.actor_of(request)

    def step() -> None:
        ledger.retry(row, by=by, at=timezone.now())

    return at_once(request, site, subject_request, step, "The item is tried again at once.")


@require_http_methods(["GET", "HEAD", "POST"])
def exclude(request: HttpRequest, reference: str, item: UUID, site: "Desk") -> HttpResponse:
    """Answer without a system that could not be searched."""
    subject_request = known(people.staff_of(request), reference)
    row = get_object_or_404(PlanItem, pk=item, subject_request=subject_request)
    form = Exclusion(request.POST) if request.method == "POST" else Exclusion()
    by = people.actor_of(request)
    why_not = approval.why_not_exclude(subject_request, by)
    if why_not or not may(by, approval.exclusion_duty(subject_request), subject_request):
        return refused(request, site, subject_request, why_not or NOT_YOURS)
    if form.is_valid():
        try:
            approval.exclude(row, reason=form.cleaned_data["reason"], by=by, at=timezone.now())
        except Conflict as conflict:
            form.add_error(None, str(conflict))
        else:
            messages.success(request, "The system is left out, and the answer names it.")
            return redirect("desk:request", reference)
    item_title = timeline.item_title(row.kind, row.system, maps.controller(subject_request.controller))
    context = {**heading(subject_request), "title": "Leave a system out", "form": form, "item": row}
    status = CONFLICT if form.non_field_errors() else 200
    page = {**site.each_context(request), **context, "item_title": item_title}
    return render(request, "desk/exclude.html", page, status=status)

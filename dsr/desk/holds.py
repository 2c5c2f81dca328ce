"""The desk's pages of legal holds and freezes: setting one, and releasing one."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dsr.datamap.schema import IdentityKind
from dsr.desk import holding, people
from dsr.desk.forms import Decision
from dsr.desk.outcome import CONFLICT, refused
from dsr.desk.pages import heading, known
from dsr.law.identifiers import clean
from dsr.models import LegalHold, SubjectRequest
from dsr.steps.deciding import blocking, holds
from dsr.steps.move import Conflict
from dsr.steps.permissions import Duty, Forbidden, may
from dsr.steps.recording import record

if TYPE_CHECKING:
    from dsr.desk.site import Desk

WHOSE = "Legal holds and freezes are for an agent or privacy officer."
LONGEST = timedelta(days=5 * 366)  # until a review
ON_IT, ON_PERSON, ON_NAMED = "request", "person", "named"


class HoldForm(Decision):
    """Kind, what it stands on, why, and until when it is looked at again."""

    kind = forms.ChoiceField(
        label="What is it?",
        choices=[
            (LegalHold.LEGAL, "A legal hold: nothing is erased"),
            (LegalHold.FREEZE, "A freeze: nothing is erased, and no answer is handed over"),
        ],
        widget=forms.RadioSelect,
        initial=LegalHold.LEGAL,
    )
    place = forms.ChoiceField(
        label="On what?",
        choices=[
            (ON_IT, "On this request alone"),
            (ON_PERSON, "On the person: every identifier proven here, and all that is asked with it"),
            (ON_NAMED, "On the person: also by identifiers that were named here without a proof"),
        ],
        widget=forms.RadioSelect,
        initial=ON_IT,
    )
    email = forms.CharField(
        label="Another e-mail address of this person (optional)",
        help_text="Such as the account's own, when its owner writes from a new one. For what stands on the person.",
        required=False,
        max_length=254,
    )
    reason = forms.CharField(
        label="Why?",
        help_text="For who reviews it. The person reads the kind and the date, never this.",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=holds.REASON,
        error_messages={"required": "Give the reason: without one nobody can review it."},
    )
    review_on = forms.DateField(
        label="When is it looked at again?",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "Give the day on which you are reminded to look again."},
    )

    def clean_review_on(self) -> date:
        """Not so far away that nobody who sets it will be there to look."""
        chosen: date = self.cleaned_data["review_on"]
        if chosen > timezone.now().date() + LONGEST:
            message = "The review date lies at most five years ahead: it can be set again then."
            raise forms.ValidationError(message)
        return chosen

    def clean_email(self) -> str:
        """The address as it is kept."""
        typed = str(self.cleaned_data["email"])
        try:
            return clean(IdentityKind.EMAIL, typed) if typed else ""
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def order(self) -> holds.Order:
        """What is asked of the step."""
        filled: dict[str, Any] = self.cleaned_data
        return holds.Order(
            filled["reason"],
            filled["review_on"],
            kind=filled["kind"],
            person=filled["place"] != ON_IT,
            unproven=filled["place"] == ON_NAMED,
            others=((IdentityKind.EMAIL, filled["email"]),) if filled["email"] else (),
        )


@require_http_methods(["GET", "HEAD", "POST"])
def hold(request: HttpRequest, reference: str, site: "Desk") -> HttpResponse:
    """Set a legal hold or a freeze."""
    subject_request = known(people.staff_of(request), reference)
    by = people.actor_of(request)
    if not may(by, Duty.REVIEW, subject_request):
        return refused(request, site, subject_request, WHOSE)
    form = HoldForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            holds.set_hold(subject_request, form.order(), by=by, at=timezone.now())
        except Conflict as conflict:
            form.add_error(None, str(conflict))
        except Forbidden:
            return refused(request, site, subject_request, WHOSE)
        else:
            messages.success(request, "It stands from now on. The person is told, where it concerns an open request.")
            return redirect("desk:request", reference)
    context = {**heading(subject_request), "title": "Set a legal hold or a freeze", "form": form}
    status = CONFLICT if form.non_field_errors() else 200
    return render(request, "desk/hold.html", {**site.each_context(request), **context}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def release(request: HttpRequest, reference: str, hold: UUID, site: "Desk") -> HttpResponse:
    """Look at one again, and release it."""
    subject_request = known(people.staff_of(request), reference)
    by = people.actor_of(request)
    standing = blocking.known(hold, subject_request)
    if standing is None:
        return _over(request, subject_request, hold)
    if not may(by, Duty.REVIEW, subject_request):
        return refused(request, site, subject_request, WHOSE)
    if why := holds.why_not_by(standing, by):
        return refused(request, site, subject_request, why)
    if request.method == "POST":
        try:
            holds.release(standing, by=by, at=timezone.now())
        except Conflict as conflict:
            messages.error(request, str(conflict))
        except Forbidden as forbidden:
            return refused(request, site, subject_request, str(forbidden))
        else:
            messages.success(request, "It is released. What waited goes on by itself.")
        return redirect("desk:request", reference)
    record.viewed(subject_request, by=by, at=timezone.now())
    row = next(row for row in holding.rows(subject_request, by) if row.row.pk == standing.pk)
    context = {**heading(subject_request), "title": f"Release: {row.kind.lower()}", "hold": row}
    return render(request, "desk/release.html", {**site.each_context(request), **context})


def _over(request: HttpRequest, subject_request: SubjectRequest, hold: UUID) -> HttpResponse:
    """A double click, or an old page: somebody has released it meanwhile."""
    here = LegalHold.objects.filter(Q(subject_request=subject_request) | ~Q(lookup=""), pk=hold)
    if not here.filter(controller=subject_request.controller).exclude(released_at=None).exists():
        raise Http404
    messages.warning(request, "This is released already.")
    return redirect("desk:request", subject_request.reference)

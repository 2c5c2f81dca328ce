"""Writing down what a recipient was told by hand, and what it answered."""

from typing import TYPE_CHECKING
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dsr.desk import people
from dsr.desk.outcome import CONFLICT, refused
from dsr.desk.pages import heading, known
from dsr.desk.recipients import ANSWERS
from dsr.models import Telling
from dsr.steps import maps
from dsr.steps.move import Conflict
from dsr.steps.permissions import Duty, may
from dsr.steps.recipients import telling

if TYPE_CHECKING:
    from dsr.desk.site import Desk


class Mark(forms.Form):
    """What staff know of a recipient."""

    answer = forms.ChoiceField(
        label="What did it answer?",
        choices=[("", "It was told and has not answered yet"), *ANSWERS.items()],
        required=False,
        widget=forms.RadioSelect,
    )
    expires_on = forms.DateField(
        label="Gone by itself on",
        help_text="Only for 'Cannot delete': year, month and day, such as 2027-03-31.",
        required=False,
        input_formats=["%Y-%m-%d"],
    )
    words = forms.CharField(
        label="Its words",
        help_text="The person reads them beside the name of the recipient. Name nobody.",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=telling.WORDS,
        required=False,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def mark(request: HttpRequest, reference: str, recipient: UUID, site: "Desk") -> HttpResponse:
    """Told by hand, or its answer written down."""
    subject_request = known(people.staff_of(request), reference)
    row = get_object_or_404(Telling, pk=recipient, subject_request=subject_request)
    by = people.actor_of(request)
    if not may(by, Duty.REVIEW, subject_request):
        return refused(request, site, subject_request)
    if row.answered_at or row.told_by == telling.NONE:
        said = telling.ANSWERED if row.answered_at else "This recipient is not told, so it has nothing to answer."
        messages.warning(request, said)
        return redirect("desk:request", reference)
    form = Mark(request.POST) if request.method == "POST" else Mark()
    if form.is_valid():
        try:
            telling.mark(row, **form.cleaned_data, by=by, at=timezone.now())
        except Conflict as conflict:
            form.add_error(None, str(conflict))
        else:
            messages.success(request, "Written down. The person sees it on the request's page.")
            return redirect("desk:request", reference)
    facts = maps.controller(subject_request.controller).controller.recipients.get(row.recipient)
    page = {**site.each_context(request), **heading(subject_request), "form": form, "row": row, "facts": facts}
    page["title"] = f"Recipient: {facts.title if facts else row.recipient}"
    return render(request, "desk/recipient.html", page, status=CONFLICT if form.non_field_errors() else 200)

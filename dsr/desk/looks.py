"""The desk's pages before a release: what would go out, leaving out of it what concerns others, and saying yes to it.

Whoever opens one of them sees somebody's data: each opening is an Event, and takes a duty of its own.
"""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dsr.desk import looked, outgoing, people
from dsr.desk.buttons import button
from dsr.desk.forms import WORDS_HELP, ManifestApproval, grounds
from dsr.desk.outcome import CONFLICT, refused
from dsr.desk.pages import heading, known
from dsr.law.grounds import Ground
from dsr.models import Redaction, SubjectRequest
from dsr.steps.deciding import looking, redacting
from dsr.steps.move import Conflict
from dsr.steps.permissions import Duty, Forbidden, may
from dsr.steps.post import remedies

if TYPE_CHECKING:
    from dsr.desk.site import Desk

NO_TICKS = "Tick the records that this is about, or say that it is about every record."


class LeaveOut(forms.Form):
    """What is left out, and why; the records are ticked beside it."""

    field = forms.ChoiceField(label="What is left out?", required=False)
    everywhere = forms.BooleanField(
        label="In every record of this collection, not only in those that are ticked", required=False
    )
    ground = forms.ChoiceField(
        label="On which ground?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the ground. The answer names it."},
    )
    words = forms.CharField(
        label="Why, in your own words?",
        help_text=WORDS_HELP,
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=redacting.WORDS,
        error_messages={"required": "Say why. The person reads it beside the ground."},
    )

    def fit(self, subject_request: SubjectRequest, place: outgoing.Place) -> None:
        """The fields of this collection, and the grounds of this right."""
        fields = [("", "The whole record"), *outgoing.choices(subject_request, place)]
        cast("forms.ChoiceField", self.fields["field"]).choices = fields
        possible = redacting.possible_grounds(subject_request)
        cast("forms.ChoiceField", self.fields["ground"]).choices = grounds(possible, remedies.laws(subject_request))
        self.fields["ground"].initial = possible[0].value


@require_http_methods(["GET", "HEAD", "POST"])
def overview(request: HttpRequest, reference: str, site: "Desk") -> HttpResponse:
    """Everything that would go out, by collection; and the yes to it."""
    subject_request = known(people.staff_of(request), reference)
    by = people.actor_of(request)
    if not may(by, Duty.RELEASE, subject_request):
        return refused(request, site, subject_request, _NOT_YOURS)
    if not looked.waits(subject_request):
        return _over(request, reference)
    form = ManifestApproval(request.POST if request.method == "POST" else None)
    try:
        looking.opened(subject_request, by=by, at=timezone.now())
        if form.is_valid():
            digest = form.cleaned_data["digest"]
            enough = looking.look(subject_request, digest=digest, by=by, at=timezone.now())
            done = "The package is put together now." if enough else "A second person looks at it now."
            messages.success(request, f"You looked at it. {done}")
            return redirect("desk:request", reference)
    except Forbidden:
        return refused(request, site, subject_request, looking.why_not_by(subject_request, by) or _NOT_YOURS)
    except Conflict as conflict:
        form.add_error(None, str(conflict))
    context = {
        **heading(subject_request),
        **looked.card(subject_request, by),
        "title": "Look before the release",
        "form": form,
        "digest": looking.seen(subject_request),
        "places": outgoing.places(subject_request),
        "marked": outgoing.marked(subject_request),
        "why_not": looking.why_not_by(subject_request, by),
    }
    return _page(request, site, "desk/looks.html", context, form)


def _from_store(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Say so where the store with what was found does not answer, and lead back."""

    @wraps(view)
    def answered(request: HttpRequest, reference: str, *place: str, **more: Any) -> HttpResponse:
        try:
            return view(request, reference, *place, **more)
        except OSError:
            messages.error(request, "What was found cannot be read now. Try again in a few minutes.")
            return redirect("desk:request", reference)

    return answered


@require_http_methods(["GET", "HEAD", "POST"])
@_from_store
def collection(request: HttpRequest, reference: str, system: str, collection: str, site: "Desk") -> HttpResponse:
    """The records of one collection, page by page, to be left out where they concern others."""
    subject_request, by = known(people.staff_of(request), reference), people.actor_of(request)
    if not may(by, Duty.RELEASE, subject_request):
        return refused(request, site, subject_request, _NOT_YOURS)
    if not looked.waits(subject_request):
        return _over(request, reference)
    places = (one for one in outgoing.places(subject_request) if (one.system, one.collection) == (system, collection))
    place = next(places, None)
    if place is None:
        raise Http404
    form = LeaveOut(request.POST if request.method == "POST" else None)
    form.fit(subject_request, place)
    ticked = request.POST.getlist("rows")
    try:
        looking.opened(subject_request, part=f"{system}.{collection}", by=by, at=timezone.now())
        if form.is_valid():
            mark = _mark(place, form.cleaned_data, ticked)
            redacting.leave_out(subject_request, mark, by=by, at=timezone.now())
            messages.success(request, "It is left out, and the answer will name it. Every look so far is void.")
            return redirect(f"{request.path}?page={_number(request, place)}")
    except Forbidden:
        return refused(request, site, subject_request)
    except Conflict as conflict:
        form.add_error(None, str(conflict))
    page = _number(request, place)
    records = outgoing.records(subject_request, place, page)
    numbers = {record.name: record.number for record in records}
    marked = [each for each in outgoing.marked(subject_request, numbers) if _of(each.row, place)]
    context = {
        **heading(subject_request),
        "title": f"{place.title} ({place.system_title})",
        "form": form,
        "place": place,
        "page": page,
        "records": records,
        "marked": marked,
        "ticked": ticked,
    }
    return _page(request, site, "desk/looks_at.html", context, form)


@button
def put_back(request: HttpRequest, reference: str, mark: UUID, site: "Desk") -> HttpResponse:
    """Let something go out after all."""
    subject_request = known(people.staff_of(request), reference)
    row = get_object_or_404(
        Redaction.objects.select_related("subject_request"), pk=mark, subject_request=subject_request
    )
    try:
        redacting.put_back(row, by=people.actor_of(request), at=timezone.now())
    except Forbidden:
        return refused(request, site, subject_request)
    except Conflict as conflict:
        messages.error(request, str(conflict))
    else:
        messages.success(request, "It goes out. Every look so far is void.")
    return redirect("desk:looks", reference) if looked.waits(subject_request) else _over(request, reference)


_NOT_YOURS = "Your role does not show what goes out."


def _mark(place: outgoing.Place, filled: dict[str, Any], ticked: list[str]) -> redacting.Mark:
    """What is asked for. Raises Conflict: without a tick nobody means every record, unless they say so."""
    if not ticked and not filled["everywhere"]:
        raise Conflict(NO_TICKS)
    return redacting.Mark(
        system=place.system,
        collection=place.collection,
        rows=() if filled["everywhere"] else tuple(dict.fromkeys(ticked)),
        field=filled["field"],
        ground=Ground(filled["ground"]),
        words=filled["words"],
    )


def _of(row: Redaction, place: outgoing.Place) -> bool:
    return (row.system, row.collection) == (place.system, place.collection)


def _number(request: HttpRequest, place: outgoing.Place) -> int:
    """Which page is asked for."""
    return Paginator(range(place.count), outgoing.PER_PAGE).get_page(request.GET.get("page")).number


def _over(request: HttpRequest, reference: str) -> HttpResponse:
    messages.warning(request, looking.OVER)
    return redirect("desk:request", reference)


def _page(
    request: HttpRequest, site: "Desk", template: str, context: dict[str, object], form: forms.Form
) -> HttpResponse:
    status = CONFLICT if form.non_field_errors() else 200
    return render(request, template, {**site.each_context(request), **context}, status=status)

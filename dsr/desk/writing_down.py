"""The desk's pages on which staff enter what a person without a mailbox wrote or said should be corrected.

The first shows the present values, which is an Event, and keeps what is typed; the second shows it once more beside
them, and sends it, once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dsr.desk import people, words
from dsr.desk.outcome import CONFLICT, refused
from dsr.desk.pages import heading, known
from dsr.law.actors import Actor
from dsr.law.work import Channel, Kind, Outcome
from dsr.models import SubjectRequest
from dsr.steps import maps
from dsr.steps.fulfilling import correctable, drafts, rectification, writing_down
from dsr.steps.fulfilling.correctable import Field, Row
from dsr.steps.fulfilling.drafts import Draft
from dsr.steps.fulfilling.writing_down import Came
from dsr.steps.move import Conflict
from dsr.steps.permissions import Duty, Forbidden, may
from dsr.steps.post import outbox
from dsr.steps.recording import record

if TYPE_CHECKING:
    from dsr.desk.site import Desk

PER_PAGE = 20
HINTS = {
    "date": "Year, month and day, such as 2026-03-17.",
    "number": "A number, such as 12 or 12.50.",
    "telephone": "With the country code, such as +44 20 7946 0000.",
    "language": "The code of a language, such as en or zh-CN.",
}


class RowForm(forms.Form):
    """The rectifiable fields of one row, with what is there now to begin with."""

    def __init__(self, row: Row, data: QueryDict | None, entered: dict[str, str]) -> None:
        initial = {field.name: entered.get(field.name, field.typed) for field in row.fields}
        super().__init__(data, initial=initial, prefix=row.place)
        self.use_required_attribute = False
        self.row = row
        self.changes: dict[str, str] = {}
        for field in row.fields:
            self.fields[field.name] = _entry(field)

    def clean(self) -> dict[str, Any]:
        """Each value as on the person's own page."""
        given = super().clean() or {}
        self.changes, wrong = correctable.changes(self.row, given)
        for name, problem in wrong.items():
            self.add_error(name, problem)
        return given


def _entry(field: Field) -> forms.Field:
    kind = field.described.type
    hint = f"Now: {field.says}. {HINTS[kind]}" if kind in HINTS else f"Now: {field.says}"
    if kind != "choice":
        entry = forms.TextInput(attrs={"autocomplete": "off"})
        return forms.CharField(label=field.label, help_text=hint, widget=entry, required=False)
    there = [] if field.typed in field.described.codes else [(field.typed, field.says)]
    choices = [*there, *field.described.codes.items()]
    return forms.ChoiceField(choices=choices, label=field.label, help_text=hint, required=False)


class Addition(forms.Form):
    """What has no field."""

    statement = forms.CharField(
        label="What is missing, or wrong and not in the list? (optional)",
        help_text="In the person's words. Somebody else here answers it.",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=rectification.MOST_WORDS,
        required=False,
    )


class Coming(forms.Form):
    """How it came."""

    channel = forms.ChoiceField(
        label="How did it come?",
        choices=[(each.value, words.CHANNELS[each].capitalize()) for each in Channel if each in outbox.ON_PAPER],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how it came."},
    )
    came_on = forms.DateField(
        label="On which day?",
        help_text="What they wrote or said when asking came on the day of its receipt.",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "Enter the day on which it came.", "invalid": "Enter the day as 2026-11-24."},
    )


@dataclass(frozen=True, slots=True)
class Changed:
    """One value, before it is sent."""

    where: str
    label: str
    now: str
    new: str


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, reference: str, site: "Desk") -> HttpResponse:
    """The rows with their present values, page by page, and what they should be."""
    own = known(people.staff_of(request), reference)
    by = people.actor_of(request)
    if not may(by, Duty.REVIEW, own):
        return refused(request, site, own)
    if (waits := writing_down.awaited(own, at=timezone.now())) is None:
        return _over(request, own)
    draft = drafts.load(request.session, own)
    page = Paginator(list(correctable.rows(own)), PER_PAGE).get_page(request.GET.get("page"))
    typed = request.POST if request.method == "POST" else None
    rows = [RowForm(row, typed, draft.values.get(row.place, {})) for row in page]
    addition = Addition(typed, initial={"statement": draft.statement})
    wrong = typed is not None and not all(form.is_valid() for form in (*rows, addition))
    if typed is not None and not wrong:
        draft.values.update({form.row.place: form.changes for form in rows})
        draft.statement = addition.cleaned_data["statement"]
        drafts.keep(request.session, own, draft)
        return redirect(_next(own, typed))
    context = {
        "rows": rows,
        "addition": addition,
        "wrong": wrong,
        "page": page,
        "until": waits.last_day,
        "unsearched": _unsearched(own),
    }
    return _shown(request, site, own, by, "desk/writing_down.html", context)


def _next(own: SubjectRequest, typed: QueryDict) -> str:
    """Another page of rows, or the last look."""
    if typed.get("go", "").isdecimal():
        return f"{reverse('desk:write_down', args=[own.reference])}?page={typed['go']}"
    return reverse("desk:write_down_check", args=[own.reference])


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, reference: str, site: "Desk") -> HttpResponse:
    """Everything once more beside what is there now; a POST sends it."""
    own = known(people.staff_of(request), reference)
    by = people.actor_of(request)
    if not may(by, Duty.REVIEW, own):
        return refused(request, site, own)
    if writing_down.awaited(own, at=timezone.now()) is None:
        return _over(request, own)
    draft = drafts.load(request.session, own)
    form = Coming(request.POST if request.method == "POST" else None)
    problem = "" if not draft.empty else "Nothing is entered yet: go back and enter what the person wrote."
    if not problem and form.is_valid():
        try:
            _send(own, draft, form, by)
        except Forbidden:
            return refused(request, site, own)
        except Conflict as conflict:
            problem = str(conflict)
        else:
            drafts.forget(request.session, own)
            messages.success(request, "Entered. Somebody else decides about each value now.")
            return redirect("desk:request", own.reference)
    context = {
        "title": "Check what you entered",
        "changed": list(_changed(own, draft)),
        "statement": draft.statement,
        "form": form,
        "problem": problem,
    }
    return _shown(request, site, own, by, "desk/writing_down_check.html", context)


def _send(own: SubjectRequest, draft: Draft, form: Coming, by: Actor) -> None:
    came = Came(Channel(form.cleaned_data["channel"]), form.cleaned_data["came_on"])
    writing_down.enter(own, draft.flat, statement=draft.statement, came=came, by=by, at=timezone.now())


def _over(request: HttpRequest, own: SubjectRequest) -> HttpResponse:
    messages.error(request, writing_down.OVER)
    return redirect("desk:request", own.reference)


def _shown(
    request: HttpRequest, site: "Desk", own: SubjectRequest, by: Actor, template: str, context: dict[str, Any]
) -> HttpResponse:
    """A page with present values: that somebody looks is written down first."""
    record.viewed(own, by=by, at=timezone.now())
    title = {"title": "Enter what the person wrote", "details": own.details()}
    everything = {**site.each_context(request), **heading(own), **title, **context}
    return render(request, template, everything, status=CONFLICT if context.get("problem") else 200)


def _changed(own: SubjectRequest, draft: Draft) -> Iterator[Changed]:
    for row in correctable.rows(own):
        where = f"{row.title}: {row.name}" if row.name else row.title
        for field in row.fields:
            if (new := draft.values.get(row.place, {}).get(field.name)) is not None:
                yield Changed(where, field.label, field.says, correctable.readable(new, field.described))


def _unsearched(own: SubjectRequest) -> list[str]:
    """Systems that could not be searched: what they hold is not in the list."""
    systems = maps.controller(own.controller).systems
    failed = own.items.filter(kind=Kind.FIND, outcome=Outcome.FAILED).values_list("system", flat=True)
    return [systems[slug].title for slug in failed if slug in systems]

"""Entering a request that arrived off the web: by telephone, letter, e-mail or in person (P15)."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language_info
from django.views.decorators.http import require_http_methods

from dsr.datamap.schema import Controller, IdentityKind
from dsr.desk import people, queue, words
from dsr.desk.outcome import FORBIDDEN
from dsr.law.identifiers import clean
from dsr.law.references import read_reference
from dsr.law.rights import Right
from dsr.law.work import Channel
from dsr.models import SubjectRequest
from dsr.steps import maps
from dsr.steps.asking import intake
from dsr.steps.fulfilling import withdrawal
from dsr.steps.move import Conflict
from dsr.steps.permissions import Duty, Forbidden

if TYPE_CHECKING:
    from dsr.desk.site import Desk


class Entry(forms.Form):
    """What came in, when, and by whom."""

    channel = forms.ChoiceField(
        label="How did it come?",
        choices=[
            (channel.value, words.CHANNELS[channel].capitalize())
            for channel in Channel
            if channel in intake.OFF_THE_WEB
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how it came."},
    )
    received_on = forms.DateField(
        label="Day of receipt",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "Enter the day of receipt: the clock starts on it."},
    )
    received_time = forms.TimeField(
        label="Time of receipt",
        widget=forms.TimeInput(attrs={"type": "time"}),
        error_messages={"required": "Enter the time of receipt."},
    )
    right = forms.ChoiceField(label="What is asked?", error_messages={"required": "Choose what is asked."})
    region = forms.ChoiceField(
        label="Where does the person live?",
        help_text="Ask the person; do not guess.",
        error_messages={"required": "Choose where the person lives."},
    )
    language = forms.ChoiceField(label="Language of our letters")
    email = forms.CharField(
        label="The person's e-mail address (if they have one)",
        help_text="A code goes there: your entry proves nobody. Without an address everything goes on paper.",
        required=False,
        max_length=400,
    )
    postal = forms.CharField(
        label="Name and postal address (without an e-mail address)",
        help_text="The answer goes there on paper, a package on a medium. A second member of staff checks who asks. "
        "For access, portability, rectification and erasure enter another identifier above: data is found by it.",
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
        max_length=intake.POSTAL,
    )
    details = forms.CharField(
        label="What they wrote or said",
        widget=forms.Textarea(attrs={"rows": 6}),
        required=False,
        max_length=intake.DETAILS,
    )
    purposes = forms.MultipleChoiceField(
        label="What should stop? (for a withdrawal of consent)", widget=forms.CheckboxSelectMultiple, required=False
    )
    scope = forms.ChoiceField(label="How much is erased? (for an erasure)", required=False)
    why = forms.CharField(
        label="Why you enter it",
        help_text="Such as 'call to the support line'. When it came more than 30 days ago: why only now. "
        "No names or addresses.",
        max_length=300,
        error_messages={"required": "Write why you enter it."},
    )
    related = forms.CharField(label="Reference of a request it belongs with (optional)", required=False, max_length=40)

    field_order = ("channel", "received_on", "received_time", "right", "region", "language", "email")

    def __init__(self, facts: Controller, data: Mapping[str, Any] | None, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        self.facts = facts
        self._choose("right", [(r.value, words.RIGHTS[r]) for r in Right if r is not Right.PROCESSING_INFORMATION])
        self._choose("region", [(slug, region.title) for slug, region in facts.regions.items()])
        spoken = [(code, get_language_info(code)["name_local"]) for code in maps.languages(facts.slug)]
        self._choose("language", spoken, empty=False)
        here = [(slug, one.title) for slug, one in withdrawal.here(facts).items()]
        self._choose("purposes", here, empty=False)
        self._choose("scope", [(slug, one.title) for slug, one in facts.scopes.items()])
        for kind in facts.identities:
            if kind is not IdentityKind.EMAIL:
                self.fields[kind.value] = forms.CharField(
                    label=f"{words.IDENTITIES[kind]} (optional)", required=False, max_length=400
                )
        self.order_fields([*self.field_order, *(kind.value for kind in facts.identities if kind != "email")])

    def _choose(self, name: str, choices: list[tuple[str, str]], *, empty: bool = True) -> None:
        field = cast("forms.ChoiceField", self.fields[name])
        field.choices = [("", "Choose"), *choices] if empty else choices

    def identities(self) -> tuple[tuple[IdentityKind, str], ...]:
        """What was entered to find the person by."""
        given = ((kind, self.cleaned_data.get(kind.value, "")) for kind in self.facts.identities)
        return tuple((kind, value) for kind, value in given if value)

    def received_at(self) -> datetime:
        """The moment, on the wall clock of the controller."""
        zone = ZoneInfo(self.facts.calendar.zone)
        return datetime.combine(self.cleaned_data["received_on"], self.cleaned_data["received_time"], zone)

    def clean(self) -> dict[str, Any]:
        """Each identifier can be one."""
        given: dict[str, Any] = super().clean() or {}
        for kind in self.facts.identities:
            if value := given.get(kind.value):
                try:
                    given[kind.value] = clean(kind, value)
                except ValueError as error:
                    self.add_error(kind.value, str(error))
        if given.get("right") == Right.ERASURE and self.facts.scopes and not given.get("scope"):
            self.add_error("scope", "Choose how much is erased: ask the person.")
        return given


@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, site: "Desk") -> HttpResponse:
    """For which controller."""
    slugs = people.controllers_of(people.staff_of(request), Duty.REVIEW)
    if len(slugs) == 1:
        return redirect("desk:enter", slugs[0])
    offered = [maps.controller(slug).controller for slug in slugs]
    context = {"title": "Enter a request", "controllers": offered}
    status = 200 if offered else FORBIDDEN
    return render(request, "desk/intake_for.html", {**site.each_context(request), **context}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, controller: str, site: "Desk") -> HttpResponse:
    """The form; what it files waits for its proof like everything else."""
    if controller not in people.controllers_of(people.staff_of(request), Duty.REVIEW):
        message = "no such controller"
        raise Http404(message)
    facts = maps.controller(controller).controller
    # A report leads here with what it already knows: the right, and its own reference.
    known = {"right": request.GET.get("right", ""), "related": request.GET.get("link", "")}
    form = Entry(facts, request.POST if request.method == "POST" else None, known)
    if form.is_valid():
        try:
            subject_request = _filed(request, form)
        except (intake.NotAccepted, Conflict, Forbidden) as why:
            form.add_error(None, str(why))
        else:
            messages.success(request, "The request is entered. Its clock started with the receipt.")
            return redirect("desk:request", subject_request.reference)
    context = {"title": f"Enter a request: {facts.name}", "form": form, "controller": facts}
    return render(request, "desk/intake.html", {**site.each_context(request), **context})


def _filed(request: HttpRequest, form: Entry) -> SubjectRequest:
    given = form.cleaned_data
    entered = intake.Intake(
        controller=form.facts.slug,
        right=Right(given["right"]),
        identities=form.identities(),
        details=given["details"],
        channel=Channel(given["channel"]),
        region=given["region"],
        language=given["language"],
        received_at=form.received_at(),
        why=given["why"],
        postal=given["postal"],
        related=_related(request, form.facts.slug, given["related"]),
        purposes=tuple(given["purposes"]),
        scope=given["scope"] if given["right"] == Right.ERASURE else "",
    )
    return intake.receive(entered, by=people.actor_of(request), at=timezone.now())


def _related(request: HttpRequest, controller: str, typed: str) -> SubjectRequest | None:
    if not typed.strip():
        return None
    seen = queue.seen_by(people.staff_of(request)).filter(controller=controller)
    found = seen.filter(reference=read_reference(typed) or "").first()
    if found is None:
        message = "There is no request of this reference here."
        raise Conflict(message)
    return found

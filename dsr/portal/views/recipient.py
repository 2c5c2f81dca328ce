"""The page on which a recipient says what became of the data (GDPR Art. 19). Opening it changes nothing."""

from datetime import date

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from dsr.models import Telling
from dsr.portal import pages
from dsr.portal.forms import TextField
from dsr.steps.move import Conflict
from dsr.steps.recipients import links, sharing, telling
from dsr.steps.recipients import told as tellings


class Acknowledgement(forms.Form):
    """What became of the data there."""

    answer = forms.ChoiceField(
        label=_("What became of it?"),
        choices=list(tellings.ANSWERS.items()),
        error_messages={"required": _("Choose what became of the data"), "invalid_choice": _("Choose from the list")},
    )
    expires_on = TextField(
        label=_("Until when is it kept?"),
        help_text=_("Only if you cannot delete it: the day on which it is gone by itself, such as 2027-03-31."),
        required=False,
        max_length=20,
        looks="govuk-input--width-10",
        inputmode="numeric",
    )
    words = TextField(
        label=_("Is there anything to add?"),
        help_text=_("The person reads it. Name nobody in it."),
        required=False,
        rows=3,
        max_length=telling.WORDS,
    )

    def __init__(self, sent: QueryDict | None = None) -> None:
        super().__init__(sent, auto_id="%s")
        self.use_required_attribute = False

    def clean_expires_on(self) -> date | None:
        """An ISO date in the future, where one is given."""
        typed = str(self.cleaned_data["expires_on"]).strip()
        try:
            day = date.fromisoformat(typed) if typed else None
        except ValueError:
            raise forms.ValidationError(_("Enter the day as year, month and day, such as 2027-03-31")) from None
        if day is not None and day <= timezone.localdate():
            raise forms.ValidationError(_("Enter a day in the future"))
        return day


def _another(form: Acknowledgement, told: Telling) -> bool:
    """Whether this is another answer than the one that we have; the same may come twice by a double click."""
    if not form.is_valid():
        return True
    day = form.cleaned_data["expires_on"] if form.cleaned_data["answer"] == telling.CANNOT_DELETE else None
    return (form.cleaned_data["answer"], day, form.cleaned_data["words"]) != (
        told.answer,
        told.expires_on,
        told.words(),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def acknowledge(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Say what is to be done, show the ids on demand, take the answer; afterwards show it."""
    about = pages.controller_map(slug)
    told = links.find(slug, token)
    if told is None:
        message = "no such page"
        raise Http404(message)
    if links.over(told, at=timezone.now()):
        return pages.page(request, "recipient_over.html", about, status=410)
    act = request.POST.get("act", "")
    form = Acknowledgement(request.POST if act == "answer" else None)
    problem = ""
    if act == "answer" and told.answered_at is not None and _another(form, told):
        problem = gettext("You answered before, and that first answer stands. Write to us if it was wrong.")
    elif act == "answer" and told.answered_at is None and form.is_valid():
        try:
            telling.acknowledge(told, **form.cleaned_data, at=timezone.now())
        except Conflict as conflict:
            problem = str(conflict)
        else:
            return redirect("portal:recipient", slug, token)
    known = about.controller.recipients.get(told.recipient)
    return pages.page(
        request,
        "recipient.html",
        about,
        told=told,
        recipient=known.title if known else told.recipient,
        what=telling.about(told),
        answer=tellings.ANSWERS.get(told.answer, ""),
        form=form,
        problem=problem,
        shared=sharing.show(told, at=timezone.now()) if act == "show" and told.answered_at is None else None,
    )

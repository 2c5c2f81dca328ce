"""A question of ours to the person, answered on the page of the request."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from dsr.law.actors import SUBJECT
from dsr.law.rights import Right
from dsr.portal import access, pages
from dsr.portal.forms import TextField
from dsr.portal.timing import timing
from dsr.portal.words import WORDS
from dsr.steps import maps
from dsr.steps.counting import pauses
from dsr.steps.move import Conflict


class AnswerForm(forms.Form):
    """The person's own words."""

    answer = TextField(
        label=_("Your answer"),
        help_text=_("Tell us no more than the question needs. Send no passwords, and no copies of identity documents."),
        rows=6,
        max_length=pauses.WORDS,
        missing=_("Write your answer"),
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id="own-%s")
        self.use_required_attribute = False


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Take the answer, which ends the question; without words, ask again on a page of its own."""
    about = pages.controller_map(slug)
    own = access.proven(request, about, reference)
    if own is None:
        message = "no such request"
        raise Http404(message)
    form = AnswerForm(pages.posted(request))
    if pauses.open_question(own) is None:
        return redirect("portal:status", slug, own.reference)
    if form.is_valid():
        try:
            pauses.answer(own, form.cleaned_data["answer"], by=SUBJECT, at=timezone.now())
        except Conflict as conflict:  # answered in another window, or over, in this very moment
            form.add_error(None, str(conflict))
        else:
            return redirect("portal:status", slug, own.reference)
    zone = maps.calendar(slug).zone
    return pages.page(
        request,
        "own/answer.html",
        about,
        own=own,
        wording=WORDS[Right(own.right)],
        timing=timing(own, at=timezone.now()),
        zone=zone,
        form=form,
    )

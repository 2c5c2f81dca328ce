"""Withdrawing a consent: one page, then the code; no more steps than giving it took (GDPR Art. 7(3))."""

from typing import cast

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dsr.datamap.schema import ControllerMap, IdentityKind
from dsr.law.actors import SUBJECT
from dsr.law.rights import Right
from dsr.portal import access, knocking, pages, vouched
from dsr.portal.asking import RegionQuestion
from dsr.portal.forms import ConsentQuestion, EmailQuestion
from dsr.portal.words import WORDS
from dsr.steps.asking import intake, pace
from dsr.steps.post import wording

RIGHT = Right.CONSENT_WITHDRAWAL


class WithdrawForm(ConsentQuestion, RegionQuestion, EmailQuestion):
    """Which consents, whose address, and where the person lives: everything on one page."""

    field_order: tuple[str, ...] = ("purposes", "email", "region")

    def ask(self) -> None:
        """Without the text: nobody has to explain a withdrawal."""
        ConsentQuestion.ask(self)
        RegionQuestion.ask(self)
        EmailQuestion.ask(self)
        del self.fields["details"]
        if not cast("forms.ChoiceField", self.fields["region"]).choices:
            del self.fields["region"]

    def clean(self) -> dict[str, object]:
        """Whether it is offered where the person lives."""
        given = super().clean() or {}
        region = str(given.get("region", ""))
        if region and intake.offered(self.controller_map.controller, RIGHT, region) is None:
            self.add_error("region", _("This is not offered where you live. Write to us, and a person answers you"))
        return given


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose what stops, and send it; the code from the mail is all that is left."""
    about = pages.controller_map(slug)
    if not pages.offered_anywhere(about, RIGHT):
        message = "this controller does not offer this right"
        raise Http404(message)
    form = WithdrawForm(about, RIGHT, pages.posted(request), {})
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            return _send(request, about, form)
        except intake.NotAccepted as refused:
            problem = wording.mistake(refused)
    return pages.page(
        request,
        "withdraw.html",
        about,
        form=form,
        problem=problem,
        wording=WORDS[RIGHT],
        back=reverse("portal:start", args=[slug]),
    )


def _send(request: HttpRequest, about: ControllerMap, form: WithdrawForm) -> HttpResponse:
    given = form.cleaned_data
    at = timezone.now()
    wait = knocking.filed(request, about.controller.slug, given["email"], at=at)
    filed = intake.Intake(
        controller=about.controller.slug,
        right=RIGHT,
        identities=((IdentityKind.EMAIL, given["email"]),),
        region=given.get("region", ""),
        language=get_language() or "en",
        purposes=tuple(given["purposes"]),
        vouched=vouched.held(request, about.controller.slug),
    )
    subject_request = pace.receive(filed, by=SUBJECT, at=at, wait=wait)
    access.remember_filed(request, subject_request)
    return redirect("portal:prove", about.controller.slug, subject_request.reference)

"""The page of a link to one task: a colleague without an account reads it, looks, answers; nothing else opens.

Looking spends nothing: mail scanners follow links too. A code from the mailbox comes before everything personal, and
the duty of confidentiality before the first look (J13).
"""

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from dsr.connectors.contract import Rejected
from dsr.desk import confidentiality, task, task_forms
from dsr.models import TaskLink
from dsr.steps.errands import asking, lending, links
from dsr.steps.permissions import Forbidden

if TYPE_CHECKING:
    from dsr.desk.site import Desk

_LINK, SEAT, _SENT = "lent_link", "lent_seat", "lent_code_sent"
GONE, TOO_MANY = 410, 429
DUTY = tuple(line for line in confidentiality.DUTY if "your account" not in line)
_WRONG = "The code is not right, or no longer works. Check it, or ask for a new one."
_ENOUGH = "Several codes went to your mailbox within the hour. Type the newest, or come back in an hour."


class CodeForm(forms.Form):
    """The code from the mailbox."""

    code = forms.CharField(
        label="Code",
        help_text="Eight characters, from the mail that we sent to you",
        max_length=24,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
        error_messages={"required": "Enter the code."},
    )


@require_safe
@never_cache
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """Take the token out of the address at once."""
    request.session[_LINK] = links.hashed(token)
    return redirect("desk:lent")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def show(request: HttpRequest, site: "Desk") -> HttpResponse:
    """First the code, then the duty, then the task."""
    link, at = links.found(str(request.session.get(_LINK, ""))), timezone.now()
    act = request.POST.get("act", "") if request.method == "POST" else ""
    seated = link is not None and links.seated(link, str(request.session.get(SEAT, "")), at=at)
    if link is None or links.over(link, at=at):
        return _over(request, site, thanks=seated and link is not None and link.answered_at is not None)
    if not seated:
        return _door(request, site, link, act)
    if link.confidential != confidentiality.EDITION:
        if act == "acknowledge":
            lending.acknowledge(link, confidentiality.EDITION, at=at)
            return redirect("desk:lent")
        return _drawn(request, site, "Confidentiality", duty=DUTY)
    try:
        return Lent(request, site, link.errand, links.colleague(link)).act(act)
    except Forbidden:  # taken back between two lines
        return _over(request, site, thanks=False)


class Lent(task.Page):
    """The task as the colleague sees it: what to do, whom it is about on demand, and the answer."""

    def act(self, name: str) -> HttpResponse:
        """They look and answer; the rest is for staff."""
        acts = {"show": self.look, "answer": self.answer}
        return acts[name]() if name in acts else self.page()

    def again(self) -> HttpResponse:
        """Back to the page."""
        return redirect("desk:lent")

    def seen(self) -> list[asking.Shown] | None:
        """The rows to erase, for who corrects what they wrote of them."""
        try:
            return asking.show(self.task, by=self.by, at=self.now) if self.form(sent=False) else None
        except Rejected:  # the map has changed since: there is no list any more
            return None

    def page(
        self,
        shown: list[asking.Shown] | None = None,
        form: task.Form | None = None,
        *,
        lend: task_forms.Lend | None = None,  # noqa: ARG002  nobody lends on what was lent
    ) -> HttpResponse:
        """The page, without anything of the request but this task."""
        return self.drawn("desk/lent.html", {**self.told(shown, form), "lent": True}, form)


def _door(request: HttpRequest, site: "Desk", link: TaskLink, act: str) -> HttpResponse:
    """Send a code, or take it."""
    form, at = CodeForm(request.POST if act == "enter" else None), timezone.now()
    sent = request.session.get(_SENT) == str(link.pk)
    if act == "send":
        if not lending.ask_code(link, at=at):
            return _drawn(request, site, "Open the task", status=TOO_MANY, form=form, sent=sent, problem=_ENOUGH)
        request.session[_SENT] = str(link.pk)  # this browser asked for one: its page speaks of that
        messages.success(request, "A code is on its way to the mailbox to which we sent the link.")
        return redirect("desk:lent")
    if form.is_valid():
        if seat := lending.enter(link, form.cleaned_data["code"], at=at):
            request.session.cycle_key()  # a stolen older one is worth nothing beside it
            request.session[SEAT] = seat
            request.session.pop(_SENT, None)  # spent: whoever is sent back here needs another
            return redirect("desk:lent")
        form.add_error("code", _WRONG)
    return _drawn(request, site, "Open the task", form=form, sent=sent)


def _drawn(request: HttpRequest, site: "Desk", title: str, *, status: int = 200, **context: object) -> HttpResponse:
    told = {**site.each_context(request), "title": title, **context}
    return render(request, "desk/lent_door.html", told, status=status)


def _over(request: HttpRequest, site: "Desk", *, thanks: bool) -> HttpResponse:
    """The same for whoever comes, but for who answered just now."""
    return _drawn(
        request,
        site,
        "Thank you" if thanks else "This link opens nothing any more",
        status=200 if thanks else GONE,
        over=True,
        thanks=thanks,
    )

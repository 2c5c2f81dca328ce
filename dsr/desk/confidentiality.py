"""The duty of confidentiality, which staff acknowledge before they see anything (J13; GDPR Art. 28(3)(b), 32(4))."""

from functools import wraps
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import sessions, signals
from accounts.models import Staff
from dsr.desk import people
from dsr.desk.stepping import View

if TYPE_CHECKING:
    from dsr.desk.site import Desk

EDITION = "2026-11"  # of the text below; who acknowledged another one is asked again
DUTY = (
    "You see personal data of people who asked for it because you work on their requests, and for nothing else.",
    "You tell nobody what you see here, inside or outside of the company, unless their task in the request needs it.",
    "You do not look up people you know, or yourself. Every look is written into a record that is kept and read.",
    "Nobody else uses your account, password or second factor. Tell your administrator at once if somebody might.",
    "All of this still holds when you do not work here any more.",
)
_FREE = frozenset({"logout", "confidentiality", "jsi18n"})


def first(view: View) -> View:
    """A view that nobody reaches before they acknowledged."""

    @wraps(view)
    def bound(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        free = request.resolver_match is not None and request.resolver_match.url_name in _FREE
        if free or not sessions.verified(request) or acknowledged(people.staff_of(request)):
            return view(request, *args, **kwargs)
        return redirect("desk:confidentiality")

    return bound


def acknowledged(staff: Staff) -> bool:
    """Whether they know their duty, as it is worded now."""
    return staff.confidential == EDITION


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, site: "Desk") -> HttpResponse:
    """The duty, and the button by which one acknowledges it; the record keeps who did, when, and which edition."""
    staff = people.staff_of(request)
    if request.method != "POST":
        context = {"title": "Confidentiality", "duty": DUTY, "acknowledged": acknowledged(staff)}
        return render(request, "accounts/confidentiality.html", {**site.each_context(request), **context})
    if Staff.objects.filter(pk=staff.pk).exclude(confidential=EDITION).update(confidential=EDITION):
        signals.confidentiality_acknowledged.send(Staff, staff=staff, by=staff, told={"edition": EDITION})
    return redirect("desk:index")

"""Step-up: what is grave asks for the second factor again, if it was given more than five minutes ago (ASVS V7.5.3).

What was typed is not lost: the page that asks carries it along, and goes on with it.
"""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from accounts import sessions

if TYPE_CHECKING:
    from dsr.desk.site import Desk

View = Callable[..., HttpResponseBase]
CODE = "step_up_code"  # the field of the page that asks
_ASKS = 403
_OURS = {CODE, "csrfmiddlewaretoken"}
_WRONG = "The code is not right, or was used already. Type a new one; after several wrong ones, wait a minute."


def due(request: HttpRequest, site: "Desk") -> HttpResponse | None:
    """The page that asks for a code before this goes on; None when it may, and for whoever only looks."""
    if request.method != "POST" or sessions.fresh(request):
        return None
    typed = request.POST.get(CODE)
    if typed is not None and sessions.step_up(request, typed):
        return None
    carried = [(name, value) for name, values in request.POST.lists() for value in values if name not in _OURS]
    wrong = "" if typed is None else _WRONG
    about = request.resolver_match.kwargs.get("reference", "") if request.resolver_match else ""
    context = {"title": "Give your second factor again", "carried": carried, "wrong": wrong, "reference": about}
    return render(request, "accounts/step_up.html", {**site.each_context(request), **context}, status=_ASKS)


def fresh(view: View, site: "Desk") -> View:
    """A view that acts with a fresh second factor only."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        return due(request, site) or view(request, *args, **kwargs)

    return guarded

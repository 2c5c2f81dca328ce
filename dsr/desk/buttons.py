"""Addresses that only a button posts to."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

View = Callable[..., HttpResponseBase]


def button(view: View) -> View:
    """Act on a POST. Whoever opens the address, or loads it again, lands where the button is."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def pressed(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.method == "POST":
            return view(request, *args, **kwargs)
        if reference := kwargs.get("reference"):
            return redirect("desk:request", str(reference))
        if "system" in kwargs:
            return redirect("desk:systems")
        return redirect("desk:audit" if "controller" in kwargs else "desk:index")

    return pressed

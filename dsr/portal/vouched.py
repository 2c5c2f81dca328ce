"""What the controller's app vouched for in this browser, until a request takes it, and for which page it is awaited."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from dsr.datamap.schema import ControllerMap
from dsr.models import Assertion
from dsr.steps.asking import assertions

VOUCHED = "vouched"  # in the session: one for each controller
AWAITED = "awaited"  # the page that sent this browser to the app: one for each controller


def remember(request: HttpRequest, assertion: Assertion) -> None:
    """The app sent this browser here; a new session key makes a stolen older one worthless."""
    request.session.cycle_key()
    request.session[VOUCHED] = {**request.session.get(VOUCHED, {}), assertion.controller: str(assertion.pk)}


def held(request: HttpRequest, slug: str) -> Assertion | None:
    """It, while no request has taken it and its hour is not over."""
    known = request.session.get(VOUCHED, {}).get(slug)
    return assertions.held(slug, known, at=timezone.now()) if known else None


def way(request: HttpRequest, about: ControllerMap) -> dict[str, Any]:
    """For a page on which the app can vouch: how to get there; who goes there comes back to this page."""
    slug, app = about.controller.slug, assertions.offered(about.controller)
    here = held(request, slug)
    if app and request.session.get(AWAITED, {}).get(slug) != request.path:
        request.session[AWAITED] = {**request.session.get(AWAITED, {}), slug: request.path}
    who = assertions.shown(here) if here else ""  # somebody else may be signed in there
    return {"app": app, "app_page": about.controller.proof.app_page, "here": here is not None, "who": who}


def way_back(request: HttpRequest, slug: str) -> str:
    """The page that sent it there, once; empty where none did."""
    ways = dict(request.session.get(AWAITED, {}))
    back = str(ways.pop(slug, ""))
    if back:
        request.session[AWAITED] = ways
    return back

"""What the controller's app vouched for in this browser, until a request takes it."""

from django.http import HttpRequest
from django.utils import timezone

from dsr.models import Assertion
from dsr.steps.asking import assertions

VOUCHED = "vouched"  # in the session: one for each controller


def remember(request: HttpRequest, assertion: Assertion) -> None:
    """The app sent this browser here; a new session key makes a stolen older one worthless."""
    request.session.cycle_key()
    request.session[VOUCHED] = {**request.session.get(VOUCHED, {}), assertion.controller: str(assertion.pk)}


def held(request: HttpRequest, slug: str) -> Assertion | None:
    """It, while no request has taken it and its hour is not over."""
    known = request.session.get(VOUCHED, {}).get(slug)
    return assertions.held(slug, known, at=timezone.now()) if known else None

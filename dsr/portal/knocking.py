"""Who knocks too often at the portal: requests and codes come later, tries of codes wait. Nothing is refused for good.

Nothing is counted by what a stranger can name alone, so no stranger's tries shut the door of somebody else.
"""

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dsr.datamap.schema import ControllerMap
from dsr.portal import pages
from dsr.steps import limiting


def filed(request: HttpRequest, controller: str, address: str, *, at: datetime) -> timedelta:
    """A request is filed: how much later its code goes out. It is filed in any case."""
    connection = limiting.address_of(request.META)
    times = (
        limiting.hit("filed-from-address", connection, at=at),
        limiting.hit("filed-for-identifier", controller, address, at=at),
        limiting.hit("filed-at-controller", controller, at=at),
        limiting.hit("filed", at=at),
    )
    return limiting.slowed(max(times))


def sign_in(request: HttpRequest, controller: str, *, at: datetime) -> timedelta:
    """Somebody asks for a code to sign in: how much later it goes out."""
    connection = limiting.address_of(request.META)
    times = (
        limiting.hit("sign-ins-from-address", connection, at=at),
        limiting.hit("sign-ins-at-controller", controller, at=at),
    )
    return limiting.slowed(max(times))


def too_many_codes(request: HttpRequest, about: ControllerMap) -> HttpResponse | None:
    """A code is typed: the page that says to wait, where too many came from that connection; else None."""
    return _wait(request, about, "codes-from-address")


def too_many_finds(request: HttpRequest, about: ControllerMap) -> HttpResponse | None:
    """A request is looked for, whether what was typed fits or not: the same."""
    return _wait(request, about, "finds-from-address")


def too_many_documents(request: HttpRequest, about: ControllerMap) -> HttpResponse | None:
    """A document is sent: the same."""
    return _wait(request, about, "documents-from-address")


def _wait(request: HttpRequest, about: ControllerMap, what: str) -> HttpResponse | None:
    at, connection = timezone.now(), limiting.address_of(request.META)
    if not limiting.hit(what, connection, at=at):
        return None
    wait = limiting.left(what, connection, at=at)
    minutes = max(1, -(-wait // timedelta(minutes=1)))
    response = pages.page(request, "wait.html", about, status=429, minutes=minutes)
    response["Retry-After"] = str(max(1, int(wait.total_seconds())))
    return response

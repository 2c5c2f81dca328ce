"""Addresses: the portal at the root, the desk, the API."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.urls import URLPattern, URLResolver, include, path, re_path

from dsr.connectors import registry
from dsr.desk import errors as desk_errors
from dsr.portal import errors as portal_errors

Answer = Callable[[HttpRequest, Exception], HttpResponse]


def _of_the_face(desk: Answer, portal: Answer) -> Answer:
    """Staff are told in the desk's words, everybody else in the portal's."""

    def answer(request: HttpRequest, exception: Exception) -> HttpResponse:
        return (desk if request.path.startswith("/desk/") else portal)(request, exception)

    return answer


urlpatterns = [
    path("desk/", include("dsr.desk.urls")),
    path("api/v1/", include("dsr.api.urls")),
    path(".well-known/", include("dsr.portal.well_known")),
    path("", include("dsr.portal.urls")),
]
if settings.DSR_DEMO:
    urlpatterns.insert(0, path("demo/", include("dsr.portal.demo_urls")))

handler400 = "dsr.portal.errors.bad_request"
handler403 = _of_the_face(desk_errors.not_allowed, portal_errors.not_allowed)
handler404 = _of_the_face(desk_errors.not_found, portal_errors.not_found)
handler500 = "dsr.portal.errors.our_fault"


@dataclass(frozen=True, eq=False)
class Face:
    """The addresses of one host name, in the shape of a module of addresses."""

    urlpatterns: list[URLPattern | URLResolver]
    handler403: Answer
    handler404: Answer
    handler400: str = handler400
    handler500: str = handler500


def _unknown(_: HttpRequest) -> HttpResponse:
    raise Http404


STAFF = [pattern for pattern in urlpatterns if str(pattern.pattern) == "desk/"]
BOTH = [pattern for pattern in urlpatterns if str(pattern.pattern) == ".well-known/"]
FOR_STAFF = Face([*STAFF, *BOTH], desk_errors.not_allowed, desk_errors.not_found)
FOR_PEOPLE = Face(
    # Else the desk's address is a controller's of that name: 404 too, but 405 to a form.
    [re_path("^desk(?:/|$)", _unknown), *(pattern for pattern in urlpatterns if pattern not in STAFF)],
    portal_errors.not_allowed,
    portal_errors.not_found,
)


def without_systems(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: no page reaches a system, or reads a secret of one; workers do."""

    def respond(request: HttpRequest) -> HttpResponse:
        with registry.none_built():
            return get_response(request)

    return respond


def apart(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: where staff have a host name of their own, no other name knows their pages (ASVS V3.5.4)."""

    def respond(request: HttpRequest) -> HttpResponse:
        theirs = urlsplit(settings.DSR_DESK_URL).hostname
        if theirs != urlsplit(settings.DSR_BASE_URL).hostname:
            host, _ = split_domain_port(request.get_host())
            # Django documents `urlconf` as what a middleware may set; anything in the shape of a module is read.
            request.urlconf = FOR_STAFF if host == theirs else FOR_PEOPLE  # type: ignore[assignment]
        return get_response(request)

    return respond

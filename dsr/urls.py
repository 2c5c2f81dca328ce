"""Addresses: the portal at the root, the desk, the API."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

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
    path("", include("dsr.portal.urls")),
]
if settings.DSR_DEMO:
    urlpatterns.insert(0, path("demo/mail/", include("dsr.portal.demo_urls")))

handler400 = "dsr.portal.errors.bad_request"
handler403 = _of_the_face(desk_errors.not_allowed, portal_errors.not_allowed)
handler404 = _of_the_face(desk_errors.not_found, portal_errors.not_found)
handler500 = "dsr.portal.errors.our_fault"

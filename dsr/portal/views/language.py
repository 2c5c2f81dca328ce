"""The switch of languages at the top of every page."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

YEAR = 365 * 24 * 3600  # seconds


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Remember the language in a cookie of its own, and show the page again. An address elsewhere is not followed."""
    page = request.POST.get("page", "/")
    if not url_has_allowed_host_and_scheme(page, allowed_hosts=None):
        page = "/"
    response = redirect(page)
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=YEAR,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response

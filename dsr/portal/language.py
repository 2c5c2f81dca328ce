"""Which language a page is in: the one that was chosen here, else the browser's, among those the controller speaks."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

from dsr.steps import maps

ENGLISH_ONLY = ("desk", "api", "demo")  # rooms of staff and programs


def in_its_language(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: answer in the language of whoever reads the portal's pages."""

    def answered(request: HttpRequest) -> HttpResponse:
        offered = spoken_at(request.path_info)
        language = chosen(request, offered)
        with translation.override(language):
            response = get_response(request)
        if len(offered) > 1 and response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Content-Language", language)
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response

    return answered


def spoken_at(path: str) -> tuple[str, ...]:
    """The languages of the controller that the address names; where it names none, all of them."""
    slug = path.strip("/").partition("/")[0]
    if slug in ENGLISH_ONLY:
        return ("en",)
    if slug in maps.controllers():
        return maps.languages(slug)
    return tuple(dict.fromkeys(code for each in maps.controllers() for code in maps.languages(each))) or ("en",)


def chosen(request: HttpRequest, offered: tuple[str, ...]) -> str:
    """The cookie's language, else the first that the browser likes, else the controller's first."""
    wanted = [request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")]
    wanted += [code for code, _ in parse_accept_lang_header(request.headers.get("Accept-Language", ""))]
    return next((code for code in map(_known, wanted) if code in offered), offered[0])


def _known(wanted: str) -> str:
    """What we call this language: 'zh-CN' is 'zh-hans'; empty for one that we do not speak."""
    try:
        return get_supported_language_variant(wanted) if wanted else ""
    except LookupError:
        return ""

"""What every answer says to the browser, and what is not even read. Middleware, the outermost there is.

An answer that came about before its headers were set, such as one to a wrong host name, gets the strictest here.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from dsr.portal import uploads

Answered = Callable[[HttpRequest], HttpResponse]

LONGEST = 64 << 20  # bytes of a body; pages that take more than their form look at the length themselves
_ITSELF = ("/verify/",)  # takes a package, reads and forgets what is too large, and says so
ALWAYS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def guarded(get_response: Answered) -> Answered:
    """Each header, on each answer, also on mistakes (ASVS V3.4)."""

    def answered(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Cache-Control", "no-store")  # each page may be about somebody
        if settings.SECURE_HSTS_SECONDS:
            hsts = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"
            response.headers.setdefault("Strict-Transport-Security", hsts)
        return response

    return answered


def not_too_long(get_response: Answered) -> Answered:
    """What is far too long for any page is refused by its length, before a byte of it is read (ASVS V5.2.1)."""

    def answered(request: HttpRequest) -> HttpResponse:
        if uploads.length(request) > LONGEST and request.path not in _ITSELF:
            return HttpResponse(status=413, headers={"Connection": "close"})
        return get_response(request)

    return answered


def own_origin(get_response: Answered) -> Answered:
    """Our own forms are known as ours, though no page tells where it comes from.

    Under 'no-referrer' browsers send 'Origin: null' with them, which the check against forgery takes for a stranger's.
    Sec-Fetch-Site, which no page can write, tells the two apart. A browser too old to send it is judged by the form's
    token alone, which is bound to a cookie that no other site's form carries.
    """

    def answered(request: HttpRequest) -> HttpResponse:
        if request.headers.get("Origin") == "null" and request.headers.get("Sec-Fetch-Site", _OURS) == _OURS:
            request.META["HTTP_ORIGIN"] = f"{request.scheme}://{request.get_host()}"
        return get_response(request)

    return answered


_OURS = "same-origin"

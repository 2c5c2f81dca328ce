"""Where a system calls when it has done what it was asked for. It is told nothing, and believed nothing."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from dsr.steps.fulfilling import calling

MOST_BYTES = 64 << 10
_MOST_DIGITS = 9


@method_decorator(csrf_exempt, name="dispatch")  # the token is all that counts, and no cookie does
class Callback(View):
    """One address for each erasure that a system works on: the same answer to everybody, whatever it does."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, item: UUID, token: str) -> HttpResponse:
        """The body is never read, for nothing hangs on it."""
        told = request.headers.get("Content-Length") or "0"
        if not told.isdecimal() or len(told) > _MOST_DIGITS or int(told) > MOST_BYTES:
            return HttpResponse(status=413)
        calling.called(item, token, at=timezone.now())
        return HttpResponse(status=204)

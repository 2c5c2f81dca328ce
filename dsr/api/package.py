"""The package for a program: by the single-use token that the person's own proof made, and by nothing else."""

from collections.abc import Iterable
from typing import Any, cast

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dsr.api import document
from dsr.api.pace import Takings
from dsr.models import Grant
from dsr.steps.answering import delivery, grants, ranges
from dsr.steps.answering.grants import Stage
from dsr.steps.move import Conflict

WAITS = {Stage.ASKED: 2, Stage.SLOW: 10, Stage.TELLS: 5}  # seconds until it is worth asking again


class NotReady(APIException):
    """A worker opens the file first, or other addresses on file are told."""

    status_code = 409
    default_code = "not_ready"

    def __init__(self, wait: int) -> None:
        super().__init__("The file is being opened for you. Ask again after the seconds in the Retry-After header.")
        self.wait = wait  # the framework writes Retry-After


class Gone(APIException):
    """This token opens nothing any more."""

    status_code = 410
    default_code = "gone"


class Unreachable(APIException):
    """The place where the file lies does not answer: nothing was counted."""

    status_code = 503
    default_code = "unreachable"
    default_detail = "The file cannot be read now. Ask again after the seconds in the Retry-After header."
    wait = 60


class OutOfRange(APIException):
    """It begins behind the end."""

    status_code = 416
    default_code = "out_of_range"

    def __init__(self, size: int) -> None:
        super().__init__(f"The file has {size} bytes.")
        self.size = size


class Holder:
    """Whoever has the token, in the shape that the framework's permissions and throttles look for."""

    is_authenticated = True

    def __init__(self, grant: Grant) -> None:
        self.pk = grant.pk


class GrantAuthentication(BaseAuthentication):
    """`Authorization: Bearer dsg_…`: the token from the person's page. A controller's token opens nothing here."""

    def authenticate(self, request: Request) -> tuple[Holder, tuple[Grant, str]] | None:
        """The grant and its secret; None without the header."""
        scheme, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if not scheme:
            return None
        found = grants.of_token(text.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            raise AuthenticationFailed(
                "This is no token for a download. The person gets one on the page of the request."
            )
        return Holder(found[0]), found

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for (RFC 6750)."""
        return 'Bearer realm="Rightful package"'


class GrantScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # its registry has no types
    """How the OpenAPI document describes it; known to its generator by being defined."""

    target_class = GrantAuthentication
    name = "grant"

    def get_security_definition(self, auto_schema: object) -> dict[str, Any]:
        """An HTTP bearer token."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": (
                "A token for one download, which the person got on the page of the request with a fresh code. It ends "
                "after an hour. No other token opens a package."
            ),
        }


class AnyAccepted(DefaultContentNegotiation):
    """The file is a ZIP and its errors are JSON, whatever a program says that it accepts."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The first."""
        first = next(iter(renderers))
        return first, str(first.media_type)


class Package(APIView):
    """The package of one person, once."""

    http_method_names = ["get", "head"]
    authentication_classes = [GrantAuthentication]
    throttle_classes = [Takings]
    content_negotiation_class = AnyAccepted

    def handle_exception(self, exc: Exception) -> Response:
        """How large the file is stands beside a 416 (RFC 9110, section 15.5.17)."""
        response = super().handle_exception(exc)
        if isinstance(exc, OutOfRange):
            response.headers["Content-Range"] = f"bytes */{exc.size}"
        return response

    @document.taking
    def get(self, request: Request) -> HttpResponseBase:
        """The whole file, or the part that is asked for."""
        grant, secret = cast("tuple[Grant, str]", request.auth)
        etag, size = f'"{grant.package.sha256}"', grant.package.size
        named = request.headers.get("Range", ""), request.headers.get("If-Range", "")
        try:
            span = ranges.asked(*named, etag=etag, size=size) if request.method == "GET" else None
        except ranges.OutOfRange:
            raise OutOfRange(size) from None
        response = _opened(grant, secret, span) if request.method == "GET" else _headed(grant)
        response.headers["Content-Length"] = str(span.length if span else size)
        response.headers["ETag"], response.headers["Accept-Ranges"] = etag, "bytes"
        name = content_disposition_header(as_attachment=True, filename=delivery.name_of(grant.package))
        response.headers["Content-Disposition"] = name or "attachment"
        return response


def _opened(grant: Grant, secret: str, span: ranges.Span | None) -> HttpResponseBase:
    goes_on = span is not None and span.first > 0
    try:
        stream = grants.use(grant, secret, at=timezone.now(), goes_on=goes_on)
    except Conflict as conflict:
        raise _refused(conflict) from None
    chunks = stream.part(span.first, span.last) if span else stream.chunks
    response = StreamingHttpResponse(chunks, content_type="application/zip", status=206 if span else 200)
    if span:
        response.headers["Content-Range"] = str(span)
    return response


def _headed(grant: Grant) -> HttpResponseBase:
    """What it would come with; nothing is opened, and nothing counts."""
    if why := grants.why_not(grant, at=timezone.now()):
        raise _refused(Conflict(why))
    return HttpResponse(content_type="application/zip")


def _refused(conflict: Conflict) -> APIException:
    why = str(conflict)
    if why in WAITS:
        return NotReady(WAITS[Stage(why)])
    if why == Stage.USED:
        return Gone("This token was used. What broke off goes on with Range; for the whole, the person gets a new one.")
    if why not in set(Stage) | set(delivery.Standing):
        return Unreachable()
    return Gone("This token opens nothing any more. The page of the request says how to go on.")

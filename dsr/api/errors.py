"""Every error under /api/ has one shape: {"error": {"code", "message", "fields"}}."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.exceptions import APIException
from rest_framework.status import is_client_error, is_server_error

CODES: dict[int, tuple[str, str]] = {
    400: ("bad_request", "This could not be read."),
    401: ("not_authenticated", "Send a controller's token as 'Authorization: Bearer dsr_…'."),
    403: ("forbidden", "This token was not made for this."),
    404: ("not_found", "There is nothing here for this token."),
    405: ("method_not_allowed", "This address does not know this method."),
    406: ("not_acceptable", "Answers are JSON: accept application/json."),
    409: ("not_ready", "The file is being opened for you. Ask again after the seconds in the Retry-After header."),
    410: ("gone", "This token opens nothing any more. The page of the request says how to go on."),
    413: ("too_large", "This is more than a request can hold."),
    415: ("unsupported_media_type", "Send JSON with 'Content-Type: application/json'."),
    416: ("out_of_range", "This part begins behind the end of the file."),
    429: ("throttled", "Too many calls. Try again after the seconds in the Retry-After header."),
    500: ("server_error", "We failed, and have noted it. Try again later."),
    503: ("unreachable", "What this needs does not answer now. Try again later."),
}
API = "/api/"


class NotFiled(APIException):
    """The request cannot be filed as it is; the message says why."""

    status_code = 400
    default_code = "not_accepted"


class Malformed(APIException):
    """The body is no JSON, or no JSON that means one thing."""

    status_code = 400
    default_code = "malformed"


class TooLarge(APIException):
    """The body is larger than any request."""

    status_code = 413


def body(code: str, message: str, fields: dict[str, list[str]] | None = None) -> dict[str, Any]:
    """The shape."""
    return {"error": {"code": code, "message": message, "fields": fields or {}}}


def said_of(status: int) -> tuple[str, str]:
    """Code and message of an HTTP status."""
    return CODES.get(status) or CODES[500 if is_server_error(status) else 400]


def json_only(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: no error under /api/ is a page, wherever it arose, and no cache keeps an answer."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not request.path_info.startswith(API):
            return response
        shaped = response.headers.get("Content-Type", "").startswith("application/json")
        if not shaped and (is_client_error(response.status_code) or is_server_error(response.status_code)):
            response.content = JsonResponse(body(*said_of(response.status_code))).content
            response.headers["Content-Type"] = "application/json"
            response.headers["Content-Length"] = str(len(response.content))
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return respond

"""The framework's errors in our shape."""

from collections.abc import Iterator
from typing import Any

from rest_framework.exceptions import APIException, AuthenticationFailed, ValidationError
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler

from dsr.api.errors import Malformed, NotFiled, body, said_of


def shaped(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an error in a view; None leaves it to Django and to `json_only`."""
    response = exception_handler(error, context)
    if response is None:
        return None
    code, message = said_of(response.status_code)
    fields: dict[str, list[str]] = {}
    if isinstance(error, ValidationError):
        code, message = "invalid", "Some fields need mending."
        fields = dict(_flat(error.detail))
    elif isinstance(error, APIException) and error.status_code in {409, 410, 416}:
        message = str(error.detail)
    elif isinstance(error, NotFiled | Malformed | AuthenticationFailed):
        code, message = error.default_code, str(error.detail)
    response.data = body(code, message, fields)
    return response


def _flat(detail: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:  # noqa: ANN401 — as nested as the body
    """Nested messages under the path of their field, such as `identities.0.value`."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            own = name == api_settings.NON_FIELD_ERRORS_KEY
            yield from _flat(inner, path if own else f"{path}.{name}".lstrip("."))
    elif isinstance(detail, list) and any(isinstance(inner, dict) for inner in detail):
        for place, inner in enumerate(detail):
            yield from _flat(inner, f"{path}.{place}")
    else:
        yield path, [str(text) for text in detail]

"""Strict JSON: what could be read in two ways is not read."""

import json
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework.parsers import BaseParser

from dsr.api.errors import Malformed, TooLarge


class StrictJson(BaseParser):
    """UTF-8 JSON (RFC 8259) with unique names and within Django's limit, which streams would slip past."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 — any JSON
        """The body as plain values. Raises Malformed, TooLarge."""
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise TooLarge
        try:
            return json.loads(raw.decode("utf-8"), parse_constant=_constant, object_pairs_hook=_object)
        except json.JSONDecodeError as error:
            raise Malformed(f"This is not JSON: {error.msg}, line {error.lineno}, column {error.colno}.") from None
        except UnicodeDecodeError:
            raise Malformed("This is not JSON: it is not UTF-8.") from None
        except (ValueError, RecursionError):  # numbers of thousands of digits; thousands of brackets
            raise Malformed("This JSON holds more than a request can.") from None


def _constant(text: str) -> NoReturn:
    raise Malformed(f"This is not JSON: {text} is no number.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("A field stands twice in the same object.")
    return found

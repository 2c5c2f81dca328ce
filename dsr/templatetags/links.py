"""Links within plain text. Django's `urlize` divides by spaces, which Chinese does not have."""

import re
from collections.abc import Iterator

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

_LINK = re.compile(
    r"(?P<url>https?://[!-~]+?)(?=[.,;:!?)\]'\"<>]*(?:[^!-~]|$))"
    r"|(?P<email>[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"
)


@register.filter
def linked(text: object) -> SafeString:
    """Web and mail addresses become links, everything else stays text."""
    return format_html_join("", "{}", ((piece,) for piece in _pieces(str(text))))


def _pieces(text: str) -> Iterator[str]:
    end = 0
    for found in _LINK.finditer(text):
        yield text[end : found.start()]
        address = found["url"] or f"mailto:{found['email']}"
        yield format_html('<a class="govuk-link" href="{}" rel="nofollow">{}</a>', address, found[0])
        end = found.end()
    yield text[end:]

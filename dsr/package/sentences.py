"""Sentences one after the other: Chinese and Japanese put no space behind a full stop, which brings its own."""

from django import template
from django.utils.translation import get_language

register = template.Library()
_WIDE = tuple("。！？：；")  # noqa: RUF001 — full stops and others, each as wide as a character
_WITHOUT = ("zh", "ja")


@register.simple_tag
def gap() -> str:
    """What stands between two sentences of ours in the language of the page."""
    return "" if (get_language() or "").startswith(_WITHOUT) else " "


@register.simple_tag
def joined(*texts: object) -> str:
    """Those that say something, in order; between them what the end of each asks for, whatever language it is in."""
    whole = ""
    for text in filter(None, map(str, texts)):
        whole += text if not whole or whole.endswith(_WIDE) else f" {text}"
    return whole

"""Filters that write cells and facts as HTML: so many stand on a page that a template would take most of the time.

Everything that is written goes through `escape`; nothing else here may make a text safe.
"""

from collections.abc import Iterable
from html import escape
from unicodedata import bidirectional

from django.template import Library
from django.utils.safestring import SafeString

from dsr.datamap.facts import Fact
from dsr.package.cells import Shown

register = Library()

Row = Iterable[Shown]
_STRONG = {"L": "ltr", "R": "rtl", "AL": "rtl"}


@register.filter
def table_rows(rows: Iterable[Row]) -> SafeString:
    """The rows of a table on a page: a short text says that it is better not broken over lines."""
    return SafeString("\n".join(f"<tr>{''.join(map(_unbroken, row))}</tr>" for row in rows))


@register.filter
def narrow_rows(rows: Iterable[Row]) -> SafeString:
    """The rows of a table on paper, where everything may be broken."""
    return SafeString("\n".join(f"<tr>{''.join(map(_on_paper, row))}</tr>" for row in rows))


@register.filter
def card_rows(pairs: Iterable[tuple[str, Shown]]) -> SafeString:
    """A record on paper with a line for each cell, beside its label."""
    return SafeString("\n".join(f"<tr><th>{escape(label)}</th>{_on_paper(cell)}</tr>" for label, cell in pairs))


@register.filter
def heads(labels: Iterable[str]) -> SafeString:
    """The cells over the columns of a table."""
    return SafeString("".join(f'<th scope="col">{escape(label)}</th>' for label in labels))


@register.filter
def terms(facts: Iterable[tuple[str, str]]) -> SafeString:
    """The inside of a list of facts."""
    return SafeString("".join(map(_term, facts)))


@register.filter
def boxed_terms(facts: Iterable[tuple[str, str]]) -> SafeString:
    """The same, each in a box of its own."""
    return SafeString("".join(f'<div class="pair">{_term(fact)}</div>' for fact in facts))


@register.filter
def fact_rows(facts: Iterable[Fact]) -> SafeString:
    """The rows of a table of facts: whom or what, and what is said of it."""
    return SafeString("\n".join(map(_fact, facts)))


def _fact(fact: Fact) -> str:
    return f'<tr><th scope="row">{escape(fact.title)}</th><td>{escape(fact.text)}</td></tr>'


def _term(fact: tuple[str, str]) -> str:
    name, text = fact
    return f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>"


def _unbroken(cell: Shown) -> str:
    return f'<td dir="auto" class="short">{_inside(cell)}</td>' if cell.short else _cell(cell)


def _cell(cell: Shown) -> str:
    return f'<td dir="auto">{_inside(cell)}</td>'


def _on_paper(cell: Shown) -> str:
    """The direction is said, for WeasyPrint finds none by itself."""
    return f'<td dir="{_direction(cell.text)}">{_inside(cell)}</td>'


def _direction(text: str) -> str:
    """As `dir="auto"` finds it: that of the first letter that has one (UAX #9, P2 and P3)."""
    if text.isascii():
        return "ltr"
    return next((_STRONG[kind] for kind in map(bidirectional, text) if kind in _STRONG), "ltr")


def _inside(cell: Shown) -> str:
    text = f'<span class="soft">{escape(cell.text)}</span>' if cell.quiet else escape(cell.text)
    return f"{text}<small>{escape(cell.meaning)}</small>" if cell.meaning else text

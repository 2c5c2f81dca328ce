"""How the controller uses data: the same for everybody, so it is put together once in each language."""

from itertools import chain

from django.utils.safestring import SafeString

from dsr.package.pages import rendered
from dsr.package.reading import Reading

MOST = 64  # of controllers and languages
_known: dict[tuple[object, ...], SafeString] = {}


def usage(reading: Reading) -> SafeString:
    """The part of a page that says so."""
    name, facts, purposes, statements = reading.controller.name, reading.facts, reading.purposes, reading.statements
    shown = (
        *(facts.categories, facts.recipients, facts.retention, facts.source),
        *(facts.automated_decisions, facts.transfer_safeguards),
    )
    said = tuple((fact.title, fact.text) for fact in chain(*shown))
    key = (reading.language, name, purposes, statements, tuple(map(len, shown)), said)
    if key not in _known:
        if len(_known) >= MOST:
            _known.clear()
        html = rendered("use.html", name=name, facts=facts, purposes=purposes, statements=statements)
        _known[key] = SafeString(html)
    return _known[key]

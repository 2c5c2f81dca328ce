"""Amounts: of which currency they are, and what is wrong with how a map says it."""

import re
from collections.abc import Iterator, Mapping

from dsr.datamap.flaw import Flaw, Where, meant
from dsr.datamap.schema import FieldMap

CURRENCY = re.compile(r"[A-Z]{3}")  # ISO 4217


def flaws(slug: str, at: Where, fields: Mapping[str, FieldMap]) -> Iterator[Flaw]:
    """A currency is a code, or a field of the same collection; places after the point are those of an amount."""
    for name, field in fields.items():
        where = (*at, "fields", name)
        if field.currency and not CURRENCY.fullmatch(field.currency) and field.currency not in fields:
            near = meant(field.currency, fields)
            message = f"found '{field.currency}'; allowed are a code such as EUR, and a field of this collection{near}"
            yield Flaw(slug, (*where, "currency"), message)
        if field.currency == name:
            yield Flaw(slug, (*where, "currency"), "found the field itself; allowed is another one, or a code")
        if field.decimals and not field.currency:
            yield Flaw(slug, (*where, "decimals"), "found without 'currency'; allowed are decimals of an amount")

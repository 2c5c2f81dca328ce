"""Rows as a person reads them: codes explained, moments with their zone, money with its currency."""

import re
from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation.trans_null import gettext_noop

from dsr.connectors.contract import Cell
from dsr.datamap.money import CURRENCY
from dsr.datamap.schema import CollectionMap, FieldMap
from dsr.package.cells import Shown, shown
from dsr.package.words import said

NO_CURRENCY = gettext_noop("no currency known")
_AMOUNT = re.compile(r"-?\d{1,18}(\.\d{1,8})?", re.ASCII)


class Readable:
    """Reads the rows of one batch. What is not among `places` is not read, not even as somebody's currency."""

    def __init__(self, described: CollectionMap, places: Sequence[tuple[str, int]], zone: str) -> None:
        """`places` are the fields that may be shown, with their places in a row."""
        at = dict(places)
        self._zone = zone
        self._fields = [(name, place, described.fields[name]) for name, place in places]
        self._currencies = {name: at.get(field.currency) for name, _, field in self._fields if field.currency}
        self._known = described.fields

    def row(self, row: Sequence[Cell]) -> dict[str, Shown]:
        """One record, by field."""
        return {name: self._cell(name, field, row[place], row) for name, place, field in self._fields}

    def _cell(self, name: str, field: FieldMap, cell: Cell, row: Sequence[Cell]) -> Shown:
        if field.currency and (amount := _amount(cell, field.decimals)):
            return self._money(name, field, amount, row)
        return shown(cell, field.codes, zone=self._zone)

    def _money(self, name: str, field: FieldMap, amount: str, row: Sequence[Cell]) -> Shown:
        place = self._currencies[name]
        if place is None:  # a code; the name of a column that is left out is none, though it may look like one
            currency = "" if field.currency in self._known else field.currency
        else:
            currency = str(row[place]).strip().upper()
        return Shown(f"{amount} {currency}") if CURRENCY.fullmatch(currency) else Shown(amount, said(NO_CURRENCY))


def _amount(cell: Cell, decimals: int) -> str:
    """'1,234.50'; empty when it is no amount."""
    if isinstance(cell, bool) or cell is None or not _AMOUNT.fullmatch(text := str(cell)):
        return ""
    return f"{Decimal(text).scaleb(-decimals):,f}"

"""Of which type a column is, and the text of those whose cells have none that could harm."""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from dsr.connectors.contract import Cell

_TYPES: dict[type, str] = {bool: "boolean", int: "integer", float: "number", Decimal: "number"}
NUMBERS = frozenset({"integer", "number"})  # what a CSV writer gives as it stands
_DATED = frozenset({datetime, date, type(None)})
_MONEY = frozenset({Decimal, type(None)})


def seen(column: Sequence[Cell]) -> set[str]:
    """The types that its cells have; an empty cell has none."""
    kinds = set(map(type, column))
    types = {_TYPES.get(kind, "string") for kind in kinds - {type(None)}}
    finite: Callable[[Any], bool] = Decimal.is_finite if kinds == {Decimal} else _finite
    if "number" in types and not all(map(finite, column)):
        types.add("string")  # 'inf' and 'nan' are words
    return types


def _finite(cell: Cell) -> bool:
    return cell.is_finite() if isinstance(cell, Decimal) else not isinstance(cell, float) or math.isfinite(cell)


def together(types: Iterable[str]) -> str:
    """The one type that all of a column's cells have; 'string' when there is none but that."""
    found = set(types)
    if found and found <= NUMBERS:
        return max(found)  # whole numbers among others are numbers
    return found.pop() if len(found) == 1 else "string"


def dated(column: Sequence[Cell]) -> Sequence[Cell]:
    """A column of moments or days as ISO 8601, which begins with a digit; any other as it is."""
    kinds = set(map(type, column))
    if kinds == {datetime}:
        return list(map(datetime.isoformat, column))  # type: ignore[arg-type]  # see above; twice as fast as the next
    if kinds <= _DATED:
        return [None if cell is None else cell.isoformat() for cell in column]  # type: ignore[union-attr]  # see above
    return column


def worded(column: Sequence[Cell]) -> Sequence[Cell]:
    """The same, with decimals too as JSON has them."""
    if set(map(type, column)) <= _MONEY:
        return [None if cell is None else str(cell) for cell in column]
    return dated(column)

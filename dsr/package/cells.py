"""How one cell is written: exact in JSON, harmless in CSV, readable on a page."""

import base64
import math
import re
from dataclasses import dataclass
from datetime import date, datetime

from dsr.connectors.contract import Cell

Plain = str | int | float | bool | None
SHORT = 20  # characters: a date with its time
KILO = 1000  # what the unit means

_EXACT = frozenset({str, int, bool, type(None)})
_BARE = frozenset({str, int, type(None)})
# A spreadsheet runs what starts so, also after blanks and marks that it does not show.
_FORMULA = re.compile(
    r"[\t\r\n\x00]"
    r"|[\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"
    r"[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]"
)
# Moments often arrive as text; the files keep them as they are, a person reads them more easily apart.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
# Controls, and the two marks that make a name read backwards.
_UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202d\u202e\ufffe\uffff]")


def valid(text: str) -> str:
    """The text itself, or with a replacement mark for each lone surrogate, which UTF-8 cannot hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def exact(cell: Cell) -> Plain:
    """The cell for JSON. Moments, days and decimals are text, bytes are base64."""
    if isinstance(cell, str):
        return valid(cell)
    if cell is None or isinstance(cell, int):
        return cell
    if isinstance(cell, float):
        return cell if math.isfinite(cell) else str(cell)
    if isinstance(cell, bytes):
        return base64.b64encode(cell).decode()
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def tabular(cell: Cell) -> tuple[str, bool]:
    """The cell for CSV, and whether an apostrophe was put before it so that no spreadsheet runs it."""
    plain = exact(cell)
    if plain is None:
        return "", False
    if isinstance(plain, bool):
        return str(plain).lower(), False
    text = str(plain)
    numeric = isinstance(plain, int | float) or (not isinstance(cell, str | bytes) and _is_finite(text))
    if numeric or not _FORMULA.match(text):
        return text, False
    return f"'{text}", True


def storable(column: list[Cell]) -> bool:
    """Whether all cells stand in JSON as they are, so that `exact` would give back the same."""
    kinds = set(map(type, column))
    return kinds <= _EXACT or (kinds <= {*_EXACT, float} and all(_finite(cell) for cell in column))


def harmless(column: list[Cell]) -> bool:
    """Whether a CSV writer gives all cells as `tabular` would, so that none needs to be looked at further."""
    kinds = set(map(type, column))
    if str in kinds and not all(cell[:1].isalnum() for cell in column if type(cell) is str and cell):
        return False  # no letter and no digit begins a formula
    return kinds <= _BARE or (kinds <= {*_BARE, float} and all(_finite(cell) for cell in column))


def _finite(cell: Cell) -> bool:
    return not isinstance(cell, float) or math.isfinite(cell)


def _is_finite(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell as a person reads it; `quiet` marks words of ours where there is no text of theirs."""

    text: str
    meaning: str = ""
    quiet: bool = False

    @property
    def short(self) -> bool:
        """Whether it is better not broken over lines: a number, a date, a word."""
        return len(self.text) <= SHORT

    def cut(self, length: int) -> "Shown":
        """At most `length` characters."""
        if len(self.text) <= length:
            return self
        return Shown(self.text[: length - 1].rstrip() + "…", self.meaning, self.quiet)


def shown(cell: Cell, codes: dict[str, str], *, length: int = 400) -> Shown:
    """The cell in readable form, with the meaning of a coded value beside it."""
    if cell is None or cell == "":
        return Shown("empty", quiet=True)
    if isinstance(cell, bool):
        text = "yes" if cell else "no"
        return Shown(text, codes.get(str(cell).lower(), ""))
    if isinstance(cell, bytes):
        return Shown(f"{len(cell):,} bytes", quiet=True)
    if isinstance(cell, datetime):
        return Shown(moment(cell))
    if isinstance(cell, str) and _MOMENT.fullmatch(cell):
        return Shown(_readable(cell))
    text = valid(cell[: length + 1]) if isinstance(cell, str) else str(exact(cell))
    readable = _UNSHOWN.sub("\ufffd", text.replace("\r\n", "\n"))
    return Shown(readable, codes.get(text, "")).cut(length)


def _readable(text: str) -> str:
    try:
        return moment(datetime.fromisoformat(text))
    except ValueError:  # the 31st of a month that has none: shown as it stands
        return text


def moment(at: datetime) -> str:
    """'2026-03-05 14:03 UTC'; a moment without a zone is shown without one."""
    zone = at.strftime("%Z") or ""
    return f"{at:%Y-%m-%d %H:%M} {zone}".rstrip() if at.second == 0 else f"{at:%Y-%m-%d %H:%M:%S} {zone}".rstrip()


def day(on: date) -> str:
    """'5 March 2026'."""
    return f"{on.day} {on:%B %Y}"


def size(count: int) -> str:
    """'812 bytes', '1.4 MB'."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < KILO or unit == "GB":
            break
        amount /= KILO
    return f"{count} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"

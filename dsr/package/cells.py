"""How one cell is written: exact in JSON, harmless in CSV, readable on a page."""

import base64
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation.trans_null import gettext_noop

from dsr.connectors.contract import Cell
from dsr.package.words import said

Plain = str | int | float | bool | None
SHORT = 29  # characters: a date with its time to the second, and its zone
KILO = 1000  # what the unit means
NO_ZONE = gettext_noop("no zone known")

_EXACT = frozenset({str, int, bool, type(None)})
_BARE = frozenset({str, int, type(None)})
# A spreadsheet runs what starts so, also after blanks and marks that it does not show.
_SIGNS = r"=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
_UNSEEN = r"\x00-\x08\x0b\x0c\x0e-\x20\x7f-\xa0\xad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2069\u3000\ufeff"
_PARTS = ";\t\r\n"
_BEGINS = re.compile(rf"[{_SIGNS}{_UNSEEN}\t\r\n]")  # the first sign of all that would be run
_FORMULA = re.compile(rf"[\t\r\n\x00]|[{_UNSEEN}]*+[{_SIGNS}]")
# Read with semicolons or tabs between the cells, as in many countries, a text is torn at them and at its line ends;
# what follows is a cell then, and a quotation mark before it does not count.
_TORN = re.compile(rf'([{_PARTS}])(?=[{_UNSEEN}"]*+[{_SIGNS}])')
_LONG = 1 << 20  # characters; no spreadsheet takes so many into a cell
# Moments often arrive as text; the files keep them as they are, a person reads them more easily apart.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
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
    """The cell for CSV, and whether apostrophes were put into it so that no spreadsheet runs it."""
    plain = exact(cell)
    if plain is None:
        return "", False
    if isinstance(plain, bool):
        return str(plain).lower(), False
    text = str(plain)
    numeric = isinstance(plain, int | float) or (not isinstance(cell, str | bytes) and _is_finite(text))
    safe = text if numeric else neutral(text)
    return safe, safe != text


def neutral(text: str) -> str:
    """With an apostrophe wherever a formula would begin, whatever the reader takes for the end of a cell."""
    first = "'" if _FORMULA.match(text) else ""
    if not _TORN.search(text):
        return first + text
    if len(text) < _LONG:
        return first + _TORN.sub(r"\1'", text)
    for sign in _PARTS:  # in each part, whether it needs it or not: there may be millions of them
        text = text.replace(sign, f"{sign}'")
    return first + text


def storable(column: Sequence[Cell]) -> bool:
    """Whether all cells stand in JSON as they are, so that `exact` would give back the same."""
    kinds = set(map(type, column))
    return kinds <= _EXACT or (kinds <= {*_EXACT, float} and all(_finite(cell) for cell in column))


def harmless(column: Sequence[Cell]) -> bool:
    """Whether a CSV writer gives all cells as `tabular` would, so that none needs to be looked at further."""
    kinds = set(map(type, column))
    if str in kinds:
        texts = column if len(kinds) == 1 else [cell for cell in column if type(cell) is str]
        if not _texts_harmless(texts):  # type: ignore[arg-type]  # all of them are text
            return False
    return kinds <= _BARE or (kinds <= {*_BARE, float} and all(_finite(cell) for cell in column))


def _texts_harmless(texts: Sequence[str]) -> bool:
    if _BEGINS.search("".join({text[:1] for text in texts})):
        return False
    whole = "".join(texts)  # none of them begins a formula, so none does for what stands before it
    if not whole.isascii() and valid(whole) is not whole:
        return False
    return not any(sign in whole for sign in _PARTS) or not _TORN.search(whole)


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


def shown(cell: Cell, codes: dict[str, str], *, length: int = 400, zone: str | None = None) -> Shown:
    """The cell in readable form, with the meaning of a coded value beside it.

    `zone`: of moments that name none; '' when it is not known either, which is said then.
    """
    if cell is None or cell == "":
        return Shown(said("empty"), quiet=True)
    if isinstance(cell, bool):
        text = said("yes") if cell else said("no")
        return Shown(text, codes.get(str(cell).lower(), ""))
    if isinstance(cell, bytes):
        return Shown(gettext("%(count)s bytes") % {"count": f"{len(cell):,}"}, quiet=True)
    if isinstance(cell, datetime):
        return _moment(cell, zone)
    if isinstance(cell, str) and _MOMENT.fullmatch(cell):
        return _readable(cell, zone)
    text = valid(cell[: length + 1]) if isinstance(cell, str) else str(exact(cell))
    readable = _UNSHOWN.sub("\ufffd", text.replace("\r\n", "\n"))
    return Shown(readable, codes.get(text, "")).cut(length)


def _readable(text: str, zone: str | None) -> Shown:
    try:
        return _moment(datetime.fromisoformat(text), zone)
    except ValueError:  # the 31st of a month that has none: shown as it stands
        return Shown(text)


def _moment(at: datetime, zone: str | None) -> Shown:
    if at.tzinfo is None and zone:
        at = at.replace(tzinfo=ZoneInfo(zone))
    return Shown(moment(at), said(NO_ZONE) if at.tzinfo is None and zone == "" else "")


def moment(at: datetime) -> str:
    """'2026-03-05 14:03 UTC', '2026-03-05 14:03 UTC-05:00'; a moment without a zone is shown without one."""
    offset = f"{at:%z}"
    zone = f" UTC{offset[:3]}:{offset[3:5]}" if offset.strip("+-0") else " UTC" if offset else ""
    return f"{at:%Y-%m-%d %H:%M}{zone}" if at.second == 0 else f"{at:%Y-%m-%d %H:%M:%S}{zone}"


def day(on: date) -> str:
    """'5 March 2026', as the language that is active writes it."""
    return date_format(on, gettext("j F Y"))


def size(count: int) -> str:
    """'812 bytes', '1.4 MB'."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < KILO or unit == "GB":
            break
        amount /= KILO
    return gettext("%(count)s bytes") % {"count": count} if unit == "bytes" else f"{amount:.1f} {unit}"

"""The laws that give people rights and answerers dates, one file each; this code knows none of their rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dsr.law.files import REGIMES, LawError, Status, Table, law_version, read
from dsr.law.rights import Right
from dsr.law.terms import Term, Unit

__all__ = ["HOUSE", "IdentityRule", "LawError", "Regime", "Row", "Status", "law_version", "load", "regimes"]

HOUSE = "house"  # the promise of the controller, beside the laws
NO_NUMBER = "no number"  # the law names no term: 'promptly', 'without undue delay'


class IdentityRule(StrEnum):
    """What a question for proof of identity does to the term."""

    RUNS = "runs"
    PAUSES = "pauses"
    STARTS = "starts"  # the proof starts it


class Key(StrEnum):
    """What a row is about. The first are counted by; the others are read by people."""

    ANSWER = "answer"
    CONFIRM = "confirm"
    EXTENSION = "extension"  # the whole term after it
    EXTENSION_REASONS = "extension-reasons"
    IDENTITY = "identity"
    CLARIFICATION = "clarification"
    ASK_WITHIN = "ask-within"
    REFUSAL = "refusal"
    SILENCE = "silence"
    UNIT = "unit"  # of the promise
    TIMES = "extension-times"  # so many times as long is the promise after an extension
    FOLLOWS = "follows-the-law"  # in what the promise waits for the laws beside it
    ACKNOWLEDGE = "acknowledge"
    APPEAL = "appeal"
    BUSINESS_DAY = "business-day"
    CONTACT = "contact"
    EXTENSION_NOTICE = "extension-notice"
    FEE = "fee"
    GUIDANCE = "guidance"
    IN_FORCE = "in-force"
    LAST_DAY = "last-day"
    PROOF = "proof"
    RECORDS = "records"
    SCOPE = "scope"
    SEARCH = "search"


TERMS = (Key.ANSWER, Key.CONFIRM, Key.EXTENSION)
BLOCKS = ("reasons", "authority", "court", "controller-complaint", "appeal", "attorney-general", "help")
REASONS = ("complexity", "number")


@dataclass(frozen=True, slots=True)
class Row:
    """One fact of a law: for programs, in plain words, and where it stands."""

    key: str
    value: str
    plain: str
    citation: str
    status: Status
    rights: tuple[Right, ...] = ()  # none: whatever is asked

    @property
    def items(self) -> tuple[str, ...]:
        """The values of a list."""
        return tuple(self.value.split(", "))


@dataclass(frozen=True, slots=True)
class Regime:
    """A law that applies to people of some place, or the promise of the house."""

    slug: str
    title: str
    place: str
    active: bool  # deadlines are counted by it
    reviewed_on: date | None  # by a lawyer, against the text
    rows: tuple[Row, ...]

    def answer(self, right: Right) -> Term | None:
        """The term for the answer; None when this law has none for the right, or names no number."""
        return self._term(Key.ANSWER, right)

    def confirm(self, right: Right) -> Term | None:
        """The term for confirming the receipt."""
        return self._term(Key.CONFIRM, right)

    def extension(self, right: Right) -> Term | None:
        """The whole term after an extension, from the same day."""
        return self._term(Key.EXTENSION, right)

    @property
    def extension_reasons(self) -> tuple[str, ...]:
        """The reasons for which it may be extended."""
        return self.items(Key.EXTENSION_REASONS)

    @property
    def identity(self) -> IdentityRule:
        """What a question for proof of identity does."""
        return IdentityRule(self.value(Key.IDENTITY) or IdentityRule.RUNS)

    def clarification(self, right: Right) -> bool:
        """Whether a question what the person means stops the clock."""
        return self.value(Key.CLARIFICATION, right) == IdentityRule.PAUSES

    @property
    def ask_within(self) -> int | None:
        """Business days after receipt within which a question must be asked to stop the clock."""
        within = self.value(Key.ASK_WITHIN)
        return Term.parse(within).count if within else None

    @property
    def refusal_names(self) -> tuple[str, ...]:
        """What a refusal must contain."""
        return self.items(Key.REFUSAL)

    @property
    def silence(self) -> str:
        """What the law takes silence for; empty when it does not say."""
        return self.value(Key.SILENCE)

    @property
    def to_verify(self) -> int:
        """How many rows nobody has read in the text of the law."""
        return sum(row.status is Status.VERIFY for row in self.rows)

    def row(self, key: Key, right: Right | None = None) -> Row | None:
        """The row for this right, or else the one for all."""
        rows = [row for row in self.rows if row.key == key and (not row.rights or right in row.rights)]
        return max(rows, key=lambda row: len(row.rights), default=None)

    def value(self, key: Key, right: Right | None = None) -> str:
        """What that row says; empty when there is none."""
        row = self.row(key, right)
        return row.value if row else ""

    def items(self, key: Key) -> tuple[str, ...]:
        """What all rows of that key list, each once."""
        return tuple(dict.fromkeys(item for row in self.rows if row.key == key for item in row.items))

    def _term(self, key: Key, right: Right) -> Term | None:
        value = self.value(key, right)
        return Term.parse(value) if value and value != NO_NUMBER else None


def regimes() -> Mapping[str, Regime]:
    """All of them by slug; the house first, then the active ones."""
    return _REGIMES


def load(folder: Path) -> Mapping[str, Regime]:
    """The regimes of a folder. Raises LawError when a file is wrong."""
    found = [_regime(path) for path in folder.glob("*.toml")]
    found.sort(key=lambda regime: (regime.slug != HOUSE, not regime.active, regime.slug))
    return MappingProxyType({regime.slug: regime for regime in found})


def _regime(path: Path) -> Regime:
    top = read(path)
    slug = top.one_of("slug", [path.stem])
    rows = tuple(_rows(top.rows("row"), path.name))
    regime = Regime(slug, top.text("title"), top.text("place"), top.flag("active"), top.day("reviewed_on"), rows)
    top.end()
    needed = (Key.UNIT, Key.TIMES, Key.FOLLOWS) if slug == HOUSE else (Key.ANSWER,)
    said = {row.key for row in rows}
    for key in needed:
        if key not in said:
            raise top.wrong("row", f"a row with the key '{key}' is missing")
    return regime


def _rows(tables: list[Mapping[str, Any]], file: str) -> Iterator[Row]:
    said: set[tuple[str, Right | None]] = set()
    for number, content in enumerate(tables, 1):
        table = Table(content, f"{file}: row {number} ({content.get('key')})")
        row = Row(
            key=table.one_of("key", list(Key)),
            value=table.words("value"),
            plain=table.text("plain"),
            citation=table.text("citation"),
            status=table.status("status"),
            rights=table.rights("rights"),
        )
        table.end()
        _check(row, table)
        for right in row.rights or (None,):
            if (row.key, right) in said and row.key in _CHECKS:
                raise table.wrong("rights", f"another row says the {row.key} for {right or 'all rights'}")
            said.add((row.key, right))
        yield row


def _check(row: Row, table: Table) -> None:
    if row.key in TERMS:
        if not row.rights:
            raise table.wrong("rights", "name the rights this term is for")
        if row.value != NO_NUMBER:
            _term(row, table)
    elif row.key == Key.ASK_WITHIN:
        if _term(row, table).unit is not Unit.BUSINESS_DAYS:
            raise table.wrong("value", f"found '{row.value}'; write business-days")
    else:
        unknown = [item for item in row.items if item not in _CHECKS.get(row.key, row.items)]
        if unknown:
            raise table.wrong("value", f"found '{unknown[0]}'; allowed are {', '.join(_CHECKS[row.key])}")


def _term(row: Row, table: Table) -> Term:
    try:
        return Term.parse(row.value)
    except ValueError as wrong:
        raise table.wrong("value", str(wrong)) from None


# The keys that are counted by stand once per right; some have a few words only.
_CHECKS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((*TERMS, Key.ASK_WITHIN), ()),
    Key.IDENTITY: tuple(IdentityRule),
    Key.CLARIFICATION: (IdentityRule.RUNS, IdentityRule.PAUSES),
    Key.EXTENSION_REASONS: REASONS,
    Key.REFUSAL: BLOCKS,
    Key.SILENCE: ("refusal",),
    Key.UNIT: tuple(Unit),
    Key.TIMES: ("1", "2", "3"),
    Key.FOLLOWS: ("pauses", "extension"),
}

_REGIMES = load(REGIMES)  # at once: nothing starts on a wrong file

"""The law as files: read, checked, and known by a version. Whoever changes a line of them changes it."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from dsr.law.rights import Right

HERE = Path(__file__).parent
REGIMES = HERE / "regimes"
GROUNDS = HERE / "grounds.toml"
_SIGNS = 12  # of a version


class LawError(ValueError):
    """A file of the law is wrong; the message names the file, the place in it and what to write."""


class Status(StrEnum):
    """How far a row can be trusted."""

    READ = "read"  # the text of the law, or official guidance, was read
    VERIFY = "verify"  # from memory or at second hand: a lawyer must read the text
    COMPUTED = "computed"  # calculated, and checked twice
    HOUSE = "house"  # a rule of this house; no law says it


@cache
def law_version() -> str:
    """Changes with every change of a law file; a request keeps the one it was received under."""
    return version_of([*sorted(REGIMES.glob("*.toml")), GROUNDS])


def version_of(paths: Iterable[Path]) -> str:
    """A short hash over names and contents."""
    digest = sha256()
    for path in paths:
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:_SIGNS]


class Table:
    """One table of a law file, whose keys are asked for one by one; what is left over is an error."""

    def __init__(self, content: Mapping[str, Any], where: str) -> None:
        self._left = dict(content)
        self._where = where

    def wrong(self, key: str, message: str) -> LawError:
        """What to raise for a key that is wrong."""
        return LawError(f"{self._where}: {key}: {message}")

    def text(self, key: str) -> str:
        """A text that must be there and say something."""
        found = self._left.pop(key, None)
        if not isinstance(found, str) or not found.strip():
            raise self.wrong(key, "write a text")
        return found.strip()

    def words(self, key: str) -> str:
        """A text, or a list of texts, which is shown with commas between."""
        found = self._left.get(key)
        if isinstance(found, list) and found and all(isinstance(each, str) and each.strip() for each in found):
            self._left.pop(key)
            return ", ".join(found)
        return self.text(key)

    def texts(self, key: str) -> dict[str, str]:
        """Texts by name, or nothing."""
        found = self._left.pop(key, {})
        if not isinstance(found, dict) or not all(isinstance(each, str) and each.strip() for each in found.values()):
            raise self.wrong(key, 'write texts by name, such as {ccpa = "11 CCR §7021"}')
        return {str(name): text.strip() for name, text in found.items()}

    def flag(self, key: str, *, unless_said: bool | None = None) -> bool:
        """True or false."""
        found = self._left.pop(key, unless_said)
        if not isinstance(found, bool):
            raise self.wrong(key, "write true or false")
        return found

    def day(self, key: str) -> date | None:
        """A date, or nothing."""
        found = self._left.pop(key, None)
        if found is not None and type(found) is not date:
            raise self.wrong(key, "write a date, such as 2026-03-17, without quotation marks")
        return found

    def rights(self, key: str) -> tuple[Right, ...]:
        """Rights by name; nothing means all."""
        found = self._left.pop(key, [])
        unknown = [each for each in found if each not in list(Right)] if isinstance(found, list) else [found]
        if unknown:
            raise self.wrong(key, f"found {unknown[0]!r}; allowed is a list of {', '.join(Right)}")
        return tuple(Right(each) for each in found)

    def status(self, key: str) -> Status:
        """How far the row can be trusted."""
        return Status(self.one_of(key, list(Status)))

    def one_of(self, key: str, allowed: Sequence[str]) -> str:
        """One of the words that are known."""
        found = self._left.pop(key, None)
        if found not in allowed:
            raise self.wrong(key, f"found {found!r}; allowed are {', '.join(allowed)}")
        return str(found)

    def rows(self, key: str) -> list[Mapping[str, Any]]:
        """Tables of this name, written [[name]]."""
        found = self._left.pop(key, None)
        if not isinstance(found, list) or not found or not all(isinstance(each, dict) for each in found):
            raise self.wrong(key, f"write at least one [[{key}]]")
        return found

    def end(self) -> None:
        """Nothing that is not known may be left."""
        for key in self._left:
            raise self.wrong(key, "no such key is known here")


def read(path: Path) -> Table:
    """The top of a file."""
    try:
        return Table(tomllib.loads(path.read_text("utf-8")), path.name)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as unreadable:
        raise LawError(f"{path.name}: {unreadable}") from None

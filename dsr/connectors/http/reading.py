"""Reads settings, and says of a wrong one where it stands and what is allowed, never what it holds."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

_T = TypeVar("_T")
Where = tuple[str | int, ...]


class SettingError(ValueError):
    """A wrong setting; `where` is its place in the system's file."""

    def __init__(self, place: str, where: Where, message: str) -> None:
        super().__init__(f"{place}: {message}")
        self.where = where
        self.message = message


@dataclass(frozen=True, slots=True)
class Given:
    """The settings of one place: of the connector, a collection or a stop."""

    place: str
    where: Where
    values: Mapping[str, str]

    def only(self, needed: Collection[str], optional: Collection[str] = (), prefixes: tuple[str, ...] = ()) -> None:
        """Check the names. Raises SettingError."""
        for name, text in self.values.items():
            if name not in needed and name not in optional and not name.startswith(prefixes):
                known = ", ".join(sorted({*needed, *optional}))
                raise self.error(name, f"unknown setting '{name}'; allowed are {known}")
            if not text.strip():
                raise self.error(name, f"setting '{name}' is empty")
        for name in needed:
            if name not in self.values:
                raise self.error("", f"setting '{name}' is missing")

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str, default: str = "") -> str:
        """A setting as it stands."""
        return self.values.get(name, default).strip()

    def read(self, name: str, reader: Callable[[str], _T], default: str) -> _T:
        """A setting by its reader, whose ValueError says what is wrong. Raises SettingError."""
        try:
            return reader(self.text(name, default))
        except ValueError as error:
            raise self.error(name, f"setting '{name}' {error}") from None

    def maybe(self, name: str, reader: Callable[[str], _T]) -> _T | None:
        """The same, or None where it is not given."""
        return self.read(name, reader, "") if name in self.values else None

    def error(self, name: str, message: str) -> SettingError:
        """What is wrong with a setting."""
        return SettingError(self.place, (*self.where, *([name] if name else [])), message)


def number(least: int, most: int) -> Callable[[str], int]:
    """A reader of whole numbers between two."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= most):
            raise ValueError(f"must be a number from {least} to {most}")
        return int(text)

    return read


def choice(*allowed: str) -> Callable[[str], str]:
    """A reader of one of these words."""

    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return text

    return read


def word(text: str) -> str:
    """A reader of what can stand in a header."""
    if not (text.isascii() and text.isprintable()) or " " in text or not text:
        raise ValueError("must be one word of plain characters")
    return text


def seconds(most: float) -> Callable[[str], float]:
    """A reader of a time."""

    def read(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = 0.0
        if not 0 < found <= most:
            raise ValueError(f"must be seconds, at most {most:.0f}")
        return found

    return read


def address(text: str) -> str:
    """A reader of a base address."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must begin with https:// (or http://) and name a host")
    if "@" in parts.netloc:
        raise ValueError("must not hold a name or password")
    if parts.query or parts.fragment:
        raise ValueError("must end before any question or number sign")
    return text


def closed_address(given: Given, name: str) -> str:
    """An address that secrets go to: over an open line only where private networks are named. Raises SettingError."""
    found = given.read(name, address, "")
    if urlsplit(found).scheme != "https" and not given.text("private"):
        raise given.error(name, f"setting '{name}' must begin with https://, for what we are known by goes there")
    return found

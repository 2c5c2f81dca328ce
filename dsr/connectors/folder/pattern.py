"""Paths such as `uploads/{account_id}/{name}`, read from both ends."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

_FIELD = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_UNSAFE = re.compile(r"[/\\\0]")

Binding = Mapping[str, str]  # field -> value


@dataclass(frozen=True, slots=True)
class Pattern:
    """One collection's paths; every field stands in it once."""

    segments: tuple[str, ...]
    fields: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a pattern. ValueError says what is wrong with it."""
        segments = tuple(text.split("/"))
        if any(segment in {"", ".", ".."} or re.search(r"[\\\0]", segment) for segment in segments):
            raise ValueError("it must be relative, without empty parts, '.', '..' or backslashes")
        fields = tuple(_FIELD.findall(text))
        if len(set(fields)) != len(fields):
            raise ValueError("it names a field twice")
        if "{" in _FIELD.sub("", text) or "}" in _FIELD.sub("", text):
            raise ValueError("a field is written {name}, in small letters")
        if not _FIELD.search(segments[-1]):
            raise ValueError("its last part must hold a field; it names a file")
        return cls(segments, fields)

    def is_fixed(self, depth: int) -> bool:
        """Whether the part at this depth is the same for everybody."""
        return not _FIELD.search(self.segments[depth])

    def name(self, depth: int, bound: Binding) -> str | None:
        """Give the one name that this part can have; None when it holds an unbound field.

        Values are `usable`, so the name holds no separator; `read` refuses '.' and '..'.
        """
        if any(field not in bound for field in _FIELD.findall(self.segments[depth])):
            return None
        return _FIELD.sub(lambda match: bound[match[1]], self.segments[depth])

    def read(self, depth: int, name: str, bound: Binding) -> dict[str, str] | None:
        """Read the fields of this part out of a name; None when it does not match."""
        if name in {".", ".."}:
            return None
        parts = _FIELD.split(self.segments[depth])  # text and field names by turns
        expression = "".join(_group(part, bound) if place % 2 else re.escape(part) for place, part in enumerate(parts))
        match = re.fullmatch(expression, name, re.DOTALL)
        return match.groupdict() if match else None


def usable(value: str) -> bool:
    """Whether a value can be part of a path without leading elsewhere. An empty one never is."""
    return value not in ("", ".", "..") and not _UNSAFE.search(value)


def parts_of(path: str) -> tuple[str, ...] | None:
    """Divide a relative path; None when it would lead elsewhere."""
    parts = tuple(path.split("/"))
    return None if any(part in {"", ".", ".."} or "\0" in part for part in parts) else parts


def _group(field: str, bound: Binding) -> str:
    return f"(?P<{field}>{re.escape(bound[field])})" if field in bound else f"(?P<{field}>.+?)"

"""Keys such as `uploads/{account_id}/{name}`, or everything below `users/{account_id}/`, read in one way only."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

_FIELD = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_UNSAFE = re.compile(r"[/\\\0]")

Binding = Mapping[str, str]  # field -> value


@dataclass(frozen=True, slots=True)
class Pattern:
    """One collection's keys; every field stands in it once.

    A key is read in one way at most: otherwise what belongs to account '1-2' could be taken for account '1'.
    So a field never holds '/', and one that follows another in the same part holds none of the text between them.
    """

    text: str
    fields: tuple[str, ...]
    expression: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a pattern. ValueError says what is wrong with it."""
        segments = text.removesuffix("/").split("/")
        if any(segment in {"", ".", ".."} or re.search(r"[\\\0]", segment) for segment in segments):
            raise ValueError("it must be relative, without empty parts, '.', '..' or backslashes")
        fields = tuple(_FIELD.findall(text))
        if len(set(fields)) != len(fields):
            raise ValueError("it names a field twice")
        if "{" in _FIELD.sub("", text) or "}" in _FIELD.sub("", text):
            raise ValueError("a field is written {name}, in small letters")
        if "}{" in text:
            raise ValueError("text must stand between two fields")
        if not text.endswith("/") and not _FIELD.search(segments[-1]):
            raise ValueError("its last part must hold a field, which names a file, or end in '/'")
        rest = "/.*" if text.endswith("/") else ""
        whole = "/".join(map(_expression, segments)) + rest
        return cls(text, fields, re.compile(whole, re.DOTALL))

    @property
    def names_files(self) -> bool:
        """Whether its fields name one file; else it means everything that begins so."""
        return not self.text.endswith("/")

    @property
    def depth(self) -> int | None:
        """How many parts a key has; None: any number."""
        return self.text.count("/") + 1 if self.names_files else None

    @property
    def fixed(self) -> str:
        """The folders that are the same for everybody, such as 'uploads/'."""
        before = self.text.partition("{")[0]
        return before[: before.rfind("/") + 1]

    def prefix(self, bound: Binding) -> str:
        """What all keys of a binding begin with: everything before the first field that has no value.

        Values are `usable`, so nothing leads out of it; what follows a value is part of it, so that 'users/1/'
        never means 'users/10/'.
        """
        parts = _FIELD.split(self.text)  # text and field names by turns
        given = []
        for place, part in enumerate(parts):
            if place % 2 and part not in bound:
                break
            given.append(bound[part] if place % 2 else part)
        return "".join(given)

    def below(self, bound: Binding) -> Callable[[str], bool]:
        """Whether a key, or a folder with '/' at its end, stands where the values of a binding lead, read or not."""
        *folders, last = self.text.removesuffix("/").split("/")
        folders += [] if self.names_files else [last]
        ends = [place for place, part in enumerate(folders, 1) if any(one in bound for one in _FIELD.findall(part))]
        if not ends:  # a value at the beginning of the last part leads to what begins so
            prefix = self.prefix(bound)
            return lambda key: prefix != self.prefix({}) and key.startswith(prefix)
        begins = re.compile("/".join(map(_expression, folders[: ends[-1]])) + "/.*", re.DOTALL)

        def leads(key: str) -> bool:
            match = begins.fullmatch(key)
            return match is not None and all(
                bound.get(name, value) == value for name, value in match.groupdict().items()
            )

        return leads

    def concerns(self, key: str, bound: Binding) -> bool:
        """Whether a key, or what may be below it, is such that it would belong to a binding."""
        segments = self.text.removesuffix("/").split("/")
        depth = key.count("/") + 1
        begins = "/".join(map(_expression, segments[:depth])) + ("/.*" if depth > len(segments) else "")
        match = re.fullmatch(begins, key, re.DOTALL)
        return match is not None and all(bound.get(name, value) == value for name, value in match.groupdict().items())

    def read(self, key: str, bound: Binding) -> dict[str, str] | None:
        """Read the fields out of a key; None when it does not match, or other values than the bound ones."""
        match = self.expression.fullmatch(key) if keeps_inside(key) else None
        if match is None or any(match[field] != value for field, value in bound.items()):
            return None
        return match.groupdict()

    def covers(self, name: str) -> bool:
        """Whether keys may begin with this first part."""
        return re.fullmatch(_expression(self.text.split("/")[0]), name, re.DOTALL) is not None


def usable(value: str) -> bool:
    """Whether a value can be part of a key without leading elsewhere. An empty one never is."""
    return value not in ("", ".", "..") and not _UNSAFE.search(value) and is_text(value)


def keeps_inside(key: str) -> bool:
    """Whether no part of a key leads elsewhere, if somebody on the way reads it as a path."""
    return not {".", ".."} & set(key.split("/")) and not key.startswith("/") and "\0" not in key


def is_text(*parts: str) -> bool:
    """Whether it can be written down at all: names of files may be no UTF-8."""
    try:
        "/".join(parts).encode()
    except UnicodeEncodeError:
        return False
    return True


def _expression(segment: str) -> str:
    parts = _FIELD.split(segment)  # text and field names by turns
    # Each field but the first, with the text before it.
    between = {parts[place]: re.escape(parts[place - 1]) for place in range(3, len(parts), 2)}
    return "".join(
        f"(?P<{part}>[^/{between.get(part, '')}]+?)" if place % 2 else re.escape(part)
        for place, part in enumerate(parts)
    )

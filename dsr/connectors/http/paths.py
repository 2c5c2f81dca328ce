"""Places in an answer, such as `data.0.id`, and what must stand there, such as `deleted = true`."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

_PATH = re.compile(r"\.|[\w@-]+(\.[\w@-]+)*")
_STATUS = re.compile(r"[1-5][0-9]{2}")
_TERM = re.compile(r"(?P<path>[\w@.-]+) = (?P<value>\S.*)")
_GOOD = range(200, 300)
ABSENT = object()  # nothing stands there, not even null


def path(text: str) -> str:
    """Let a path through. ValueError: it is none."""
    if not _PATH.fullmatch(text):
        raise ValueError("must be a path such as data.items, or a dot for the whole answer")
    return text


def at(place: str, body: object) -> object:
    """What stands at a path; numbers count in lists, -1 is the last. ABSENT: nothing does."""
    if place == ".":
        return body
    for step in place.split("."):
        if isinstance(body, Mapping) and step in body:
            body = body[step]
        elif isinstance(body, list) and step.lstrip("-").isdecimal() and -len(body) <= int(step) < len(body):
            body = body[int(step)]
        else:
            return ABSENT
    return body


@dataclass(frozen=True, slots=True)
class _Term:
    """One thing that holds or not: a status, or a value at a path of an answer with a status of success."""

    status: int = 0
    path: str = ""
    value: str = ""

    def holds(self, status: int, body: object) -> bool:
        if self.status:
            return status == self.status
        found = at(self.path, body)
        return found == self.value if isinstance(found, str) else found is not ABSENT and _text(found) == self.value


@dataclass(frozen=True, slots=True)
class Condition:
    """`404 or deleted = true`: alternatives, each of terms that all hold."""

    alternatives: tuple[tuple[_Term, ...], ...] = ()

    @classmethod
    def of(cls, text: str) -> "Condition":
        """Read it. ValueError: it is none."""
        return cls(tuple(tuple(_term(one) for one in each.split(" and ")) for each in text.split(" or ")))

    def holds(self, status: int, body: object) -> bool:
        """Whether it does; without a status of its own an alternative wants one of success."""
        return any(
            (status in _GOOD or any(term.status for term in terms)) and all(term.holds(status, body) for term in terms)
            for terms in self.alternatives
        )


def _term(text: str) -> _Term:
    text = text.strip()
    if _STATUS.fullmatch(text):
        return _Term(status=int(text))
    match = _TERM.fullmatch(text)
    if not match:
        raise ValueError("must be like '404 or deleted = true': a status, or a path and its value")
    return _Term(path=path(match["path"]), value=match["value"].strip())


def _text(found: object) -> str:
    return json.dumps(found, ensure_ascii=False)

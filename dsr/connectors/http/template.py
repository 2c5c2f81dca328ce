"""Requests written down as text with gaps, `GET /customers?email={email|lower}`; an empty gap is never sent."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from dsr.connectors.contract import Rejected
from dsr.connectors.known import SECRET, gives_away

Named = str | int
Values = Mapping[str, Sequence[Named]]  # each name's values: one, unless the gap repeats
Tree = object  # JSON whose texts are Texts

CALLBACK = "callback"  # the gap for an address of ours

_GAP = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][\w.-]*")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _digest(name: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


TRANSFORMS: Mapping[str, Callable[[str], str]] = {
    "lower": str.lower,
    "trim": str.strip,
    "md5": _digest("md5"),
    "sha1": _digest("sha1"),
    "sha256": _digest("sha256"),
    "quoted": _quoted,  # for a language of search: the value stays one word of it
}
_KEEPS_APART = {"md5", "sha1", "sha256", "quoted"}


@dataclass(frozen=True, slots=True)
class Gap:
    """`{email|trim|lower|md5}`: whose value goes here, and what is done to it first."""

    name: str
    transforms: tuple[str, ...] = ()

    def filled(self, value: Named) -> Named:
        """The value as it is sent. Raises Rejected: nothing is there, and the request would mean everybody."""
        if not str(value).strip():
            raise Rejected(f"'{self.name}' is empty: the request would reach everybody; it was not sent")
        for transform in self.transforms:
            value = TRANSFORMS[transform](str(value))
        return value


@dataclass(frozen=True, slots=True)
class Text:
    """Text with gaps."""

    parts: tuple[str | Gap, ...]

    @classmethod
    def of(cls, text: str) -> "Text":
        """Read it. ValueError: a gap cannot be read."""
        pieces = _GAP.split(text)
        if any(set(plain) & set("{}") for plain in pieces[::2]):
            raise ValueError("a brace stands alone")
        return cls(tuple(_gap(piece) if n % 2 else piece for n, piece in enumerate(pieces) if n % 2 or piece))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Its gaps, in their order."""
        return tuple(part for part in self.parts if isinstance(part, Gap))

    @property
    def only(self) -> Gap | None:
        """The gap that is all of it."""
        return self.gaps[0] if len(self.parts) == len(self.gaps) == 1 else None

    def filled(self, values: Values, escape: Callable[[str], str] = str) -> str:
        """The text as it is sent. Raises Rejected."""
        return "".join(
            escape(str(part.filled(_one(part, values)))) if isinstance(part, Gap) else part for part in self.parts
        )


@dataclass(frozen=True, slots=True)
class Request:
    """One way to ask."""

    method: str
    path: Text
    query: tuple[tuple[str, Text], ...] = ()
    body: Tree | None = None

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """All its gaps."""
        return (*self.path.gaps, *(gap for _, text in self.query for gap in text.gaps), *_gaps(self.body))

    @property
    def names(self) -> frozenset[str]:
        """Whose values it wants."""
        return frozenset(gap.name for gap in self.gaps)

    @property
    def in_path(self) -> frozenset[str]:
        """Those that stand in its path."""
        return frozenset(gap.name for gap in self.path.gaps)

    @property
    def repeats(self) -> bool:
        """Whether several values can go at once: each gap is a whole parameter or a whole item of a list."""
        found = [text.only for _, text in self.query if text.only] + list(_items(self.body))
        whole = [gap for gap in found if gap.name != CALLBACK]  # that one is the same for all
        return bool(whole) and len(whole) == sum(gap.name != CALLBACK for gap in self.gaps)

    def path_for(self, values: Values) -> str:
        """The path. Raises Rejected."""
        return self.path.filled(values, _one_step)

    def query_for(self, values: Values) -> list[tuple[str, str]]:
        """The parameters; a whole gap repeats its own. Raises Rejected."""
        told: list[tuple[str, str]] = []
        for name, text in self.query:
            if gap := text.only:
                told += [(name, str(gap.filled(value))) for value in _all(gap, values)]
            else:
                told.append((name, text.filled(values)))
        return told

    def body_for(self, values: Values) -> object:
        """The body, as JSON would have it. Raises Rejected."""
        return _grown(self.body, values)


def request(text: str, body: str = "") -> Request:
    """Read `METHOD /path?query` and the JSON of a body. ValueError says what is wrong."""
    method, _, target = text.strip().partition(" ")
    if method not in _METHODS:
        raise ValueError(f"must begin with one of {', '.join(_METHODS)} and a path")
    path, _, query = target.strip().partition("?")
    if not path.startswith("/") or path.startswith("//") or ".." in path or set(path) & set("#\\ "):
        raise ValueError("must have a path such as /customers")
    parameters = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    made = tuple((name, _parameter(value)) for name, value in parameters)
    tree = _tree(json.loads(body)) if body else None
    for name, said in (*made, *_named(tree)):
        _without_secret(name, said)
    return Request(method, Text.of(path), made, tree)


def _without_secret(name: str, said: Text) -> None:
    """A plain word, as in `sort_key=createdAt`, opens nothing."""
    if gives_away(name, ["" if isinstance(part, Gap) else part for part in said.parts]):
        raise ValueError(f"holds what '{name[:40]}' is: {SECRET}, in 'auth: query' or a setting 'header.…'")


def _parameter(value: str) -> Text:
    text = Text.of(value)
    if text.only is None and any(not set(gap.transforms) & _KEEPS_APART for gap in text.gaps):
        raise ValueError("a gap amid other text needs '|quoted', or the value could say more than itself")
    return text


def _gap(text: str) -> Gap:
    name, *transforms = text.split("|")
    if not _NAME.fullmatch(name):
        raise ValueError("a gap names a field, such as {email}")
    for one in transforms:
        if one not in TRANSFORMS:
            raise ValueError(f"found '{one[:20]}' in a gap; allowed are {', '.join(TRANSFORMS)}")
    return Gap(name, tuple(transforms))


def _all(gap: Gap, values: Values) -> Sequence[Named]:
    if not (found := values.get(gap.name, ())):
        raise Rejected(f"'{gap.name}' is empty: the request would reach everybody; it was not sent")
    return found


def _one(gap: Gap, values: Values) -> Named:
    found = _all(gap, values)
    if len(found) != 1:
        raise Rejected(f"'{gap.name}' has several values where one can go; nothing was sent")
    return found[0]


def _one_step(value: str) -> str:
    """A value as one step of a path: it neither climbs nor asks."""
    if value in (".", ".."):
        raise Rejected("a value cannot be a step of a path; nothing was sent")
    return quote(value, safe="")


def _tree(found: object) -> Tree:
    if isinstance(found, str):
        return Text.of(found)
    if isinstance(found, dict):
        return {name: _tree(below) for name, below in found.items()}
    return [_tree(below) for below in found] if isinstance(found, list) else found


def _gaps(tree: Tree) -> Iterator[Gap]:
    if isinstance(tree, Text):
        yield from tree.gaps
    elif isinstance(tree, dict | list):
        for below in tree.values() if isinstance(tree, dict) else tree:
            yield from _gaps(below)


def _named(tree: Tree, above: str = "") -> Iterator[tuple[str, Text]]:
    """Each text of a body with the keys it stands under."""
    if isinstance(tree, Text):
        yield above, tree
    elif isinstance(tree, list):
        for below in tree:
            yield from _named(below, above)
    elif isinstance(tree, dict):
        for name, below in tree.items():
            yield from _named(below, f"{above}.{name}" if above else name)


def _items(tree: Tree) -> Iterator[Gap]:
    if isinstance(tree, dict):
        for below in tree.values():
            yield from _items(below)
    elif isinstance(tree, list):
        for below in tree:
            if isinstance(below, Text) and below.only:
                yield below.only
            yield from _items(below)


def _grown(tree: Tree, values: Values) -> object:
    if isinstance(tree, Text):
        return tree.only.filled(_one(tree.only, values)) if tree.only else tree.filled(values)
    if isinstance(tree, dict):
        return {name: _grown(below, values) for name, below in tree.items()}
    if not isinstance(tree, list):
        return tree
    grown: list[object] = []
    for below in tree:
        gap = below.only if isinstance(below, Text) else None
        grown += [gap.filled(value) for value in _all(gap, values)] if gap else [_grown(below, values)]
    return grown

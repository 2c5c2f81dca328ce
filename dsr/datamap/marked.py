"""YAML that remembers its lines, so that a mistake can be shown where it stands."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import yaml

Where = Sequence[str | int]

_DEEPEST = 100  # no map needs a tenth of it; far below where the reader's own recursion ends
_MOST = 100_000  # values of one file, each alias counted as all that it names
_READ_AS_TEXT = {"tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:int"}


class _Loader(yaml.CSafeLoader):
    """By the rules of YAML 1.2: 'on', 'no', 12:30, 0123 and dates are text, as people mean them.

    Read by libyaml, which PyYAML's wheels bring: ten times as fast as the safe loader in Python.
    """

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in rules if tag not in _READ_AS_TEXT]
        for first, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789"))


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: the file, its line and what to do."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        """'joypix/controller.yaml:12: …', as editors understand it."""
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(slots=True)
class _Extent:
    """How many values stand in a value, itself included, and how deep."""

    anchor: str
    values: int = 1
    height: int = 1

    def take(self, inner: "_Extent") -> None:
        """One more stands in it."""
        self.values += inner.values
        self.height = max(self.height, inner.height + 1)


@dataclass(frozen=True, slots=True)
class Marked:
    """One YAML file: its value, and the node each part of the value came from."""

    name: str
    value: object
    node: yaml.Node | None
    broken: tuple[Problem, ...] = ()

    @classmethod
    def read(cls, path: Path, name: str) -> Self:
        """Read with the safe loader; what is no YAML, or says a key twice, stands in `broken`."""
        try:
            text = path.read_text(encoding="utf-8")
            if wrong := _unbounded(text):
                return cls(name, None, None, (Problem(name, *wrong),))
            loader = _Loader(text)
            node = loader.get_single_node()
            twice = tuple(Problem(name, line, f"'{key}' stands here again") for key, line in _twice(node))
            return cls(name, loader.construct_document(node) if node else None, node, twice)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            return cls(name, None, None, (Problem(name, line, f"not valid YAML: {error.problem}"),))
        except (yaml.YAMLError, ValueError, AttributeError, OSError) as error:  # !!timestamp "x"
            said = " ".join(str(error).split())
            return cls(name, None, None, (Problem(name, 1, f"cannot be read: {said}"),))

    def place(self, steps: Sequence[str | int]) -> tuple[str | int, ...]:
        """The part of `steps` that leads somewhere in the file."""
        node, where = self.node, []
        for step in steps:
            below = _child(node, step)
            if below is None:
                break
            node = below[0]
            where.append(step)
        return tuple(where)

    def line(self, where: Where) -> int:
        """The line of the deepest part of `where` that exists."""
        node, line = self.node, 1
        for step in where:
            below = _child(node, step)
            if below is None:
                break
            node, line = below
        return line

    def problem(self, where: Where, message: str) -> Problem:
        """A mistake at `where`, named by its path inside the file."""
        path = ".".join(str(step) for step in where)
        return Problem(self.name, self.line(where), f"{path}: {message}" if path else message)


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, int] | None:
    """The node below, and the line its key stands on."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return value, key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step].start_mark.line + 1
    return None


def _unbounded(text: str) -> tuple[int, str] | None:
    """The line where a file goes deeper or grows larger than it may, and what it says; seen before it is built."""
    around: list[_Extent] = [_Extent("")]
    named: dict[str, _Extent] = {}
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            around.append(_Extent(event.anchor or ""))
        elif isinstance(event, yaml.CollectionEndEvent):
            ended = around.pop()
            named[ended.anchor] = ended
            around[-1].take(ended)
        elif isinstance(event, yaml.AliasEvent):  # of what it stands in itself, the composer complains
            around[-1].take(named.get(event.anchor or "", _Extent("")))
        elif isinstance(event, yaml.ScalarEvent):
            named[event.anchor or ""] = _Extent("")
            around[-1].take(_Extent(""))
        line = event.start_mark.line + 1 if event.start_mark else 1
        if len(around) + around[-1].height > _DEEPEST:
            return line, f"values stand in each other here, deeper than {_DEEPEST}"
        if around[-1].values > _MOST:
            return line, f"the file holds more than {_MOST:,} values here, each alias (*name) counted as all it names"
    return None


def _twice(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    """Keys that a mapping says again; YAML would silently let the last one win."""
    waiting, met = [node], set[yaml.Node]()
    while waiting:
        if (node := waiting.pop()) is None or node in met:  # an alias names what was looked at, or what it stands in
            continue
        met.add(node)
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in seen:
                        yield key.value, key.start_mark.line + 1
                    seen.add(key.value)
                waiting.append(value)
        elif isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)

"""YAML that remembers its lines, so that a mistake can be shown where it stands."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import yaml

Where = Sequence[str | int]

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
            loader = _Loader(path.read_text(encoding="utf-8"))
            node = loader.get_single_node()
            twice = tuple(Problem(name, line, f"'{key}' stands here again") for key, line in _twice(node))
            return cls(name, loader.construct_document(node) if node else None, node, twice)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            return cls(name, None, None, (Problem(name, line, f"not valid YAML: {error.problem}"),))
        except (yaml.YAMLError, ValueError, OSError) as error:
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


def _twice(node: yaml.Node | None, above: tuple[yaml.Node, ...] = ()) -> Iterator[tuple[str, int]]:
    """Keys that a mapping says again; YAML would silently let the last one win."""
    if node is None or node in above:  # an alias may name what it stands in
        return
    above = (*above, node)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    yield key.value, key.start_mark.line + 1
                seen.add(key.value)
            yield from _twice(value, above)
    elif isinstance(node, yaml.SequenceNode):
        for below in node.value:
            yield from _twice(below, above)

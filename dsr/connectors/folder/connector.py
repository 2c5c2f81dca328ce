"""Files below one root folder; each file is a row, and its content belongs to the row."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import ClassVar, Self

from dsr.connectors.contract import (
    Ability,
    Batch,
    Cell,
    ChangesNothing,
    Chunk,
    Effect,
    File,
    Finding,
    Found,
    Receipt,
    Rejected,
    Schema,
    fields_brought,
)
from dsr.connectors.folder.pattern import Pattern, parts_of, usable
from dsr.connectors.folder.tree import Stat, Tree
from dsr.connectors.settings import collection_settings, system_settings
from dsr.datamap.route import Identities, Key, Route
from dsr.datamap.schema import SystemMap, Way

ROWS_AT_ONCE = 1_000
_BUILT_IN = {"path": "text", "size": "bytes", "modified_at": "moment"}


@dataclass(frozen=True)
class FolderSettings:
    """Where the root is, and the pattern of each collection."""

    root: str
    patterns: Mapping[str, Pattern]


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One file: its path, and the fields read out of it."""

    path: tuple[str, ...]
    fields: Mapping[str, str]
    stat: Stat

    def cell(self, field: str) -> Cell:
        if field == "path":
            return "/".join(self.path)
        if field == "size":
            return self.stat.size
        if field == "modified_at":
            return datetime.fromtimestamp(self.stat.modified, UTC)
        return self.fields[field]


class Folder(ChangesNothing):
    """Finds files by the fields of their path, erases by unlinking."""

    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.FIND, Ability.ERASE})

    def __init__(self, system: SystemMap, settings: FolderSettings) -> None:
        self._system = system
        self._patterns = settings.patterns
        self._tree = Tree(settings.root)

    @classmethod
    def from_map(cls, system: SystemMap, environ: Mapping[str, str]) -> Self:
        """Validate the settings: `root`, absolute; per collection `path`. Files are never changed."""
        fields = (field for one in system.collections.values() for field in one.fields.values())
        if system.stops or any(field.rectifiable for field in fields):
            raise ValueError(f"{system.slug}: files are deleted or kept; nothing is rectifiable, and nothing stops")
        root = system_settings(system, environ, needed=("root",))["root"]
        if not os.path.isabs(root):  # noqa: PTH117  the tree is opened by descriptors, not by Path
            raise ValueError(f"{system.slug}: setting 'root' must be an absolute path")
        patterns = {name: _pattern(system, name) for name in system.collections}
        return cls(system, FolderSettings(root, patterns))

    def describe(self) -> Schema:
        """Name what a path tells; the root must answer."""
        self._tree.names(())
        return Schema({name: dict.fromkeys(p.fields, "text") | _BUILT_IN for name, p in self._patterns.items()})

    def check(self) -> list[Finding]:
        """Report fields of a path that the map does not describe, and entries that no pattern covers."""
        findings = [
            Finding(name, f"field '{field}' of the path is not described")
            for name, pattern in self._patterns.items()
            for field in pattern.fields
            if field not in self._system.collections[name].fields
        ]
        strangers = sum(
            all(pattern.read(0, name, {}) is None for pattern in self._patterns.values())
            for name in self._tree.names(())
        )
        if strangers:
            findings.append(Finding("", f"{strangers} entries of the root belong to no collection"))
        return findings

    def count(self, route: Route, identities: Identities) -> int:
        """Count the files."""
        return sum(1 for _ in self._leaves(route, identities))

    def find(self, route: Route, identities: Identities) -> Iterator[Found]:
        """Bring rows, and after each batch the content of its files when the map asks for it."""
        fields = fields_brought(route.collection)
        leaves = self._leaves(route, identities)
        while batch := list(islice(leaves, ROWS_AT_ONCE)):
            yield Batch(route.name, fields, tuple(tuple(map(leaf.cell, fields)) for leaf in batch))
            if route.collection.files:
                for leaf in batch:
                    key = _key(leaf, route.collection.key)
                    yield File(route.name, key, leaf.path[-1], self._tree.content(leaf.path))

    def erase(self, chunk: Chunk, key: str) -> Receipt:  # noqa: ARG002  a missing file stays missing
        """Remove the chunk's files and the folders they leave empty."""
        if chunk.way is not Way.DELETE:
            raise Rejected(f"{chunk.collection}: files can be deleted, not changed")
        pattern = self._pattern_of(chunk)
        fixed = next((d for d in range(len(pattern.segments)) if not pattern.is_fixed(d)), 0)
        erased = sum(
            self._tree.remove(leaf.path, keep_folders=fixed)
            for key_values in chunk.keys
            for leaf in self._named(pattern, chunk, key_values)
        )
        return Receipt(Effect.DONE, count=erased) if erased else Receipt(Effect.ABSENT)

    def read_back(self, chunk: Chunk) -> tuple[Key, ...]:
        """Look for each file again."""
        pattern = self._pattern_of(chunk)
        return tuple(key for key in chunk.keys if self._named(pattern, chunk, key))

    def poll(self, handle: str) -> Receipt:
        """Refuse: an erasure of files is over when it returns."""
        raise Rejected(f"{self._system.slug}: no erasure '{handle[:40]}' is under way")

    def close(self) -> None:
        """Nothing is held open."""

    def _pattern_of(self, chunk: Chunk) -> Pattern:
        if chunk.collection not in self._patterns:
            raise Rejected(f"{self._system.slug}: the map has no collection '{chunk.collection[:64]}'")
        pattern = self._patterns[chunk.collection]
        if not _names_one(chunk.key_fields, pattern):
            raise Rejected(f"{chunk.collection}: a key must name one file")
        return pattern

    def _named(self, pattern: Pattern, chunk: Chunk, key: Key) -> list[_Leaf]:
        bound = _bound(chunk.key_fields, key)
        return [] if bound is None else list(self._matching(chunk.collection, pattern, bound))

    def _leaves(self, route: Route, identities: Identities) -> Iterator[_Leaf]:
        """Walk every binding that identities or other rows give; without one, nothing is listed."""
        pattern = self._patterns[route.name]
        seen: set[tuple[str, ...]] = set()
        for bound in self._bindings(route, identities):
            for leaf in self._matching(route.name, pattern, bound):
                if leaf.path not in seen:
                    seen.add(leaf.path)
                    yield leaf

    def _bindings(self, route: Route, identities: Identities) -> Iterator[dict[str, str]]:
        for seed in route.seeds:
            for values in identities.get(seed.kind, ()):
                if (bound := _bound(seed.fields, values)) is not None:
                    yield bound
        for hop in route.hops:
            for leaf in self._leaves(hop.to, identities):
                told = tuple(str(leaf.cell(field)) for field in hop.to_fields)
                if (bound := _bound(hop.fields, told)) is not None:
                    yield bound

    def _matching(self, name: str, pattern: Pattern, bound: Mapping[str, str]) -> Iterator[_Leaf]:
        if not _is_text(bound.values()):
            return
        rest = {field: value for field, value in bound.items() if field != "path"}
        if "path" in bound:
            parts = parts_of(bound["path"])
            if parts is None or len(parts) != len(pattern.segments):
                return
            choices: Sequence[str] | None = parts
        elif all(usable(value) for value in rest.values()):
            choices = None
        else:
            return
        for path, fields in self._walk(pattern, rest, choices, (), {}):
            found = self._tree.stat(path)
            if found is not None:
                if not _is_text(path):
                    raise Rejected(f"{name}: a file's name is not UTF-8 and cannot be written down")
                yield _Leaf(path, fields, found)

    def _walk(
        self,
        pattern: Pattern,
        bound: Mapping[str, str],
        choices: Sequence[str] | None,
        path: tuple[str, ...],
        fields: Mapping[str, str],
    ) -> Iterator[tuple[tuple[str, ...], Mapping[str, str]]]:
        depth = len(path)
        if depth == len(pattern.segments):
            yield path, fields
            return
        if choices is not None:
            names = [choices[depth]]
        else:
            name = pattern.name(depth, bound)
            names = self._tree.names(path) if name is None else [name]
        for name in names:
            read = pattern.read(depth, name, bound)
            if read is not None:
                yield from self._walk(pattern, bound, choices, (*path, name), {**fields, **read})


def _pattern(system: SystemMap, name: str) -> Pattern:
    """Read one collection's pattern and compare the map's fields with it. ValueError says what differs."""
    collection = system.collections[name]
    where = f"{system.slug}.{name}"
    try:
        pattern = Pattern.parse(collection_settings(system, name, needed=("path",))["path"])
    except ValueError as error:
        raise ValueError(f"{where}: setting 'path': {error}") from None
    unknown = sorted(set(collection.fields) - set(pattern.fields) - set(_BUILT_IN))
    if unknown:
        raise ValueError(f"{where}: field '{unknown[0]}' is neither in the path nor path, size, modified_at")
    if not _names_one(collection.key, pattern):
        raise ValueError(f"{where}: its key must be 'path' or all fields of the path")
    for own in (*collection.found_by.values(), *(tuple(link.on) for link in collection.links)):
        if not own or not set(own) <= {*pattern.fields, "path"}:
            raise ValueError(f"{where}: files are found by fields of their path only")
    if collection.files not in ("", "path"):
        raise ValueError(f"{where}: 'files' must be 'path'")
    if collection.erase.way not in (Way.DELETE, Way.KEEP):
        raise ValueError(f"{where}: files can be deleted or kept, not changed")
    return pattern


def _names_one(key: Sequence[str], pattern: Pattern) -> bool:
    return set(key) <= {*pattern.fields, "path"} and ("path" in key or set(key) == set(pattern.fields))


def _bound(fields: Sequence[str], values: Key) -> dict[str, str] | None:
    """Bind fields to values; None when one is empty, is no text or number, or is missing."""
    if not fields or len(fields) != len(values):
        return None
    if any(isinstance(value, bool) or not isinstance(value, str | int) or value == "" for value in values):
        return None
    return {field: str(value) for field, value in zip(fields, values, strict=True)}


def _is_text(parts: Iterable[str]) -> bool:
    try:
        "/".join(parts).encode()
    except UnicodeEncodeError:
        return False
    return True


def _key(leaf: _Leaf, fields: Sequence[str]) -> Key:
    return tuple("/".join(leaf.path) if field == "path" else leaf.fields[field] for field in fields)

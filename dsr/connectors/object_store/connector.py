"""Objects below one root; each is a row, and its content belongs to the row."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from itertools import islice
from typing import ClassVar, Self

from dsr.connectors.contract import (
    Ability,
    Batch,
    ChangesNothing,
    Chunk,
    Effect,
    File,
    Finding,
    Found,
    KeptKey,
    Receipt,
    Rejected,
    Schema,
    fields_brought,
)
from dsr.connectors.object_store.config import (
    BUILT_IN,
    DETAILS,
    Bucket,
    Local,
    ObjectStoreSettings,
    names_one,
    object_store_settings,
)
from dsr.connectors.object_store.local import LocalStore
from dsr.connectors.object_store.pattern import Binding, Pattern, is_text, keeps_inside, usable
from dsr.connectors.object_store.rows import Object, cell
from dsr.connectors.object_store.store import Store, Stored
from dsr.connectors.object_store.surveying import ObjectAges
from dsr.connectors.object_store.tree import LINK
from dsr.datamap.route import Identities, Key, Route
from dsr.datamap.schema import SystemMap, Way

ROWS_AT_ONCE = 1_000


class ObjectStore(ChangesNothing):
    """Finds objects by the fields of their keys or by whole keys, and erases all that stands under a key."""

    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.FIND, Ability.ERASE, Ability.AGES})

    def __init__(self, system: SystemMap, settings: ObjectStoreSettings) -> None:
        self._system = system
        self._patterns = settings.patterns
        self._store = _store(settings.place)

    @classmethod
    def from_map(cls, system: SystemMap, environ: Mapping[str, str]) -> Self:
        """Validate the settings: `url`, those of S3, and per collection `path`. Objects are never changed."""
        return cls(system, object_store_settings(system, environ))

    def describe(self) -> Schema:
        """Name what a key and the store tell; the root must answer."""
        self._store.first_parts()
        return Schema({name: dict.fromkeys(one.fields, "text") | BUILT_IN for name, one in self._patterns.items()})

    def check(self) -> list[Finding]:
        """Report what the store is not, fields of a path that nobody described, and what no pattern covers."""
        erased = {name for name, one in self._system.collections.items() if one.erase.way is Way.DELETE}
        fixed = sorted({self._patterns[name].fixed for name in erased})
        if differences := self._store.differences(fixed):
            return [Finding("", message) for message in differences]
        findings = [
            Finding(name, f"field '{field}' of the path is not described")
            for name, pattern in self._patterns.items()
            for field in pattern.fields
            if field not in self._system.collections[name].fields
        ]
        patterns = self._patterns.values()
        strangers = sum(not any(one.covers(name) for one in patterns) for name in self._store.first_parts())
        if strangers:
            findings.append(Finding("", f"{strangers} entries of the root belong to no collection"))
        for begins in sorted({one.fixed for one in patterns}):
            findings += (Finding("", message) for message in self._strange(begins))
        return findings

    def count(self, route: Route, identities: Identities) -> int:
        """Count the objects."""
        return sum(1 for _ in self._objects(route, identities, details=False))

    def find(self, route: Route, identities: Identities) -> Iterator[Found]:
        """Bring rows, and after each batch the content of its objects when the map asks for it."""
        fields = fields_brought(route.collection)
        objects = self._objects(route, identities, details=any(field.startswith(DETAILS) for field in fields))
        while batch := list(islice(objects, ROWS_AT_ONCE)):
            yield Batch(route.name, fields, tuple(tuple(cell(one, field) for field in fields) for one in batch))
            for one in batch if route.collection.files else ():
                if one[0].has_content:
                    yield _file(route, one, self._store.content(one[0]))

    def erase(self, chunk: Chunk, key: str) -> Receipt:
        """Erase what stands under the chunk's keys, older versions and unfinished uploads included."""
        if chunk.way is not Way.DELETE:
            raise Rejected(f"{chunk.collection}: objects can be deleted, not changed")
        pattern = self._pattern_of(chunk)
        named = self._paths(pattern, chunk)
        if not named:
            return Receipt(Effect.ABSENT)
        erased = self._store.erase(tuple(named), pattern.fixed)
        kept = tuple(KeptKey(named[path], lock.until, lock.reason) for path, lock in erased.kept.items())
        if erased.doubtful:
            note = f"of {erased.doubtful} objects the store did not say what became of them"
            return Receipt(Effect.IN_DOUBT, count=erased.count, kept=kept, note=note)
        if kept:
            days = [one.until for one in kept]
            until = None if None in days else max(day for day in days if day)
            return Receipt(Effect.KEPT, count=erased.count, until=until, kept=kept)
        return Receipt(Effect.DONE, count=erased.count) if erased.count else Receipt(Effect.ABSENT)

    def read_back(self, chunk: Chunk) -> tuple[Key, ...]:
        """Look under each key again."""
        named = self._paths(self._pattern_of(chunk), chunk)
        left = self._store.left(tuple(named)) if named else set()
        return tuple(key for path, key in named.items() if path in left)

    def survey(self) -> ObjectAges:
        """Tell how old whole collections are."""
        return ObjectAges(self._system.slug, self._patterns, self._store)

    def poll(self, handle: str) -> Receipt:
        """Refuse: an erasure of objects is over when it returns."""
        raise Rejected(f"{self._system.slug}: no erasure '{handle[:40]}' is under way")

    def close(self) -> None:
        """Give back connections."""
        self._store.close()

    def _pattern_of(self, chunk: Chunk) -> Pattern:
        if chunk.collection not in self._patterns:
            raise Rejected(f"{self._system.slug}: the map has no collection '{chunk.collection[:64]}'")
        pattern = self._patterns[chunk.collection]
        if not names_one(chunk.key_fields, pattern):
            raise Rejected(f"{chunk.collection}: a key must name one object")
        return pattern

    def _paths(self, pattern: Pattern, chunk: Chunk) -> dict[str, Key]:
        """Give the chunk's keys by the path each means; what means no path of the collection is absent."""
        named = {}
        for key in chunk.keys:
            bound = _bound(chunk.key_fields, key)
            path = None if bound is None else _path(pattern, bound)
            if path is not None:
                named[path] = key
        return named

    def _objects(self, route: Route, identities: Identities, *, details: bool) -> Iterator[Object]:
        """Ask for every binding that identities or other rows give; without one, nothing is listed."""
        pattern = self._patterns[route.name]
        seen: set[str] = set()
        for stored, fields in self._asked(pattern, self._bindings(route, identities), details=details):
            if stored.key not in seen:
                seen.add(stored.key)
                if not is_text(stored.key):
                    raise Rejected(f"{route.name}: a file's name is not UTF-8 and cannot be written down")
                yield stored, fields

    def _bindings(self, route: Route, identities: Identities) -> Iterator[Binding]:
        for seed in route.seeds:
            for values in identities.get(seed.kind, ()):
                if (bound := _bound(seed.fields, values)) is not None:
                    yield bound
        for hop in route.hops:
            for one in self._objects(hop.to, identities, details=any(f.startswith(DETAILS) for f in hop.to_fields)):
                told = tuple(str(cell(one, field) or "") for field in hop.to_fields)
                if (bound := _bound(hop.fields, told)) is not None:
                    yield bound

    def _asked(self, pattern: Pattern, bindings: Iterable[Binding], *, details: bool) -> Iterator[Object]:
        """List what is found by fields; look for whole keys many at a time."""
        waiting: dict[str, Binding] = {}
        for bound in bindings:
            path = _path(pattern, bound)
            if path is not None:
                waiting[path] = bound
                if len(waiting) == ROWS_AT_ONCE:
                    yield from self._named(pattern, waiting, details=details)
                    waiting = {}
            elif "path" not in bound:
                yield from self._listed(pattern, bound, details=details)
        yield from self._named(pattern, waiting, details=details)

    def _listed(self, pattern: Pattern, bound: Binding, *, details: bool) -> Iterator[Object]:
        """Whatever stands among a person's objects is found, or refused: what nobody reads, nobody would erase."""
        below = pattern.below(bound)
        for stored in self._store.listed(pattern.prefix(bound), pattern.depth, below, details=details):
            fields = pattern.read(stored.key, bound)
            if stored.is_link:
                if pattern.concerns(stored.key, bound) or below(stored.key):
                    raise Rejected(f"'{pattern.text}': {LINK}")
            elif fields is not None:
                yield stored, fields
            elif below(stored.key) and not _is_marker(stored) and self._is_strange(stored.key):
                raise Rejected(
                    f"'{pattern.text}': where the person's objects are stands one that no collection's path reads. "
                    "Name it in the map: a path that ends in '/' reads all that is below"
                )

    def _strange(self, begins: str) -> Iterator[str]:
        """What stands where the collections are, and is not theirs."""
        where = f"below '{begins}'" if begins else "in the root"
        found = self._store.sample(begins)
        keys = [one.key for one in found if not one.is_link]
        if strange := sum(map(self._is_strange, keys)):
            yield f"{strange} of {len(keys)} objects {where} are read by no collection's path"
        if links := len(found) - len(keys):
            yield f"{links} of {len(found)} entries {where} are symbolic links, which are never followed"

    def _is_strange(self, key: str) -> bool:
        return all(one.read(key, {}) is None for one in self._patterns.values())

    def _named(self, pattern: Pattern, waiting: Mapping[str, Binding], *, details: bool) -> Iterator[Object]:
        for stored in self._store.named(tuple(waiting), details=details) if waiting else ():
            fields = pattern.read(stored.key, {})
            if fields is not None:
                yield stored, fields


def _is_marker(stored: Stored) -> bool:
    """What consoles make so that an empty folder shows; it holds nothing."""
    return stored.key.endswith("/") and not (stored.size or stored.uploads)


def _store(place: Local | Bucket) -> Store:
    if isinstance(place, Local):
        return LocalStore(place.root)
    store: Store = import_module("dsr.connectors.object_store.s3").S3Store(place)  # its client is large: only if needed
    return store


def _bound(fields: Sequence[str], values: Key) -> Binding | None:
    """Bind fields to values; None when one is missing, empty, or nothing that a key can hold."""
    if not fields or len(fields) != len(values):
        return None
    if any(isinstance(value, bool) or not isinstance(value, str | int) for value in values):
        return None
    bound = {field: str(value) for field, value in zip(fields, values, strict=True)}
    path = bound.get("path", "a")
    well = path and keeps_inside(path) and is_text(path)
    return bound if well and all(usable(value) for field, value in bound.items() if field != "path") else None


def _path(pattern: Pattern, bound: Binding) -> str | None:
    """Give the whole key that a binding means; None when it means many, or none of this collection."""
    if "path" in bound:
        path = bound["path"]
        rest: Binding = {field: value for field, value in bound.items() if field != "path"}
    elif pattern.names_files and set(bound) == set(pattern.fields):
        path, rest = pattern.prefix(bound), bound
    else:
        return None
    return path if pattern.read(path, rest) is not None else None


def _file(route: Route, one: Object, chunks: Iterator[bytes]) -> File:
    """The content of a row; the name is for people."""
    key = tuple(str(cell(one, field)) for field in route.collection.key)
    return File(route.name, key, one[0].key.rstrip("/").rpartition("/")[2], chunks)

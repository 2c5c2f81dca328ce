"""What a connector is: abilities as data, records as batches, effects with a key and a receipt."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, Self

from dsr.datamap.route import Identities, Key, Route
from dsr.datamap.schema import CollectionMap, Stop, SystemMap, Way
from dsr.datamap.secrets import secret
from dsr.datamap.sharing import Others, Share

Cell = str | int | float | bytes | bool | None | datetime | date | Decimal  # connectors turn all else into text


class Ability(StrEnum):
    """What a connector can do; the plan asks for nothing else."""

    FIND = "find"
    ERASE = "erase"
    POLL = "poll"  # effects may be asynchronous: erase, correct, stop answer STARTED with a handle
    CORRECT = "correct"
    STOP = "stop"
    SURVEY = "survey"  # can be asked about a whole collection, whoever its rows are about: see Surveying
    AGES = "ages"  # of its survey() can be asked `ages` alone
    SHARE = "share"  # finds by any part of a route, and heeds Chunk.others
    REHEARSE = "rehearse"  # a whole erasure can be tried before it is done: see Rehearsing
    TOGETHER = "together"  # several chunks go in one transaction: see Together
    CALL_BACK = "call-back"  # the system may call us once it is done: see CallingBack


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one collection; the fields stand once, in the order of each row."""

    collection: str
    fields: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    share: Share | None = None  # the person's, in rows that concern others, too; set by us: see sharing.py
    left_out: frozenset[str] = frozenset()  # fields whose cells staff left out here; no connector sets it


@dataclass(frozen=True, slots=True)
class File:
    """The content that belongs to the row with `key`; `chunks` is read once, before the next is taken."""

    collection: str
    key: Key
    name: str  # the name in the system; never used as a path by the reader
    chunks: Iterator[bytes]


Found = Batch | File


class Effect(StrEnum):
    """What became of one chunk."""

    DONE = "done"
    ABSENT = "absent"  # nothing was there (any more): success for an erasure
    KEPT = "kept"  # the system keeps it, until `until`
    STARTED = "started"  # ask poll(handle) after `poll_in` seconds
    IN_DOUBT = "in-doubt"  # it may or may not have happened: read back


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A row that the system itself keeps."""

    key: Key
    until: date | None  # None: the system names no day
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A system's answer to an effect."""

    effect: Effect  # KEPT as soon as one row of the chunk is kept; the others stand in `count`
    count: int = 0  # rows erased by this effect
    handle: str = ""
    poll_in: float = 0.0  # seconds
    until: date | None = None  # KEPT: the last day among `kept`
    note: str = ""  # for staff; holds no personal data
    kept: tuple[KeptKey, ...] = ()
    # correct(): one for each change, in their order. DONE: the value is `after`; KEPT: it was neither `before`
    # nor `after`, and nothing was overwritten; ABSENT: the row is not there.
    outcomes: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """Keys of one collection to be erased in one effect. Children come before parents."""

    collection: str
    way: Way
    key_fields: tuple[str, ...]
    keys: tuple[Key, ...]
    set: Mapping[str, str | int | None] = field(default_factory=dict)  # new values, unless way is DELETE
    others: Others | None = None  # rows that concern others, too: for connectors with the ability SHARE


@dataclass(frozen=True, slots=True)
class Change:
    """A new value for one field of one row, if its value is still `before`."""

    collection: str
    key_fields: tuple[str, ...]
    key: Key
    field: str
    before: Cell
    after: Cell


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference between a map and its live system."""

    collection: str
    message: str


@dataclass(frozen=True, slots=True)
class Schema:
    """The live shape: collection -> field -> type, as the system names it."""

    collections: Mapping[str, Mapping[str, str]]


def fields_brought(collection: CollectionMap) -> tuple[str, ...]:
    """Name the fields of a collection's batches: its key first, then what the map names and lets out."""
    described = (name for name, field_map in collection.fields.items() if not secret(field_map))
    return tuple(dict.fromkeys((*collection.key, *described)))


class Unreachable(Exception):
    """The system does not answer; try again, not before `retry_in` seconds."""

    def __init__(self, message: str, *, retry_in: float | None = None) -> None:
        """`message` is shown to staff and holds no personal data."""
        super().__init__(message)
        self.retry_in = retry_in


class Waiting(Exception):
    """A search has been taken on, by people for one, and has no answer yet: ask again after `poll_in` seconds."""

    def __init__(self, handle: str, *, poll_in: float) -> None:
        """`handle` names it in the system."""
        super().__init__(handle)
        self.handle = handle
        self.poll_in = poll_in


class Rejected(Exception):
    """The system answers and refuses, or its answer cannot be trusted: a person must look."""


class Connector(Protocol):
    """One system. Built per use, closed after; safe to repeat: an absent row is a success.

    What stands in no connector's abilities is never asked of it; asked all the same, it raises Rejected.
    """

    @property
    def abilities(self) -> frozenset[Ability]:
        """What it can do; a kind's constant, or what the map's settings let it do."""

    @classmethod
    def from_map(cls, system: SystemMap, environ: Mapping[str, str]) -> Self:
        """Validate the settings (ValueError names the setting) and make a connector; no network yet."""

    def describe(self) -> Schema:
        """The live schema. Raises Unreachable."""

    def check(self) -> list[Finding]:
        """Whether it answers and matches its map; an empty list is good. Raises Unreachable."""

    def count(self, route: Route, identities: Identities) -> int:
        """How many rows `find` would bring; changes nothing."""

    def find(self, route: Route, identities: Identities) -> Iterator[Found]:
        """The subject's rows in batches of at most 1,000, and their files, each after its row's batch.

        Raises Unreachable, Rejected, and Waiting before the first row.
        """

    def erase(self, chunk: Chunk, key: str) -> Receipt:
        """Erase the chunk once; `key` is equal in every attempt. Raises Unreachable, Rejected."""

    def read_back(self, chunk: Chunk) -> tuple[Key, ...]:
        """Those of the chunk's keys that are still there, not erased in the chunk's way."""

    def correct(self, changes: tuple[Change, ...], key: str) -> Receipt:
        """Write the new values of one collection; see Receipt.outcomes. `key` is equal in every attempt.

        A value that changed meanwhile is never overwritten; one that is `after` already counts as DONE.
        The receipt is KEPT as soon as one change was not carried out, and `count` are the DONE ones.
        """

    def read_values(self, changes: tuple[Change, ...]) -> tuple[Cell, ...]:
        """The present value of each change's field, asked anew; None also where the row is not there."""

    def stop(self, stop: Stop, route: Route, identities: Identities, key: str) -> Receipt:
        """Mark the person's rows as the stop says; `route` leads to its collection. `count` are rows changed.

        Rows stopped before keep their moment: ABSENT, when there is none left to stop.
        """

    def resume(self, stop: Stop, route: Route, identities: Identities, key: str) -> Receipt:
        """Take the stop back by its `undo`. Raises Rejected when it has none."""

    def still_running(self, stop: Stop, route: Route, identities: Identities) -> int:
        """How many of the person's rows are not stopped, asked anew; 0 after a stop that worked."""

    def poll(self, handle: str) -> Receipt:
        """What became of an effect that had STARTED."""

    def close(self) -> None:
        """Give back connections."""


class Rehearsing(Connector, Protocol):
    """A connector with the ability REHEARSE."""

    def rehearse(self, chunks: Iterable[Chunk]) -> None:
        """Try all in their order, and take it back. Raises Unreachable, and Rejected, which says why one cannot go."""


class Together(Connector, Protocol):
    """A connector with the ability TOGETHER."""

    def erase_together(self, chunks: Sequence[tuple[Chunk, str]]) -> tuple[Receipt, ...]:
        """Erase all chunks, each with its key, in their order: a receipt for each, or nothing has changed.

        Raises Unreachable, and Rejected, which says why.
        """


class CallingBack(Connector, Protocol):
    """A connector with the ability CALL_BACK."""

    def call_back_at(self, address: str) -> None:
        """The address of ours that effects sent from now on may name. A call there has us poll, and says nothing."""


@dataclass(frozen=True, slots=True)
class Ages:
    """How old a collection's rows are, by the moment that each row names."""

    oldest: str  # as the system spells it; empty when no row names a moment
    older: int  # rows whose moment lies before the one that was asked about
    undated: int  # rows without a moment
    unread: int = 0  # rows that name one which nobody can read


class Survey(Protocol):
    """Questions about whole collections; none of them changes anything. Each raises Unreachable, Rejected."""

    def total(self, collection: str) -> int:
        """How many rows there are."""

    def ages(self, collection: str, told: str, before: datetime, when: Mapping[str, tuple[str, ...]]) -> Ages:
        """By the field that `told` names, as Keep.since does; rows that match `when` alone, if it names any."""

    def rows(self, collection: str, fields: tuple[str, ...]) -> Iterator[tuple[Cell, ...]]:
        """These fields of every row, as they stream in."""


class Surveying(Connector, Protocol):
    """A connector with the ability SURVEY."""

    def survey(self) -> Survey:
        """What answers the questions, as long as the connector is open."""


class ChangesNothing:
    """For connectors that neither correct nor stop: what they were never asked for, they refuse."""

    def correct(self, changes: tuple[Change, ...], key: str) -> Receipt:
        """Refuse."""
        raise Rejected(f"{key}: {len(changes)} values cannot be corrected in this kind of system")

    def read_values(self, changes: tuple[Change, ...]) -> tuple[Cell, ...]:
        """Refuse."""
        raise Rejected(f"{len(changes)} values cannot be corrected in this kind of system")

    def stop(self, stop: Stop, route: Route, identities: Identities, key: str) -> Receipt:
        """Refuse."""
        raise Rejected(f"{route.name}: nothing can be stopped in this kind of system")

    def resume(self, stop: Stop, route: Route, identities: Identities, key: str) -> Receipt:
        """Refuse."""
        return self.stop(stop, route, identities, key)

    def still_running(self, stop: Stop, route: Route, identities: Identities) -> int:
        """Refuse."""
        raise Rejected(f"{route.name}: nothing can be stopped in this kind of system")

"""How a subject's rows are reached in one collection: from identities, from other rows, across systems."""

from collections.abc import Mapping
from dataclasses import dataclass

from dsr.datamap.schema import CollectionMap

Value = str | int | float | bytes | bool | None
Key = tuple[Value, ...]
# kind of identity -> tuples of values. Keys that come from another system stand under that collection's
# full name and own fields, as in 'app-database.users(id)'; see Seed.kind.
Identities = Mapping[str, tuple[Key, ...]]


@dataclass(frozen=True, slots=True)
class Seed:
    """Rows whose `fields` equal one of the tuples `identities[kind]`."""

    kind: str
    fields: tuple[str, ...]
    party: str = ""  # of a shared row: whose it is, where the fields do not tell


@dataclass(frozen=True, slots=True)
class Hop:
    """Rows whose `fields` equal `to_fields` of a row reached by `to`, in the same system."""

    fields: tuple[str, ...]
    to: "Route"
    to_fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """Rows whose `fields` equal `to_fields` of a row of the same collection that is reached, and so on to the end."""

    fields: tuple[str, ...]
    to_fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """Every way to one collection; a row is the subject's when any seed, hop or loop reaches it."""

    name: str
    collection: CollectionMap
    seeds: tuple[Seed, ...]
    hops: tuple[Hop, ...]
    loops: tuple[Loop, ...] = ()

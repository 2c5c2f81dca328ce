"""A first map of a live schema: what its keys and names tell, and a mark at everything that an engineer must judge."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dsr.datamap.guesses import guess, words
from dsr.datamap.sketch import Reference, Table

_SIGN_IN = ("provider", "service", "network", "issuer")
_HOLDERS = frozenset(("user", "account", "customer", "member", "client", "person", "people", "patient", "subscriber"))
_DEVICES = frozenset(("device", "installation", "app_installation"))


@dataclass(slots=True)
class Drafted:
    """A table that becomes a collection: how its rows are found, and what is not certain of it."""

    table: Table
    found_by: dict[str, tuple[str, ...]] = field(default_factory=dict)
    links: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # table, own column -> column there
    points: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # the same, of what says nobody's ownership
    marks: dict[str, str] = field(default_factory=dict)  # key of the collection -> what has to be judged


def drafted(tables: Sequence[Table]) -> tuple[tuple[Drafted, ...], tuple[str, ...]]:
    """The collections, those that people are found in first; and the tables that seem to hold nothing about people."""
    collections = {table.name: Drafted(table, _identities(table)) for table in tables}
    known = sorted(collections.items(), key=lambda one: -len(one[1].found_by))
    reached = [name for name, one in known if one.found_by]
    for name in reached:  # grows while we go
        reached.extend(one for one in dict.fromkeys(_beside(name, collections, reached)) if one not in reached)
    lost = [name for name, one in collections.items() if name not in reached and _personal(one.table)]
    for name in lost:
        collections[name].marks["found_by"] = "names speak of people, and nothing leads here: how are rows found?"
    chosen = [*reached, *lost]
    for name in chosen:
        collections[name].points = list(_points(name, collections, chosen))
    for one in collections.values():
        _mark(one)
    return tuple(collections[name] for name in chosen), tuple(name for name in collections if name not in chosen)


def _identities(table: Table) -> dict[str, tuple[str, ...]]:
    """Columns by which a person may be known here. What stands in many rows is not taken for one."""
    found: dict[str, tuple[str, ...]] = {}
    for kind, category in (("email", "user.contact.email"), ("phone", "user.contact.phone_number")):
        named = [name for name in table.columns if guess(name).category == category and table.stands_once(name)]
        if named:
            found[kind] = (named[0],)
    holder = bool(set(_singular(table.name).split("_")) & _HOLDERS) and not table.references
    if len(table.key) == 1 and (found or holder):
        found["account"] = table.key
    if _singular(table.name) in _DEVICES and len(table.key) == 1 and not found:
        ids = [name for name in table.columns if guess(name).category == "user.device.device_id"]
        if not ids or table.stands_once(ids[0]):
            found["device"] = (ids[0],) if ids else table.key
    for columns in (table.key, *table.unique):
        services = [name for name in columns if set(words(name).split("_")) & set(_SIGN_IN)]
        ids = [name for name in columns if name not in services]
        if len(services) == len(ids) == 1:
            found["social"] = (services[0], ids[0])
    return found


def _singular(name: str) -> str:
    plain = words(name)
    return plain[:-3] + "y" if plain.endswith("ies") else plain.removesuffix("s")


def _personal(table: Table) -> bool:
    return any(guess(name).personal for name in table.columns)


def _beside(name: str, collections: Mapping[str, Drafted], reached: Sequence[str]) -> Iterator[str]:
    """Tables reached by way of this one: those that point at it, and those it points at that speak of people."""
    for other, one in collections.items():
        for key in one.table.references:
            if key.to == name and other != name and not _leads(collections, name, other):
                one.links.append((name, dict(zip(key.columns, key.to_columns, strict=True))))
                if not _owned(key):
                    one.marks["links"] = f"does '{', '.join(key.columns)}' say whose the row is?"
                yield other
    for key in collections[name].table.references:
        parent = collections.get(key.to)
        if parent and key.to not in reached and not parent.links and _personal(parent.table):
            parent.links.append((name, dict(zip(key.to_columns, key.columns, strict=True))))
            parent.marks["links"] = "rows here may be shared: do they belong to one person alone?"
            yield key.to


def _points(
    name: str, collections: Mapping[str, Drafted], chosen: Sequence[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Foreign keys that are no link, for one would close a circle: emptied before what they name is deleted."""
    one = collections[name]
    for key in one.table.references:
        on = dict(zip(key.columns, key.to_columns, strict=True))
        back = (name, {to: own for own, to in on.items()})
        there = collections.get(key.to)
        if there is None or key.to not in chosen or (key.to, on) in one.links or back in there.links:
            continue
        if set(key.to_columns) == set(key_of(there.table)):
            yield key.to, on


def _owned(key: Reference) -> bool:
    """Whether the columns are named like the owner: 'user_id' in an order, and not 'approved_by'."""
    owners = {_singular(key.to), *_HOLDERS, "owner"}
    named = {part for name in key.columns for part in (words(name), words(name).removesuffix("_id"))}
    return bool(named & owners) or len(key.columns) > 1


def _leads(collections: Mapping[str, Drafted], start: str, end: str) -> bool:
    """Whether links already lead from one table to the other: another one back would close a circle."""
    return any(to == end or _leads(collections, to, end) for to, _ in collections[start].links)


def _mark(one: Drafted) -> None:
    linked = [to for to, _ in one.links]
    if len(set(linked)) < len(linked):
        one.marks["links"] = "rows name two people: whose are they?"
    if one.points:
        one.marks.setdefault("links", "'owns: false' only points: whose the row is does not follow. Is that so?")
    if not one.table.key:
        one.marks["key"] = "the table has no primary key: which columns name one row?"
    if one.found_by and "found_by" not in one.marks:
        one.marks["found_by"] = "are these what people prove?"


def key_of(table: Table) -> tuple[str, ...]:
    """What names one row: the primary key, or the first combination that stands once."""
    return table.key or (table.unique[0] if table.unique else ())


def pointing(table: Table) -> dict[str, Reference]:
    """Columns that name rows elsewhere."""
    return {name: key for key in table.references for name in key.columns}

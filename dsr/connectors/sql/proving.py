"""Deletions that nothing can refuse, shown by questions: cheaper than trying them, and no row is locked meanwhile.

Shown of PostgreSQL alone, and of plain tables with one unique key of whole numbers or UUIDs. Whatever else there is,
such as triggers, rules, row security, partitions, or a foreign key that does more than refuse, has to be tried.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import exc, types
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import quoted_name

from dsr.connectors.sql.answers import streamed
from dsr.connectors.sql.erasing import Erasure
from dsr.connectors.sql.errors import passes
from dsr.connectors.sql.live import Place, bound
from dsr.datamap.schema import Way

MOST = 200_000  # keys that are held for it
KEYS_AT_ONCE = 10_000  # of one answer
Kind = types.BigInteger | types.Uuid[str]
Told = sa.Row[Any]

_PLAIN = sa.text("""
    SELECT c.oid FROM pg_catalog.pg_class c
    WHERE c.oid = CAST(:name AS regclass) AND c.relkind = 'r' AND NOT c.relispartition AND NOT c.relhassubclass
    AND NOT c.relhasrules AND NOT c.relrowsecurity
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
    AND EXISTS (
        SELECT FROM pg_catalog.pg_index u JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = :key
        WHERE u.indrelid = c.oid AND u.indisunique AND u.indisvalid AND u.indpred IS NULL
        AND u.indnkeyatts = 1 AND u.indkey[0] = a.attnum
    )
""")
# Every foreign key that points at a table; last, whether it only refuses, has one column, which is compared as we
# compare it, and can be looked at whole: by us, and by its table's owner, in whose name the server looks.
_POINTING = sa.text("""
    SELECT r.oid AS number, n.nspname AS schema, r.relname AS name, own.attname AS own, there.attname AS there,
        k.confdeltype IN ('a', 'r') AND pg_catalog.cardinality(k.conkey) = 1
        AND (own.atttypid IN (20, 21, 23) AND there.atttypid IN (20, 21, 23)
            OR own.atttypid = 2950 AND there.atttypid = 2950)
        AND r.relkind = 'r' AND NOT r.relispartition AND NOT r.relrowsecurity
        AND pg_catalog.has_schema_privilege(r.relowner, r.relnamespace, 'USAGE')
        AND pg_catalog.has_table_privilege(r.relowner, r.oid, 'SELECT')
        AND pg_catalog.has_table_privilege(r.relowner, r.oid, 'UPDATE') AS asked
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class r ON r.oid = k.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
    JOIN pg_catalog.pg_attribute own ON own.attrelid = k.conrelid AND own.attnum = k.conkey[1]
    JOIN pg_catalog.pg_attribute there ON there.attrelid = k.confrelid AND there.attnum = k.confkey[1]
    WHERE k.contype = 'f' AND k.confrelid = :number
""")


@dataclass(frozen=True, slots=True)
class _Listed:
    """What is to be deleted of one table."""

    place: Place
    key: str
    kind: Kind
    keys: list[object] = field(default_factory=list)

    def rows(self) -> sa.TableValuedAlias:
        """Give the keys as rows of one column, 'key'."""
        keys = sa.cast(bound(self.keys), postgresql.ARRAY(self.kind))
        return sa.func.unnest(keys).table_valued("key", name="listed").render_derived()


def unproven(engine: sa.Engine, erasures: Iterator[Erasure]) -> Iterator[Erasure]:
    """Give all of these in their order, or none: if nothing can refuse any of them."""
    held: list[Erasure] = []
    keys = 0
    for erasure in erasures:
        held.append(erasure)
        keys += len(erasure.chunk.keys)
        if keys > MOST or _kind(erasure) is None:
            return chain(held, erasures)
    return iter(()) if _shown(engine, held) else iter(held)


def _kind(erasure: Erasure) -> Kind | None:
    """Give the type of a deletion's keys; None where nothing can be shown of it."""
    chunk, place = erasure.chunk, erasure.place
    plain = place.arrays and chunk.way is Way.DELETE and chunk.others is None and not erasure.pointing
    if not plain or len(chunk.key_fields) != 1 or chunk.key_fields[0] not in place.columns:
        return None
    kind = place.columns[chunk.key_fields[0]].kind
    if isinstance(kind, types.Integer):
        return types.BigInteger()
    return types.Uuid(as_uuid=False) if isinstance(kind, types.Uuid) else None


def _shown(engine: sa.Engine, erasures: Sequence[Erasure]) -> bool:
    try:
        with engine.connect() as connection:
            tables = _listed(connection, erasures)
            return bool(tables) and all(_free(connection, number, tables) for number in tables)
    except exc.DBAPIError as error:
        if passes(error):
            raise
        return False  # whoever may not look has to try


def _listed(connection: sa.Connection, erasures: Sequence[Erasure]) -> dict[int, _Listed]:
    """By the number of each table, in the order of deletion; nothing where one is not plain or comes twice."""
    listed: dict[int, _Listed] = {}
    last: tuple[str, str] | None = None
    for erasure in erasures:
        name = connection.dialect.identifier_preparer.format_table(erasure.place.source)
        (key,) = erasure.chunk.key_fields
        if last != (name, key):
            number, kind = connection.execute(_PLAIN, {"name": name, "key": key}).scalar(), _kind(erasure)
            if number is None or number in listed or kind is None:
                return {}
            listed[number] = table = _Listed(erasure.place, key, kind)
            last = name, key
        table.keys.extend(value for keys in erasure.slices() for (value,) in keys)
    return listed


def _free(connection: sa.Connection, number: int, listed: dict[int, _Listed]) -> bool:
    """Whether we may delete there, and no row that stays until then points at what is listed."""
    mine = listed[number]
    # What refuses a statement whatever its rows are: rights, a server that only reads, replication.
    connection.execute(sa.delete(mine.place.source).where(mine.place.column(mine.key) == sa.any_(bound([]))))
    order = list(listed)
    gone = {each: listed[each] for each in order[: order.index(number)]}
    return all(
        told.asked
        and told.there == mine.key
        and told.number != number
        and not _pointed_at(connection, mine, told, gone)
        for told in connection.execute(_POINTING, {"number": number}).all()
    )


def _pointed_at(connection: sa.Connection, mine: _Listed, told: Told, gone: Mapping[int, _Listed]) -> bool:
    """Whether another row than those that are gone by then points at what is listed.

    Compared here and not there: a plan that is made for the first of such rows may look at all for each of them.
    """
    before = gone.get(told.number)
    names = {told.own, before.key if before else told.own}
    child = sa.table(_quoted(told.name), *(sa.column(_quoted(name)) for name in names), schema=_quoted(told.schema))
    listed = mine.rows()
    asked = sa.select(child.c[before.key if before else told.own])
    taken = set(before.keys) if before else set()
    asked = asked.select_from(child.join(listed, child.c[told.own] == listed.c.key))
    with streamed(connection, asked, KEYS_AT_ONCE) as pointing:
        return any(not taken.issuperset(_spelled(row[0]) for row in rows) for rows in pointing.partitions())


def _spelled(key: object) -> object:
    return str(key) if isinstance(key, UUID) else key


def _quoted(name: str) -> quoted_name:
    return quoted_name(name, quote=True)

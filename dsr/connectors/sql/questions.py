"""Questions that are put together once: about another person, the same one is asked with other values.

To put one together takes longer than to answer it for a person of twenty rows. What is remembered has names in the
places of values, and is of live tables as they were looked up: see marks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from dsr.connectors.blocks import Block
from dsr.connectors.sql import copied
from dsr.connectors.sql.answers import ROWS_AT_ONCE, Question, answered, is_whole, shortly, streamed
from dsr.connectors.sql.live import Tables
from dsr.connectors.sql.statements import reached, sown
from dsr.datamap.route import Identities, Route

MOST = 1_000  # remembered of one database
Values = Mapping[str, list[object]]
Form = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Remembered:
    """The short question in the words of the driver, and what never changes in it."""

    words: str
    constants: Mapping[str, Any]


def answer(
    connection: sa.Connection, tables: Tables, route: Route, identities: Identities, fields: Sequence[str]
) -> Iterator[Sequence[sa.Row[Any]] | Block]:
    """Give the rows of a route in pieces. Without an identity that leads there, no statement is sent."""
    values = _listed(tables, route, identities)
    if values == {}:
        return
    if values is not None:
        short = _asked_shortly(connection, tables, route, identities, fields, values)
        if is_whole(short):
            yield short
            return
    statement = _statement(tables, route, identities, fields)
    if statement is None:
        return
    if values is None:
        yield from answered(connection, statement, connection.dialect.name)
    else:
        yield from _long(connection, tables, route, fields, statement)


def _long(
    connection: sa.Connection, tables: Tables, route: Route, fields: Sequence[str], statement: Question
) -> Iterator[Sequence[sa.Row[Any]] | Block]:
    kinds = copied.kinds(connection, tables.place(route.name, route.collection), fields)
    if kinds:
        return copied.rows(connection, statement, kinds)
    return streamed(connection, statement).partitions(ROWS_AT_ONCE)


def _statement(
    tables: Tables, route: Route, identities: Identities, fields: Sequence[str], *, named: bool = False
) -> Question | None:
    there = reached(tables, route, identities, _names() if named else None)
    return None if there is None else there.each_once([there.place.column(name, there.source) for name in fields])


def _names() -> Iterator[str]:
    number = 0
    while True:
        yield f"seed_{number}"
        number += 1


def _listed(tables: Tables, route: Route, identities: Identities) -> Values | None:
    """The values of each seed, under its name; None when they are not all lists of one type."""
    if not tables.arrays:
        return None
    found: dict[str, list[object]] = {}
    for name, (place, seed, values) in zip(_names(), sown(tables, route, identities), strict=False):
        if values and not place.listable(seed.fields, values):
            return None
        if values:
            found[name] = [value for (value,) in values]
    return found


def _asked_shortly(
    connection: sa.Connection,
    tables: Tables,
    route: Route,
    identities: Identities,
    fields: Sequence[str],
    values: Values,
) -> Sequence[sa.Row[Any]]:
    known = remembered(connection.engine)
    form = (tuple(fields), tuple(values), *_form(tables, route))
    question = known.get(form)
    if question is None:
        if len(known) >= MOST:
            known.clear()
        statement = _statement(tables, route, identities, fields, named=True)
        if statement is None:
            return ()
        compiled = shortly(statement).compile(dialect=connection.dialect)
        constants = {name: value for name, value in compiled.params.items() if name not in values}
        question = known[form] = Remembered(str(compiled), constants)
    return connection.exec_driver_sql(question.words, {**question.constants, **values}).all()


def _form(tables: Tables, route: Route) -> Form:
    """What a question's words depend on besides who is asked about: the ways, and the tables on them."""
    place = tables.place(route.name, route.collection)
    hops = tuple((hop.fields, hop.to_fields, _form(tables, hop.to)) for hop in route.hops)
    return place, route.seeds, hops, route.loops, route.collection.key


@lru_cache(maxsize=128)
def remembered(_: sa.Engine) -> dict[Form, Remembered]:
    """The questions to this database so far."""
    return {}

"""Erasing a chunk by its keys in one transaction, and asking what is left of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc, types

from dsr.connectors.contract import Chunk, KeptKey, Rejected
from dsr.connectors.sql import neutral
from dsr.connectors.sql.chosen import Chosen
from dsr.connectors.sql.errors import passes, refusal
from dsr.connectors.sql.live import Condition, Place, bound
from dsr.connectors.sql.pointing import Keys, Pointing
from dsr.connectors.sql.values import Misfit, spelling
from dsr.datamap.route import Key
from dsr.datamap.schema import Way
from dsr.datamap.sharing import STAYS

KEYS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Erasure:
    """A chunk in its table. `unique`: columns in which no value stands twice; `selves`: that name other rows of it."""

    place: Place
    chunk: Chunk
    unique: frozenset[str] = frozenset()
    selves: tuple[str, ...] = ()
    pointing: tuple[Pointing, ...] = ()
    nobody: Condition | None = None  # says that a row is nobody else's; None: it never is
    leading: frozenset[str] = frozenset()  # columns that lead to other rows: any value there may be somebody's
    identifying: frozenset[str] = frozenset()  # columns by which people are found
    chosen: Chosen = field(default_factory=Chosen)
    new: Mapping[str, object] = field(init=False)  # what the map says, or NULL
    replaced: tuple[str, ...] = field(init=False)  # columns that may not be empty, and the map says: empty

    def __post_init__(self) -> None:
        """Judge the new values. Raises Rejected."""
        emptied = {name for name, value in self._told().items() if value is None}
        replaced = tuple(name for name in emptied if not self.place.columns[name].nullable)
        if lost := ", ".join(f"'{name}'" for name in sorted(self.leading.intersection(replaced))):
            told = "leads to other rows and may not be empty; name a row that is nobody's in 'set'"
            raise Rejected(f"{self.place.name}: column {lost} {told}")
        object.__setattr__(self, "replaced", tuple(sorted(replaced)))
        object.__setattr__(self, "new", {k: v for k, v in self._told().items() if k not in replaced})

    def carry_out(self, connection: sa.Connection) -> int:
        """Give the number of rows that changed. Raises Rejected, and the database's errors: all to be rolled back."""
        if not self.place.once(self.chunk.key_fields):
            self.judge(connection)
        count = 0
        for keys in self.slices():
            changed = self._deleted(connection, keys) if self.chunk.way is Way.DELETE else self._left(connection, keys)
            if changed > len(keys):
                raise Rejected(f"{self.chunk.collection}: its key names more than one row")
            count += changed
        return count

    def judge(self, connection: sa.Connection) -> None:
        """Raise Rejected where a key names no single row, before anything is changed.

        How many rows changed does not tell: one that a key has too many makes up for one that another has no more.
        """
        for keys in self.slices():
            twice = self.place.twice(self.chunk.key_fields, self._named(keys))
            if not self.place.once(self.chunk.key_fields) and connection.execute(twice).first():
                raise Rejected(f"{self.chunk.collection}: its key names more than one row")

    def left(self, connection: sa.Connection) -> Iterator[Key]:
        """Those keys of the chunk, as they were told, that are not erased in its way."""
        read = [self.place.reader(name) for name in self.chunk.key_fields]
        for keys in self.slices():
            if rows := connection.execute(sa.select(*self._key()).where(self._stands(keys))).all():
                own = self._told_as()
                found = (tuple(spelling(cell(value)) for cell, value in zip(read, row, strict=True)) for row in rows)
                yield from (own.get(key, key) for key in found)

    def kept(self, connection: sa.Connection) -> tuple[KeptKey, ...]:
        """Rows that a deletion has left to others, and in which nothing is the person's."""
        others = self.chunk.others
        if self.chunk.way is not Way.DELETE or others is None or not others.stays:
            return ()
        return tuple(KeptKey(key, None, STAYS) for key in self.left(connection))

    def slices(self) -> Iterator[Keys]:
        """Divide the keys so that no statement binds too many. Raises Rejected for one that names no single row."""
        chunk = self.chunk
        if not chunk.key_fields or any(value is None for key in chunk.keys for value in key):
            raise Rejected(f"{self.place.name}: a key without a value would name more than one row")
        for name in chunk.key_fields:
            self.place.column(name)
        keys = list(self.place.fitting(chunk.key_fields, chunk.keys, listed=True))
        for start in range(0, len(keys), KEYS_AT_ONCE):
            yield keys[start : start + KEYS_AT_ONCE]

    def _told_as(self) -> dict[Key, Key]:
        """The chunk's keys as they were told, by their spelling in the table."""
        told = self.place.fitting(self.chunk.key_fields, self.chunk.keys)
        return {tuple(map(spelling, fitted)): key for fitted, key in told.items()}

    def _told(self) -> dict[str, object]:
        if self.chunk.way is Way.DELETE:
            return {}
        if self.chunk.way is Way.KEEP or not self.chunk.set:
            raise Rejected(f"{self.place.name}: the map names no new values for these rows")
        try:
            for name in self.chunk.set:
                self.place.written(name)
            return {n: None if value is None else self.place.fit(n, value) for n, value in self.chunk.set.items()}
        except Misfit:
            raise Rejected(f"{self.place.name}: a new value does not fit its column") from None

    def _named(self, keys: Keys) -> Condition:
        return self.place.among(self.chunk.key_fields, keys)

    def _key(self) -> list[sa.ColumnElement[Any]]:
        return [self.place.column(name) for name in self.chunk.key_fields]

    def _alone(self, connection: sa.Connection, keys: Keys) -> Keys:
        """Those of the rows that are nobody else's."""
        if self.nobody is None:
            return keys
        asked = sa.select(*self._key()).where(self._named(keys)).with_for_update()
        connection.execute(asked).all()  # whoever erases another of these people now waits, and then sees what we did
        return [tuple(row) for row in connection.execute(asked.where(self.nobody))]

    def _deleted(self, connection: sa.Connection, listed: Keys) -> int:
        keys = self._alone(connection, listed)
        if not keys:
            return 0
        for one in self.pointing:
            if (emptying := one.emptying(keys)) is not None:
                connection.execute(emptying)
        # Some databases ask row by row whether another row of the same table still points here.
        for name in self.selves:
            column = self.place.column(name)
            emptied = sa.update(self.place.source).values({column: None})
            connection.execute(emptied.where(self._named(keys), column.is_not(None)))
        return connection.execute(sa.delete(self.place.source).where(self._named(keys))).rowcount

    def _left(self, connection: sa.Connection, keys: Keys) -> int:
        """Overwrite, and delete the rows in which nobody is left."""
        changed = self._over(connection, keys)
        return changed if self.nobody is None else max(changed, self._deleted(connection, keys))

    def _over(self, connection: sa.Connection, keys: Keys) -> int:
        if not self.replaced:
            return connection.execute(self._written(keys)).rowcount
        counted = sa.select(sa.func.count()).select_from(self.place.source).where(self._stands(keys, unknown=0))
        standing = int(connection.execute(counted).scalar_one())
        written = connection.execute(self._written(keys)).rowcount if self.new else 0
        last = sorted(self.replaced, key=lambda name: isinstance(self.place.columns[name].kind, types.DateTime))
        written += sum(self._replace(connection, name, keys) for name in last)  # any UPDATE may move ON UPDATE's moment
        return min(standing, written)  # repeated, it counts as standing what was refused the first value

    def _written(self, keys: Keys) -> sa.Update:
        values = {self.place.column(name): None if v is None else bound(v) for name, v in self.new.items()}
        changed = sa.or_(*(self.place.differs(name, value) for name, value in self.new.items()))
        return sa.update(self.place.source).values(values).where(self._named(keys), changed)

    def _stands(self, keys: Keys, unknown: int | None = None) -> Condition:
        """Say that a row of these keys is not erased; `unknown` as in `_holds`."""
        if self.chunk.way is Way.DELETE:
            return self._named(keys)
        changed = [self.place.differs(name, value) for name, value in self.new.items()]
        changed += [self._holds(name, keys, unknown) for name in self.replaced]
        return sa.and_(self._named(keys), sa.or_(*changed, *(() if self.nobody is None else (self.nobody,))))

    def _holds(self, name: str, keys: Keys, unknown: int | None) -> Condition:
        """Say that a column that may not be empty holds another value than was written to its row.

        Where nobody knows which was: another than the one of number `unknown`, or than all that are offered.
        """
        place = (self.chunk.collection, name)
        forms = [unknown if (form := self.chosen.form(place, key)) is None else form for key in keys]
        names: tuple[str, ...] = (name,)
        if name in self.unique or len(set(forms)) > 1:
            names = (*self.chunk.key_fields, name)
            told = zip(keys, forms, strict=True)
            rows: Keys = [(*key, value) for key, form in told for value in _that(self._offered(name, key), form)]
        else:
            rows = [(value,) for value in _that(self._offered(name), *set(forms))]
        return sa.not_(self.place.among(names, rows)) if rows else sa.true()

    def _offered(self, name: str, key: tuple[object, ...] = ()) -> Sequence[object]:
        column, family = self.place.columns[name], self.place.family
        own = name in self.unique and key
        offered = neutral.values(column, family)
        offered = list(dict.fromkeys((*neutral.own_values(column, family, key), *offered))) if own else offered
        return neutral.nobodys(column, offered) if name in self.identifying else offered

    def _replace(self, connection: sa.Connection, name: str, keys: Keys) -> int:
        """Write the first neutral value that the column's own rules let pass, whatever stands there. Raises Rejected.

        What stands there may look neutral, and be the person's all the same.
        """
        groups = (
            [([key], self._offered(name, key)) for key in keys]
            if name in self.unique
            else [(keys, self._offered(name))]
        )
        refused = "its type has none"
        for form in range(max(len(offered) for _, offered in groups)):
            try:
                with connection.begin_nested():
                    written = sum(self._replaced(connection, name, rows, offered[form]) for rows, offered in groups)
            except exc.DBAPIError as error:
                if passes(error):
                    raise
                refused = refusal(error)
            except IndexError:  # this row's key makes no such value
                continue
            else:
                self.chosen.note((self.chunk.collection, name), keys, form)
                return written
        raise Rejected(f"{self.place.name}: no neutral value fits column '{name}', name one in the map; {refused}")

    def _replaced(self, connection: sa.Connection, name: str, rows: Keys, value: object) -> int:
        written = sa.update(self.place.source).values({self.place.column(name): bound(value)})
        return connection.execute(written.where(self._named(rows), self.place.differs(name, value))).rowcount


def _that(offered: Sequence[object], form: int | None) -> Sequence[object]:
    return offered if form is None else offered[form : form + 1]

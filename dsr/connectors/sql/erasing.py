"""Erasing a chunk by its keys in one transaction, and asking what is left of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from dsr.connectors.contract import Chunk, KeptKey, Rejected
from dsr.connectors.sql import neutral
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
    new: Mapping[str, object] = field(init=False)  # what the map says, or NULL
    replaced: tuple[str, ...] = field(init=False)  # columns that may not be empty, and the map says: empty

    def __post_init__(self) -> None:
        """Judge the new values. Raises Rejected."""
        emptied = {name for name, value in self._told().items() if value is None}
        replaced = tuple(name for name in emptied if not self.place.columns[name].nullable)
        object.__setattr__(self, "replaced", tuple(sorted(replaced)))
        object.__setattr__(self, "new", {k: v for k, v in self._told().items() if k not in replaced})

    def carry_out(self, connection: sa.Connection) -> int:
        """Give the number of rows that changed. Raises Rejected, and the database's errors: all to be rolled back."""
        count = 0
        for keys in self.slices():
            changed = self._deleted(connection, keys) if self.chunk.way is Way.DELETE else self._left(connection, keys)
            if changed > len(keys):
                raise Rejected(f"{self.chunk.collection}: its key names more than one row")
            count += changed
        return count

    def left(self, connection: sa.Connection) -> Iterator[Key]:
        """Those keys of the chunk, as they were told, that are not erased in its way."""
        told = self.place.fitting(self.chunk.key_fields, self.chunk.keys)
        own = {tuple(map(spelling, fitted)): key for fitted, key in told.items()}
        read = [self.place.reader(name) for name in self.chunk.key_fields]
        for keys in self.slices():
            for row in connection.execute(sa.select(*self._key()).where(self._stands(keys))):
                found = tuple(spelling(cell(value)) for cell, value in zip(read, row, strict=True))
                yield own.get(found, found)

    def kept(self, connection: sa.Connection) -> tuple[KeptKey, ...]:
        """Rows that a deletion has left to others, and in which nothing is the person's."""
        others = self.chunk.others
        if self.chunk.way is not Way.DELETE or others is None or not others.stays:
            return ()
        return tuple(KeptKey(key, None, STAYS) for key in self.left(connection))

    def slices(self) -> Iterator[Keys]:
        """Divide the keys so that no statement binds too many. Raises Rejected for a key with a gap."""
        chunk = self.chunk
        if not chunk.key_fields or any(value is None for key in chunk.keys for value in key):
            raise Rejected(f"{self.place.name}: a key without a value would name more than one row")
        for name in chunk.key_fields:
            self.place.column(name)
        keys = self.place.fits(chunk.key_fields, chunk.keys)
        for start in range(0, len(keys), KEYS_AT_ONCE):
            yield keys[start : start + KEYS_AT_ONCE]

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
        count = None
        if self.replaced:
            found = sa.select(sa.func.count()).select_from(self.place.source).where(self._stands(keys))
            count = int(connection.execute(found).scalar_one())
        for name in self.replaced:
            self._replace(connection, name, keys)
        written = connection.execute(self._written(keys)).rowcount if self.new else 0
        return written if count is None else count

    def _written(self, keys: Keys) -> sa.Update:
        values = {self.place.column(name): None if v is None else bound(v) for name, v in self.new.items()}
        changed = sa.or_(*(self.place.differs(name, value) for name, value in self.new.items()))
        return sa.update(self.place.source).values(values).where(self._named(keys), changed)

    def _stands(self, keys: Keys) -> Condition:
        """Say that a row of these keys is not erased."""
        if self.chunk.way is Way.DELETE:
            return self._named(keys)
        changed = [self.place.differs(name, value) for name, value in self.new.items()]
        changed += [self._holds(name, keys) for name in self.replaced]
        return sa.and_(self._named(keys), sa.or_(*changed, *(() if self.nobody is None else (self.nobody,))))

    def _holds(self, name: str, keys: Keys) -> Condition:
        """Say that a column that may not be empty holds something of its row's own."""
        rows: Keys = []
        names: tuple[str, ...] = (name,)
        if name in self.unique:
            names = (*self.chunk.key_fields, name)
            rows = [(*key, value) for key in keys for value in self._offered(name, key)]
        else:
            rows = [(value,) for value in self._offered(name)]
        return sa.not_(self.place.among(names, rows)) if rows else sa.true()

    def _offered(self, name: str, key: tuple[object, ...] = ()) -> Sequence[object]:
        column, family = self.place.columns[name], self.place.family
        return neutral.own_values(column, family, key) if key else neutral.values(column, family)

    def _replace(self, connection: sa.Connection, name: str, keys: Keys) -> None:
        """Write the first neutral value that the column's own rules let pass. Raises Rejected."""
        groups = (
            [(key, self._offered(name, key)) for key in keys] if name in self.unique else [((), self._offered(name))]
        )
        refused = "its type has none"
        for form in range(max(len(offered) for _, offered in groups)):
            try:
                with connection.begin_nested():
                    for key, offered in groups:
                        connection.execute(self._replacing(name, [key] if key else keys, offered[form]))
            except exc.DBAPIError as error:
                if passes(error):
                    raise
                refused = refusal(error)
            except IndexError:  # this row's key makes no such value
                continue
            else:
                return
        raise Rejected(f"{self.place.name}: no neutral value fits column '{name}', name one in the map; {refused}")

    def _replacing(self, name: str, rows: Keys, value: object) -> sa.Update:
        column = self.place.column(name)
        return (
            sa.update(self.place.source)
            .values({column: bound(value)})
            .where(self._named(rows), self._holds(name, rows))
        )

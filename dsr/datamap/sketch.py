"""A live schema in a few words, as far as the draft of a map needs it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key: own columns, and the columns of the table that they name."""

    columns: tuple[str, ...]
    to: str
    to_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `unique` are the sets of columns in which no combination stands twice, the key not among them."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    references: tuple[Reference, ...] = ()
    schema: str = ""

    def stands_once(self, *columns: str) -> bool:
        """Whether these columns together name one row at most."""
        return set(columns) in [set(self.key), *map(set, self.unique)]

"""From when retention periods run: the earliest and the latest date in a column, seen while its records pass."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import InvalidOperation

from dsr.connectors.contract import Cell
from dsr.datamap.schema import CollectionMap, SystemMap


@dataclass(slots=True)
class Since:
    """The dates of one column as the system writes them; `unclear` when they are of kinds that have no one order."""

    earliest: Cell = None
    latest: Cell = None
    blank: int = 0  # cells with no date yet
    unclear: bool = False

    @property
    def unseen(self) -> bool:
        """Whether no cell came by: the column was left out of the copy, which says nothing of what is in it."""
        return self.earliest is None and not self.blank

    def note(self, cells: Sequence[Cell]) -> None:
        """Take in a batch; there may be thousands."""
        dates = [cell for cell in cells if cell is not None and cell != ""]
        self.blank += len(cells) - len(dates)
        if not dates or self.unclear:
            return
        dates += [each for each in (self.earliest, self.latest) if each is not None]
        try:  # ISO text has the order of time as long as all of it is written in one way
            self.earliest, self.latest = min(dates), max(dates)
        except (TypeError, InvalidOperation):  # a date and a number, moments with a zone and without, NaN
            self.unclear = True


def anchored(collection: CollectionMap) -> str:
    """The field that a collection's retention counts from, 'collection.field' in another; empty: the map names none."""
    keep = collection.keep
    if collection.ages_from or not keep or keep.when or keep.rule != collection.retention:
        return collection.ages_from
    return keep.since


def watched(system: SystemMap, name: str) -> dict[str, Since]:
    """The columns of a collection from which its own period or that of another one counts."""
    anchors = ((own, anchored(collection)) for own, collection in system.collections.items())
    fields = [field for own, anchor in anchors for field in _in(name, own, anchor)]
    return {field: Since() for field in fields if field in system.collections[name].fields}


def _in(name: str, own: str, anchor: str) -> Iterable[str]:
    there, dot, field = anchor.rpartition(".")
    return (field,) if anchor and (there if dot else own) == name else ()

"""How old rows are, by moments that may be written in any way."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from dsr.connectors.contract import Ages
from dsr.law import moments


@dataclass(slots=True)
class Tally:
    """Adds up what was read of a table, as `Ages` tells it."""

    before: datetime
    older: int = 0
    undated: int = 0
    unread: int = 0
    _oldest: list[object] = field(default_factory=list)

    def add(self, value: object, rows: int) -> None:
        """Take so many rows with this moment."""
        moment = moments.read(value)
        if moments.blank(value):
            self.undated += rows
        elif moment is None:
            self.unread += rows
        else:
            day = not isinstance(moment, datetime)  # of which no hour is known: it is over when the next one begins
            over = moment < self.before.date() if day else moments.instant(moment) < self.before
            self.older += rows if over else 0
            self.keep(value)

    def sum_up(self, oldest: object, older: int, undated: int) -> None:
        """Take what the database has counted itself."""
        self.older += int(older)
        self.undated += int(undated)
        self.keep(oldest)

    def keep(self, value: object) -> None:
        """Remember it, if it is the oldest."""
        moment = moments.read(value)
        known = moments.read(self._oldest[0]) if self._oldest else None
        if moment is not None and (known is None or moments.instant(moment) < moments.instant(known)):
            self._oldest = [value]

    def told(self) -> Ages:
        """All of it; the oldest as the system spells it."""
        oldest = _spelled(self._oldest[0]) if self._oldest else ""
        return Ages(oldest, self.older, self.undated, self.unread)


def _spelled(value: object) -> str:
    """As ISO 8601 where it is a moment, in UTC where it has a zone; else as it was written."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC)
    return value.isoformat() if isinstance(value, date) else str(value)

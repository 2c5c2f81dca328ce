"""How old whole collections of objects are: everything that a path reads is listed, whoever it belongs to."""

from collections.abc import Mapping
from datetime import datetime

from dsr.connectors.contract import Ages, Rejected
from dsr.connectors.object_store.config import DETAILS
from dsr.connectors.object_store.pattern import Pattern
from dsr.connectors.object_store.rows import cell
from dsr.connectors.object_store.store import Store
from dsr.connectors.tallying import Tally
from dsr.datamap import meeting


class ObjectAges:
    """Answers by lists alone; no content is read."""

    def __init__(self, system: str, patterns: Mapping[str, Pattern], store: Store) -> None:
        self._system = system
        self._patterns = patterns
        self._store = store

    def ages(self, collection: str, told: str, before: datetime, when: Mapping[str, tuple[str, ...]]) -> Ages:
        """By a field of the object itself, such as `modified_at`: of one with versions that of the newest."""
        if collection not in self._patterns:
            raise Rejected(f"{self._system}: the map has no collection '{collection[:64]}'")
        if "." in told:
            raise Rejected(f"{collection}: '{told}' stands in other objects; name a field of its own: modified_at")
        pattern, fields, tally = self._patterns[collection], (told, *when), Tally(before)
        details = any(field.startswith(DETAILS) for field in fields)
        for stored in self._store.listed(pattern.fixed, pattern.depth, _no_deeper, details=details):
            read = pattern.read(stored.key, {})
            if read is None:
                continue
            record = {field: cell((stored, read), field) for field in fields}
            if meeting.matches(record, when):
                tally.add(record[told], 1)
        return tally.told()


def _no_deeper(_key: str) -> bool:
    """What no path of the collection reads is not looked at here; check() names it."""
    return False

"""The portal as a system of its own data map: what it holds about a person is found like everything else.

What it keeps, it keeps as the record of having answered; when that time is over it reduces each request by itself
(see keeping), so an erasure has nothing to do here but to wait for that.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import ClassVar, Self

from django.db.models import QuerySet

from dsr.connectors.contract import (
    Ability,
    Batch,
    ChangesNothing,
    Chunk,
    Effect,
    Finding,
    Found,
    Receipt,
    Schema,
    Unreachable,
)
from dsr.connectors.settings import system_settings
from dsr.datamap.route import Identities, Key, Route
from dsr.datamap.schema import IdentityKind, SystemMap
from dsr.models import SubjectRequest, sealed
from dsr.steps.fulfilling.own_shelves import SHELVES

_AT_ONCE = 500
_SOON = 3600.0  # seconds: `keeping` runs each hour


class OwnHouse(ChangesNothing):
    """Requests of a person and what hangs on them, by the identifiers they have proven here."""

    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.FIND, Ability.ERASE})

    def __init__(self, controller: str, system: SystemMap) -> None:
        self._controller = controller
        self._system = system

    @classmethod
    def from_map(cls, system: SystemMap, environ: Mapping[str, str]) -> Self:
        """Its one setting is the controller whose requests it shows."""
        settings = system_settings(system, environ, needed=("controller",))
        return cls(settings["controller"], system)

    def describe(self) -> Schema:
        """The fields it can bring."""
        return Schema({name: dict.fromkeys(shelf.fields, "text") for name, shelf in SHELVES.items()})

    def check(self) -> list[Finding]:
        """Compare the map with what it can bring."""
        findings = []
        for name, collection in self._system.collections.items():
            known, named = SHELVES[name].fields, collection.fields
            findings += [Finding(name, f"there is no field '{field}'") for field in named if field not in known]
            findings += [Finding(name, f"'{field}' is not described") for field in known if field not in named]
        return findings

    def count(self, route: Route, identities: Identities) -> int:
        """How many rows `find` would bring."""
        return SHELVES[route.name].rows(self._requests(route, identities)).count()

    def find(self, route: Route, identities: Identities) -> Iterator[Found]:
        """Rows of the requests in which the person proved one of these identifiers."""
        shelf = SHELVES[route.name]
        rows = shelf.found(self._requests(route, identities))
        while batch := tuple(islice(rows, _AT_ONCE)):
            yield Batch(route.name, shelf.fields, batch)

    def erase(self, chunk: Chunk, key: str) -> Receipt:
        """What is over is reduced by `keeping`; here is only asked whether that is done. Raises Unreachable."""
        left = len(self.read_back(chunk))
        if left:
            message = "The portal reduces its own record of this request within the hour."
            raise Unreachable(message, retry_in=_SOON)
        return Receipt(Effect.ABSENT)

    def read_back(self, chunk: Chunk) -> tuple[Key, ...]:
        """Those of these rows that still say something about a person."""
        standing = SHELVES[chunk.collection].standing([str(key[0]) for key in chunk.keys])
        return tuple(key for key in chunk.keys if key[0] in standing)

    def poll(self, handle: str) -> Receipt:
        """Nothing here is asynchronous."""
        message = f"the portal gave no handle '{handle}'"
        raise ValueError(message)

    def close(self) -> None:
        """The portal's own connection stays."""

    def _requests(self, route: Route, identities: Identities) -> QuerySet[SubjectRequest]:
        """Requests of this controller that the shelf's person has to do with."""
        kinds = {seed.kind for seed in (*route.seeds, *(seed for hop in route.hops for seed in hop.to.seeds))}
        lookups = [
            hashed
            for kind in kinds & set(IdentityKind)
            for key in identities.get(kind, ())
            for hashed in sealed.lookups(kind, ":".join(map(str, key)))  # a social sign-in is two values
        ]
        mine = SubjectRequest.objects.filter(SHELVES[route.name].whose(lookups), controller=self._controller)
        return mine.filter(reduced_at=None).order_by("received_at")

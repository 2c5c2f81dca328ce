"""What the simplest connectors have in common: named settings, erasures that are over when they return, no changes."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

from dsr.connectors.contract import Ability, Batch, ChangesNothing, Found, Receipt, Rejected
from dsr.connectors.settings import system_settings
from dsr.datamap.route import Identities, Route
from dsr.datamap.schema import SystemMap


class AtOnce(ChangesNothing, ABC):
    """The least that is left to write: `describe`, `check`, `find`, `erase` and `read_back`.

    Whoever can do more, or has settings of collections, writes the call anew.
    """

    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.FIND, Ability.ERASE})
    needed: ClassVar[tuple[str, ...]] = ()  # settings of the system
    optional: ClassVar[tuple[str, ...]] = ()

    def __init__(self, settings: Mapping[str, str]) -> None:
        """Take the system's settings, by their names, with secrets in their places."""
        self.settings = settings

    @classmethod
    def from_map(cls, system: SystemMap, environ: Mapping[str, str]) -> Self:
        """Refuse settings that nobody knows, and miss none that is needed."""
        return cls(system_settings(system, environ, needed=cls.needed, optional=cls.optional))

    @abstractmethod
    def find(self, route: Route, identities: Identities) -> Iterator[Found]:
        """As in the contract."""

    def count(self, route: Route, identities: Identities) -> int:
        """Find, and count the rows; nothing of a file is read."""
        return sum(len(found.rows) for found in self.find(route, identities) if isinstance(found, Batch))

    def poll(self, handle: str) -> Receipt:
        """Refuse: nothing has started that is not over."""
        raise Rejected(f"no effect '{handle[:40]}' is under way")

    def close(self) -> None:
        """Nothing is held open."""

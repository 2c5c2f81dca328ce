"""What a place of objects can do for the connector, whether it is a folder or a bucket."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stored:
    """Everything that stands under one key: its newest content, older versions, unfinished uploads."""

    key: str
    size: int = 0  # of the newest content
    modified: datetime | None = None
    etag: str = ""
    version: str = ""  # id of the newest content, where there are versions
    versions: int = 1  # 0: only a mark of deletion, or an unfinished upload
    uploads: int = 0  # begun and never finished: their parts are stored
    content_type: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    is_link: bool = False  # it leads elsewhere, and nobody follows it

    @property
    def has_content(self) -> bool:
        """Whether there is something to read."""
        return self.versions > 0


@dataclass(frozen=True, slots=True)
class Lock:
    """Why a store keeps an object, and until which day."""

    until: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class Erased:
    """What became of some keys."""

    count: int
    kept: Mapping[str, Lock] = field(default_factory=dict)
    doubtful: int = 0  # keys of which the answer said nothing


class Store(Protocol):
    """A place of objects. Every call may raise Unreachable and Rejected; texts name no key."""

    def listed(
        self, prefix: str, depth: int | None, below: Callable[[str], bool], *, details: bool
    ) -> Iterator[Stored]:
        """What begins with `prefix` and has up to `depth` parts, or more in a folder of which `below` says so.

        It may bring more than that, and links; `details` are content type and metadata.
        """

    def named(self, keys: Sequence[str], *, details: bool) -> Iterator[Stored]:
        """Those of the keys that are there; no link is one of them."""

    def content(self, stored: Stored) -> Iterator[bytes]:
        """The newest content, as a stream."""

    def erase(self, keys: Sequence[str], fixed: str) -> Erased:
        """Erase all that stands under the keys; folders left empty go as well, but for `fixed`."""

    def left(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys under which anything stands, asked anew."""

    def first_parts(self) -> list[str]:
        """The first parts of the keys there are: a sample, if there are many."""

    def sample(self, prefix: str) -> list[Stored]:
        """A thousand of those whose keys begin with `prefix`, by key alone."""

    def differences(self, fixed: Sequence[str]) -> list[str]:
        """How it differs from what the map says; `fixed` are prefixes below which is erased."""

    def close(self) -> None:
        """Give back connections."""

"""What the settings of a collection declare."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dsr.connectors.http.paging import Paging
from dsr.connectors.http.paths import Condition
from dsr.connectors.http.template import CALLBACK, Request

STATES = ("running", "confirm", "done", "absent", "partial", "failed")


@dataclass(frozen=True, slots=True)
class Listing:
    """One list: how it is asked, where its rows stand, how it goes on, and when it says that nobody is there."""

    request: Request
    rows: str
    paging: Paging = field(default_factory=Paging)
    absent: Condition = field(default_factory=Condition)
    batch: int = 1


@dataclass(frozen=True, slots=True)
class Search:
    """Turns an identity into the service's own id."""

    listing: Listing
    field: str  # where a row of the result holds the id
    shows: str  # where it shows the value that was asked for


@dataclass(frozen=True, slots=True)
class Job:
    """An erasure that takes its time."""

    name: str  # where its answer holds the name
    poll: Request
    state: str
    states: Mapping[str, str]  # the service's word -> one of STATES
    poll_in: float


@dataclass(frozen=True, slots=True)
class Erasure:
    """A declared erasure, with what its answers mean."""

    request: Request
    done: Condition
    absent: Condition
    kept: Condition
    kept_reason: str
    kept_until: str
    batch: int
    confirm: Request | None = None
    confirm_done: Condition = field(default_factory=Condition)
    rehearse: Request | None = None
    rehearse_done: Condition = field(default_factory=Condition)
    job: Job | None = None

    @property
    def calls_back(self) -> bool:
        """Whether the service is told where to call once its job is over."""
        told = [asked for asked in (self.request, self.confirm) if asked]
        return self.job is not None and any(CALLBACK in asked.names for asked in told)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """How one collection is reached; what is empty or None, the service cannot do."""

    list: Listing
    read: Listing | None = None  # by the key, for reading back
    search: Search | None = None
    erasure: Erasure | None = None
    # Of our own small protocol:
    erase: str = ""
    correct: str = ""
    poll: str = ""


@dataclass(frozen=True, slots=True)
class StopEndpoint:
    """Where a stop is sent, and where its job is polled."""

    path: str
    poll: str = ""

"""A large file that somebody brings to a page: kept in memory alone, one at a time, and not for ever."""

from threading import Lock
from time import monotonic

from django.core.files.uploadhandler import MemoryFileUploadHandler, StopUpload
from django.http import HttpRequest

LIMIT = 25 << 20  # bytes of a form with its file
DRAINED = 8 * LIMIT  # what is read and thrown away, for a browser listens only when it has sent everything
LONGEST = 180.0  # seconds
_PIECE = 1 << 16


class Turns:
    """Whose turn it is: one at a time. Who takes longer than LONGEST, such as by a line that stalls, has lost it."""

    def __init__(self) -> None:
        """Nobody's."""
        self._lock, self._until = Lock(), 0.0

    def begin(self) -> float | None:
        """Until when it is the caller's turn; None while it is somebody else's."""
        with self._lock:
            if monotonic() < self._until:
                return None
            self._until = monotonic() + LONGEST
            return self._until

    def end(self, until: float) -> None:
        """The turn that ends then is over."""
        with self._lock:
            if self._until == until:
                self._until = 0.0


class InMemory(MemoryFileUploadHandler):
    """Keeps a file in memory, whatever the size that other pages allow; the view has looked at the length before."""

    def __init__(self, request: HttpRequest, until: float) -> None:
        """What is not here by `until` is given up."""
        super().__init__(request)
        self._until = until

    def handle_raw_input(self, *_: object, **__: object) -> None:
        """Every length that came so far."""
        self.activated = True

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """The next piece. Raises StopUpload."""
        if monotonic() > self._until:
            raise StopUpload(connection_reset=True)
        return super().receive_data_chunk(raw_data, start)


def length(request: HttpRequest) -> int:
    """Of what is sent, in bytes; the server reads no more than that."""
    told = request.META.get("CONTENT_LENGTH", "")
    return int(told) if told.isdecimal() else 0


def drain(request: HttpRequest) -> None:
    """Let a browser send what is too large, and keep none of it."""
    left = min(length(request), DRAINED)
    while left > 0 and (piece := request.read(min(left, _PIECE))):
        left -= len(piece)

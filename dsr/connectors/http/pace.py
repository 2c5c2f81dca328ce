"""A token bucket for each system in this process: calls go out as fast as the system wants, never faster."""

import re
import threading
import time
from collections.abc import Callable

from dsr.connectors.contract import Unreachable

_RATE = re.compile(r"([1-9][0-9]{0,5})/(s|min|h)")
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_LONGEST_WAIT = 30.0


class Bucket:
    """Holds as many tokens as may go at once; they come back evenly."""

    def __init__(
        self,
        calls: int,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._most = float(calls)
        self._per_second = calls / seconds
        self._tokens = self._most
        self._clock = clock
        self._sleep = sleep
        self._seen = clock()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Take a token, waiting for it if that is not long. Raises Unreachable, and takes none, if it is."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._most, self._tokens + (now - self._seen) * self._per_second)
            self._seen = now
            wait = max(0.0, (1 - self._tokens) / self._per_second)
            if wait > _LONGEST_WAIT:
                raise Unreachable("the system's own rate is reached", retry_in=wait)
            self._tokens -= 1
        if wait:
            self._sleep(wait)


_buckets: dict[tuple[str, str, str], Bucket] = {}
_lock = threading.Lock()


def rate(text: str) -> tuple[int, float]:
    """Read '25/s', '100/min' or '1000/h'. ValueError: it is none of these."""
    match = _RATE.fullmatch(text)
    if not match:
        raise ValueError("must be like 25/s, 100/min or 1000/h")
    return int(match[1]), _SECONDS[match[2]]


def bucket(slug: str, base_url: str, text: str) -> Bucket:
    """The one bucket that all connectors of a system share, for each is built anew for each use."""
    with _lock:
        return _buckets.setdefault((slug, base_url, text), Bucket(*rate(text)))

"""Send one question to an allowed address and take one bounded answer."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx

from dsr.egress.transport import Deadline, DirectTransport, Origin

_CHUNK = 64 * 1024
_FIRST_SERVER_ERROR = 500
_TOO_MANY = 429
_LONGEST_WAIT = 24 * 3600.0  # a system that asks for more is asked again after a day


class Refused(Exception):
    """We do not send there, or do not take what came back. Nothing changes by trying again."""


class NoAnswer(Exception):
    """The system did not answer, or says it cannot now; try again, not before `retry_in` seconds."""

    def __init__(self, message: str, *, retry_in: float | None = None) -> None:
        super().__init__(message)
        self.retry_in = retry_in


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, for each silence while reading, and for the whole exchange."""

    connect: float = 5.0
    read: float = 20.0
    total: float = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a system answered, below 500 and other than 429."""

    status: int
    content_type: str  # lower case, without parameters
    body: bytes


class Egress:
    """A client for one system. Never follows a redirect, reads no proxy or netrc from the environment.

    It speaks through the transport alone: httpx's own client would log whole addresses, and with them
    the identifiers of people.
    """

    def __init__(
        self,
        allow: Iterable[str],
        *,
        timeouts: Timeouts | None = None,
        max_bytes: int = 16 * 1024 * 1024,
    ) -> None:
        """`allow` holds base addresses; scheme, host and port count. ValueError: one of them is unusable."""
        self._allowed = frozenset(_origin(_parsed(base)) for base in allow)
        self._timeouts = timeouts or Timeouts()
        self._max_bytes = max_bytes
        self._deadline = Deadline()
        self._transport = DirectTransport(self._allowed, self._deadline)

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Answer:
        """Send once; `body` becomes JSON. Raises Refused, NoAnswer; neither text holds personal data."""
        target = self._target(url)
        where = f"{method} {target.host}"
        try:
            request = httpx.Request(
                method,
                target.copy_merge_params(list(params)) if params else target,
                headers={"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})},
                json=body,
                extensions={"timeout": self._limits()},
            )
        except (ValueError, httpx.InvalidURL):
            raise Refused(f"{where}: a value cannot be written into the question") from None
        self._deadline.start(self._timeouts.total)
        try:
            response = self._transport.handle_request(request)
            try:
                return self._taken(where, response)
            finally:
                response.close()
        except httpx.LocalProtocolError:
            raise Refused(f"{where}: the question cannot be sent; check its headers") from None
        except httpx.TimeoutException:
            raise NoAnswer(f"{where}: no answer in time") from None
        except httpx.TransportError as error:
            raise NoAnswer(f"{where}: no answer ({type(error).__name__})") from None

    def close(self) -> None:
        """Give back connections."""
        self._transport.close()

    def _target(self, url: str) -> httpx.URL:
        try:
            target = _parsed(url)
        except ValueError as error:
            raise Refused(str(error)) from None
        if _origin(target) not in self._allowed:
            raise Refused("the address is not one of those that the settings allow")
        return target

    def _limits(self) -> dict[str, float | None]:
        limits = self._timeouts
        return httpx.Timeout(limits.read, connect=limits.connect).as_dict()

    def _taken(self, where: str, response: httpx.Response) -> Answer:
        status = response.status_code
        if status >= _FIRST_SERVER_ERROR or status == _TOO_MANY:
            raise NoAnswer(f"{where}: answered {status}", retry_in=_retry_in(response.headers))
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise Refused(f"{where}: the answer is compressed, which was not asked for")
        body = bytearray()
        for chunk in response.iter_raw(_CHUNK):
            body += chunk
            if len(body) > self._max_bytes:
                raise Refused(f"{where}: the answer is larger than {self._max_bytes} bytes")
        content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Answer(status, content_type, bytes(body))


def json_of(answer: Answer) -> object:
    """Read the JSON in an answer. ValueError: it is something else, whatever the status says."""
    if answer.content_type != "application/json":
        raise ValueError("the answer is not JSON")
    try:
        parsed: object = json.loads(answer.body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ValueError("the answer is broken JSON") from None
    return parsed


def _retry_in(headers: httpx.Headers) -> float | None:
    """Read Retry-After: seconds, or a moment by the clock of the one who answers."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_WAIT)
    try:
        until, now = (parsedate_to_datetime(headers[name]) for name in ("retry-after", "date"))
        return min(max((until - now).total_seconds(), 0.0), _LONGEST_WAIT)
    except (KeyError, ValueError, TypeError):  # missing, no date, or one without a zone
        return None


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _parsed(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        raise ValueError("the address cannot be read") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError("the address must begin with http:// or https:// and name a host")
    if parsed.userinfo:
        raise ValueError("the address must not hold a name or password")
    return parsed


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)

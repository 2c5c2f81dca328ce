"""Send one question to an allowed address and take one bounded answer."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx

from dsr.egress.addresses import Private, networks
from dsr.egress.transport import Deadline, DirectTransport, Origin

_CHUNK = 64 * 1024
_FIRST_SERVER_ERROR = 500
_TOO_MANY = 429
_JSON = re.compile(r"application/(?:[\w.!#$&^-]+\+)?json")  # structured suffixes as well (RFC 6839)
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
    link: str = ""  # the header of this name (RFC 8288)


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
        private: Iterable[str] = (),
    ) -> None:
        """`allow` holds base addresses; scheme, host and port count. ValueError: one of them is unusable.

        `private` holds networks that are not of the internet and may be reached all the same.
        """
        self._allowed = frozenset(_origin(_parsed(base)) for base in allow)
        self._timeouts = timeouts or Timeouts()
        self._max_bytes = max_bytes
        self._deadline = Deadline()
        self._transport = DirectTransport(self._allowed, self._deadline, networks(private))

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        body: object = None,
        content: bytes | None = None,
    ) -> Answer:
        """Send once; `body` becomes JSON, `content` goes as it is.

        Raises Refused, NoAnswer; neither text holds personal data.
        """
        target = self._target(url)
        where = f"{method} {target.host}"
        try:
            target = target.copy_merge_params(list(params)) if params else target
            request = self._request(method, target, headers or {}, body, content)
        except (ValueError, httpx.InvalidURL):
            raise Refused(f"{where}: a value cannot be written into the question") from None
        self._deadline.start(self._timeouts.total)
        try:
            response = self._transport.handle_request(request)
            try:
                return self._taken(where, response)
            finally:
                response.close()
        except Private:
            raise Refused(f"{where}: the address is private, and the settings do not allow it") from None
        except httpx.LocalProtocolError:
            raise Refused(f"{where}: the question cannot be sent; check its headers") from None
        except httpx.TimeoutException:
            raise NoAnswer(f"{where}: no answer in time") from None
        except httpx.TransportError as error:
            raise NoAnswer(f"{where}: no answer ({type(error).__name__})") from None

    def close(self) -> None:
        """Give back connections."""
        self._transport.close()

    def _request(
        self, method: str, target: httpx.URL, headers: Mapping[str, str], body: object, content: bytes | None
    ) -> httpx.Request:
        return httpx.Request(
            method,
            target,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", **headers},
            json=body,
            content=content,
            extensions={"timeout": self._limits()},
        )

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
        return Answer(status, content_type, bytes(body), response.headers.get("link", ""))


def json_of(answer: Answer) -> object:
    """Read the JSON in an answer. ValueError: it is something else, whatever the status says."""
    if not _JSON.fullmatch(answer.content_type):
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
    except (KeyError, ValueError, TypeError, OverflowError):  # missing, no date, beyond all, or without a zone
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

"""Calls to one service: encoded, known by their credentials, at the pace it wants, each answer looked at."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from dsr.connectors.contract import Rejected, Unreachable
from dsr.connectors.http.auth import Call
from dsr.connectors.http.config import HttpSettings
from dsr.connectors.http.pace import bucket
from dsr.connectors.http.paths import ABSENT, Condition
from dsr.egress.client import Answer, Egress, NoAnswer, Refused, Timeouts, json_of

_UNAUTHORISED = 401
_OK = 200
Params = Sequence[tuple[str, str]]


class Calls:
    """The one way out to a service."""

    def __init__(self, slug: str, settings: HttpSettings) -> None:
        self._slug = slug
        self._settings = settings
        timeouts = Timeouts(connect=min(5.0, settings.timeout), read=settings.timeout, total=settings.timeout)
        try:
            self._egress = Egress(
                [settings.base_url, *settings.auth.origins], timeouts=timeouts, private=settings.private
            )
        except ValueError as error:
            raise ValueError(f"{slug}: setting 'base_url': {error}") from None
        self._knows = settings.auth.made(self._egress, slug)
        self._bucket = bucket(slug, settings.base_url, settings.rate) if settings.rate else None

    def close(self) -> None:
        """Give back connections."""
        self._egress.close()

    def address(self, path: str, params: Params) -> str:
        """The whole address of a call, without what it is known by."""
        return f"{self._settings.base_url}{path}" + (f"?{_encoded(params)}" if params else "")

    def send(
        self, method: str, address: str, *, headers: Mapping[str, str] | None = None, body: object = None
    ) -> Answer:
        """Send once; again only if the service says that it did not know us any more. Raises Unreachable, Rejected."""
        with _speaking(self._slug):
            answer = self._once(method, address, headers or {}, body)
            if answer.status == _UNAUTHORISED and self._knows.renew():
                answer = self._once(method, address, headers or {}, body)
            return answer

    def _once(self, method: str, address: str, headers: Mapping[str, str], body: object) -> Answer:
        if self._bucket:
            self._bucket.take()
        whole = self._with_key(address)
        content, kind = self._content(body)
        parts = urlsplit(whole)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        known = self._knows.headers(Call(method, target, content or b""))
        sent = {**self._settings.headers, **kind, **headers, **known}
        return self._egress.send(method, whole, headers=sent, content=content)

    def _with_key(self, address: str) -> str:
        """The address with the parameter that holds the key, once, whatever stood there."""
        if not (told := self._settings.auth.params):
            return address
        parts = urlsplit(address)
        own = {name for name, _ in told}
        others = [one for one in parse_qsl(parts.query, keep_blank_values=True) if one[0] not in own]
        return urlunsplit(parts._replace(query=_encoded([*others, *told])))

    def _content(self, body: object) -> tuple[bytes | None, dict[str, str]]:
        if body is None:
            return None, {}
        if self._settings.form:
            return _encoded(list(_flat("", body))).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return _bytes(text), {"Content-Type": "application/json"}


def parsed(place: str, answer: Answer, absent: Condition) -> object:
    """The JSON of an answer, or None when it is empty. Raises Rejected; the text holds nothing of it.

    A status by which the map means `absent` says it all: many servers write a page of their own then.
    """
    if not answer.body:
        return None
    try:
        return json_of(answer)
    except ValueError as error:
        if absent.holds(answer.status, ABSENT):
            return None
        raise Rejected(f"{place}: {error}, its status is {answer.status}") from None


def complains(body: object) -> bool:
    """Whether an answer speaks of an error, whatever its status says."""
    return isinstance(body, Mapping) and bool(body.get("error") or body.get("errors"))


def bad(answer: Answer, body: object, settings: HttpSettings) -> bool:
    """Whether an answer is none to believe: by the map's own condition, else by the words that most services have."""
    if complains(body):
        return True
    if settings.ok:
        return body is not None and not settings.ok.holds(answer.status, body)
    return isinstance(body, Mapping) and (body.get("ok") is False or body.get("success") is False)


def believed(place: str, answer: Answer, body: object, settings: HttpSettings) -> object:
    """The body of an answer that succeeded by its status and by itself. Raises Rejected."""
    if answer.status != _OK:
        raise Rejected(f"{place}: the service answered {answer.status}")
    if bad(answer, body, settings):
        raise Rejected(f"{place}: the answer reports an error, though its status is {answer.status}")
    return body


def _flat(name: str, found: object) -> Iterator[tuple[str, str]]:
    """Nested values as forms have them: `a[b]`, `a[]`, `a[0][b]`."""
    if isinstance(found, Mapping):
        for key, below in found.items():
            yield from _flat(f"{name}[{key}]" if name else str(key), below)
    elif isinstance(found, list):
        for n, below in enumerate(found):
            yield from _flat(f"{name}[{n}]" if isinstance(below, Mapping | list) else f"{name}[]", below)
    elif found is not None:
        yield name, str(found) if not isinstance(found, bool) else str(found).lower()


def _encoded(params: Params) -> str:
    try:
        return urlencode(params)
    except UnicodeEncodeError:
        raise Rejected("a value cannot be written into the question") from None


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Rejected("a value cannot be written into the question") from None


@contextmanager
def _speaking(place: str) -> Iterator[None]:
    try:
        yield
    except NoAnswer as error:
        raise Unreachable(f"{place}: {error}", retry_in=error.retry_in) from None
    except Refused as error:
        raise Rejected(f"{place}: {error}") from None

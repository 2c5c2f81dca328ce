"""Asking a service: its lists, page by page, and never a question that would be wider than meant."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from dsr.connectors.contract import Rejected, Unreachable
from dsr.connectors.http.config import HttpSettings
from dsr.connectors.http.wire import OK, body_of, page_of
from dsr.datamap.route import Identities, Route
from dsr.datamap.schema import SystemMap
from dsr.egress.client import Answer, Egress, NoAnswer, Refused, Timeouts

_MOST_PAGES = 10_000

Item = Mapping[str, object]


class Asking:
    """One service, asked with its token."""

    def __init__(self, system: SystemMap, settings: HttpSettings) -> None:
        self._system = system
        self._settings = settings
        timeouts = Timeouts(connect=min(5.0, settings.timeout), read=settings.timeout, total=settings.timeout)
        try:
            self._egress = Egress([settings.base_url], timeouts=timeouts)
        except ValueError as error:
            raise ValueError(f"{system.slug}: setting 'base_url': {error}") from None

    def close(self) -> None:
        """Give back connections."""
        self._egress.close()

    def _rows(self, route: Route, identities: Identities) -> Iterator[Item]:
        """List the rows of a route; a row that the service repeats is brought once."""
        query, (key,) = self._settings.collections[route.name].query, route.collection.key
        seen = set()
        for item in self._listed(route.name, query, self._values(route, identities), shown_in=query):
            one = named(route.name, item.get(key))
            if one not in seen:
                seen.add(one)
                yield item

    def _values(self, route: Route, identities: Identities) -> list[str]:
        """Collect the parameter's values. Empty ones reach nobody and are never sent."""
        told: list[object] = []
        for seed in route.seeds:
            told += [key[0] for key in identities.get(seed.kind, ()) if len(key) == 1]
        for hop in route.hops:
            told += [item.get(hop.to_fields[0]) for item in self._rows(hop.to, identities)]
        values = (named(route.name, value) for value in told if value not in (None, ""))
        return list(dict.fromkeys(str(value) for value in values))

    def _listed(self, name: str, parameter: str, values: Sequence[str], *, shown_in: str = "") -> Iterator[Item]:
        """Ask page by page, as many values at once as the service takes. No value, no call.

        Each row must show in `shown_in` a value that was asked for, else the service's filter did not
        work and the row may be anybody's.
        """
        endpoints = self._settings.collections[name]
        for start in range(0, len(values), endpoints.batch):
            asked = values[start : start + endpoints.batch]
            if not parameter or not all(asked):
                raise Rejected(f"{name}: a question without a value would reach everybody; it was not sent")
            expected = {value.casefold() for value in asked}
            for item in self._pages(name, [(parameter, value) for value in asked]):
                if shown_in and str(item.get(shown_in, "")).casefold() not in expected:
                    raise Rejected(f"{name}: the service brings rows that were not asked for")
                yield item

    def _pages(self, name: str, asked: Sequence[tuple[str, str]]) -> Iterator[Item]:
        path = self._settings.collections[name].list
        cursor, cursors = "", set[str]()
        while len(cursors) < _MOST_PAGES:
            params = [*asked, *([("cursor", cursor)] if cursor else [])]
            answer = self._sent("GET", path, params=params)
            page = page_of(name, body_of(name, answer, expected=(OK,)))
            yield from page.items
            if not page.cursor:
                return
            if page.cursor in cursors:
                break
            cursor = page.cursor
            cursors.add(cursor)
        raise Rejected(f"{name}: the list does not come to an end")

    def _sent(
        self,
        method: str,
        path: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Answer:
        """Send once. Raises Unreachable, Rejected."""
        with _speaking(self._system.slug):
            return self._egress.send(
                method,
                self._settings.base_url + path,
                params=params,
                headers={"Authorization": f"Bearer {self._settings.token}", **(headers or {})},
                body=body,
            )


def named(place: str, *found: object) -> str | int:
    """Let through what can name a row: text or a whole number."""
    if len(found) == 1 and isinstance(found[0], str | int) and not isinstance(found[0], bool) and found[0] != "":
        return found[0]
    raise Rejected(f"{place}: a row or a value cannot be named; text or a whole number is needed")


@contextmanager
def _speaking(place: str) -> Iterator[None]:
    try:
        yield
    except NoAnswer as error:
        raise Unreachable(f"{place}: {error}", retry_in=error.retry_in) from None
    except Refused as error:
        raise Rejected(f"{place}: {error}") from None

"""Small maps whose settings declare requests."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from dsr.connectors.http import HttpService
from dsr.datamap.route import Route, Seed
from dsr.datamap.schema import SystemMap
from tests.connectors.maps import collection, system
from tests.connectors.scripted import Answer, Scripted, serving

PEOPLE = {"list": "GET /people?email={email}", "rows": "people", "read": "GET /people/{id}"}
ERASING = {"erase": "DELETE /people/{id}", "done": "204 or deleted = true"}


def people_map(url: str, own: Mapping[str, str], settings: Mapping[str, str]) -> SystemMap:
    """One collection of people, found by e-mail address."""
    base = {"base_url": url, "private": "127.0.0.0/8"} | ({} if "auth" in own else {"token": "t"})
    people = collection("id,email", key="id", settings=settings, found_by={"email": ("email",)})
    return system("http", base | dict(own), people=people)


def people_route(found: SystemMap) -> Route:
    """The way to them."""
    return Route("people", found.collections["people"], (Seed("email", ("email",)),), ())


@contextmanager
def declared(
    answer: Answer,
    settings: Mapping[str, str] = PEOPLE,
    own: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Iterator[tuple[HttpService, Scripted]]:
    """A connector and its service, until the block ends."""
    with serving(answer) as service:
        connector = HttpService.from_map(people_map(service.url, own or {}, settings), environ or {})
        try:
            yield connector, service
        finally:
            connector.close()

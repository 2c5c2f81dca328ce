"""Searches that turn an identity into a service's own id: nobody is found only where the service says so."""

import pytest

from dsr.connectors.contract import Rejected
from dsr.datamap.route import Identities
from tests.connectors.declared import PEOPLE, declared, people_map, people_route
from tests.connectors.maps import rows
from tests.connectors.scripted import Reply

SAM: Identities = {"email": (("sam@example.com",),)}
ROUTE = people_route(people_map("https://x.example", {}, PEOPLE))
SEARCHING = PEOPLE | {
    "list": "GET /people/{id}",
    "rows": ".",
    "search": "GET /search?q={email}",
    "search_rows": "results",
    "search_field": "id",
    "search_shows": "email",
}
NO_SUCH_PATH = Reply(404, {"message": "no such path"})
NOBODY = Reply(404, {"code": "no_such_person"})


@pytest.mark.parametrize("said", [{}, {"gone": "404"}, {"absent": "404 and code = no_such_person"}])
def test_a_search_that_is_not_there_never_means_that_nobody_is_there(said: dict[str, str]) -> None:
    with declared(lambda _: NO_SUCH_PATH, SEARCHING | said) as (connector, _):
        with pytest.raises(Rejected, match="answered 404"):
            rows(connector, ROUTE, SAM)
        (finding,) = connector.check()
        assert "answered 404" in finding.message


def test_a_search_says_that_nobody_is_there_as_the_map_says_of_people() -> None:
    with declared(lambda _: NOBODY, SEARCHING | {"absent": "404 and code = no_such_person"}) as (connector, service):
        assert rows(connector, ROUTE, SAM) == []
        assert service.asked == ["GET /search?q=sam%40example.com"]

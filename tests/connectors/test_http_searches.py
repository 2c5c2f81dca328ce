"""Searches that turn an identity into a service's own id: nobody is found only where the service says so."""

import pytest

from dsr.connectors.contract import Rejected
from dsr.datamap.route import Identities, Route, Seed
from tests.connectors.declared import PEOPLE, declared, people_map, people_route
from tests.connectors.maps import rows
from tests.connectors.scripted import Call, Reply

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


ONE = {"id": 7, "email": "sam@example.com"}


@pytest.mark.parametrize("row", [{"id": 7, "mail": "sam@example.com"}, {"id": 7, "email": ["sam@example.com"]}])
def test_a_search_whose_rows_do_not_show_the_value_never_means_that_nobody_is_there(row: object) -> None:
    with declared(lambda _: Reply(200, {"results": [row]}), SEARCHING) as (connector, service):
        with pytest.raises(Rejected, match="shows no value at 'email'"):
            rows(connector, ROUTE, SAM)
        (finding,) = connector.check()
        assert "shows no value" in finding.message
        assert {call.path for call in service.calls} == {"/search"}


def test_a_row_whose_value_is_null_is_another_accounts() -> None:
    found = Reply(200, {"results": [{"id": 6, "email": None}, ONE]})
    with declared(lambda call: found if call.path == "/search" else Reply(200, ONE), SEARCHING) as (connector, service):
        assert rows(connector, ROUTE, SAM) == [ONE]
        assert service.asked[1:] == ["GET /people/7"]


def test_who_is_known_by_an_id_and_found_by_a_search_is_asked_for_once() -> None:
    def answer(call: Call) -> Reply:
        if call.path == "/search":
            return Reply(200, {"results": [ONE]})
        return Reply(200, ONE | {"picture": f"https://x.example/7.jpg?signed={len(service.calls)}"})

    both = Route("people", ROUTE.collection, (Seed("account", ("id",)), *ROUTE.seeds), ())
    with declared(answer, SEARCHING) as (connector, service):
        (found,) = rows(connector, both, {**SAM, "account": (("7",),)})
        assert found["id"] == 7
        assert sorted(service.asked) == ["GET /people/7", "GET /search?q=sam%40example.com"]

"""How lists end: what breaks off on the way, or says two things at once, never passes for whole."""

import pytest

from dsr.connectors.contract import Rejected
from dsr.datamap.route import Identities
from tests.connectors.declared import PEOPLE, declared, people_map, people_route
from tests.connectors.maps import rows
from tests.connectors.scripted import Call, Reply

SAM: Identities = {"email": (("sam@example.com",),)}
ROUTE = people_route(people_map("https://x.example", {}, PEOPLE))
STYLES = {
    "number": {"page_param": "page"},
    "offset": {"page_param": "page"},
    "cursor": {"page_param": "page", "page_next": "next"},
    "link": {},
    "next": {"page_next": "next"},
}


def person(name: int) -> dict[str, object]:
    return {"id": name, "email": "sam@example.com"}


@pytest.mark.parametrize("late", [Reply(404, {"error_description": "cursor expired"}), Reply(404)])
@pytest.mark.parametrize("style", STYLES)
def test_a_list_that_has_begun_never_ends_because_nobody_is_there(style: str, late: Reply) -> None:
    def answer(call: Call) -> Reply:
        if call.query.get("page", "0") not in ("0", "1") or "more" in call.query:
            return late
        to = "/people?email=x&more=1"
        told = {"people": [person(1), person(2)], "next": to if style == "next" else "c2"}
        return Reply(200, told, {"Link": f'<{to}>; rel="next"'})

    settings = PEOPLE | {"paging": style, "absent": "404"} | STYLES[style]
    with declared(answer, settings) as (connector, service):
        with pytest.raises(Rejected, match="404"):
            rows(connector, ROUTE, SAM)
        assert len(service.calls) == 2


@pytest.mark.parametrize("people", [[person(1)], []])
@pytest.mark.parametrize("style", STYLES)
def test_a_list_that_says_there_is_more_and_leads_nowhere_is_refused(style: str, people: list[object]) -> None:
    def answer(call: Call) -> Reply:
        begins = "1" if style == "number" else "0"
        return Reply(
            200, {"people": people if call.query.get("page", "0") == begins else [], "next": None, "has_more": True}
        )

    settings = PEOPLE | {"paging": style, "page_more": "has_more"} | STYLES[style]
    with (
        declared(answer, settings) as (connector, _),
        pytest.raises(Rejected, match="'has_more' says that there is more"),
    ):
        rows(connector, ROUTE, SAM)


@pytest.mark.parametrize("style", STYLES)
def test_a_list_that_says_there_is_no_more_is_whole(style: str) -> None:
    settings = PEOPLE | {"paging": style, "page_more": "has_more"} | STYLES[style]
    page = Reply(200, {"people": [person(1)], "next": None, "has_more": False})
    with declared(lambda _: page, settings) as (connector, service):
        assert rows(connector, ROUTE, SAM) == [person(1)]
        assert len(service.calls) == 1


@pytest.mark.parametrize("split", [1, 2])
def test_rows_that_have_one_key_and_differ_are_refused(split: int) -> None:
    people = [person(1) | {"order": "a"}, person(1) | {"order": "b"}]

    def answer(call: Call) -> Reply:
        return Reply(200, {"people": people[:split] if call.query["page"] == "1" else people[split:]})

    settings = PEOPLE | {"paging": "number", "page_param": "page"}
    with declared(answer, settings) as (connector, _), pytest.raises(Rejected, match="differ that have one 'id'"):
        rows(connector, ROUTE, SAM)


def test_a_row_that_comes_again_as_it_was_is_brought_once() -> None:
    with declared(lambda _: Reply(200, {"people": [person(1), person(2), person(1)]})) as (connector, _):
        assert rows(connector, ROUTE, SAM) == [person(1), person(2)]


def test_a_row_to_which_two_paths_lead_is_brought_once() -> None:
    settings = PEOPLE | {"list": "GET /people/{email}", "rows": "."}
    with declared(lambda _: Reply(200, {"id": 1, "name": "Sam"}), settings) as (connector, service):
        assert len(rows(connector, ROUTE, {"email": (("a@example.com",), ("b@example.com",))})) == 1
        assert service.asked == ["GET /people/a%40example.com", "GET /people/b%40example.com"]

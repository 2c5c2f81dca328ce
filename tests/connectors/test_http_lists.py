"""Lists that a map declares: identities changed before they are sent, searches, five ways of paging."""

import hashlib
from collections.abc import Mapping

import pytest

from dsr.connectors.contract import Rejected
from dsr.datamap.route import Hop, Identities, Route, Seed
from tests.connectors.declared import PEOPLE, declared, people_map, people_route
from tests.connectors.maps import collection, rows
from tests.connectors.scripted import Answer, Call, Reply

EMAIL = " Sam@Example.com"
SAM: Identities = {"email": ((EMAIL,),)}
ROUTE = people_route(people_map("https://x.example", {}, PEOPLE))


def person(name: int | str, email: str = EMAIL) -> dict[str, object]:
    return {"id": name, "email": email}


@pytest.mark.parametrize(
    ("gap", "sent"),
    [
        ("email", EMAIL),
        ("email|trim|lower", "sam@example.com"),
        ("email|trim|lower|md5", hashlib.md5(b"sam@example.com").hexdigest()),  # noqa: S324  what Mailchimp wants
        ("email|trim|lower|sha256", hashlib.sha256(b"sam@example.com").hexdigest()),
    ],
)
def test_an_identity_is_changed_as_the_map_says_before_it_is_sent(gap: str, sent: str) -> None:
    settings = PEOPLE | {"list": f"GET /people?q={{{gap}}}"}
    with declared(lambda _: Reply(200, {"people": [person(1)]}), settings) as (connector, service):
        assert len(rows(connector, ROUTE, SAM)) == 1
        assert [call.query for call in service.calls] == [{"q": sent}]


def test_a_value_in_a_search_language_stays_one_word_of_it() -> None:
    settings = PEOPLE | {"list": "GET /people?q=email:{email|quoted}+is:user"}
    with declared(lambda _: Reply(200, {"people": []}), settings) as (connector, service):
        rows(connector, ROUTE, {"email": (('a" OR "b\\',),)})
        assert service.calls[0].query == {"q": 'email:"a\\" OR \\"b\\\\" is:user'}


@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
@pytest.mark.parametrize("target", ["/people?q={email}", "/people/{email}", "/people?q={email|trim|lower|md5}"])
def test_an_empty_value_is_never_sent(blank: str, target: str) -> None:
    settings = PEOPLE | {"list": f"GET {target}"}
    with declared(lambda _: Reply(200, {"people": [person(1)]}), settings) as (connector, service):
        assert rows(connector, ROUTE, {"email": ((blank,),)}) == []
        assert service.calls == []


@pytest.mark.parametrize("value", ["..", "."])
def test_a_value_never_climbs_in_a_path(value: str) -> None:
    settings = PEOPLE | {"list": "GET /people/{email}/all"}
    with declared(lambda _: Reply(200, {"people": []}), settings) as (connector, service):
        with pytest.raises(Rejected):
            rows(connector, ROUTE, {"email": ((value,),)})
        rows(connector, ROUTE, {"email": (("a/../../b?c#d",),)})
        assert service.asked == ["GET /people/a%2F..%2F..%2Fb%3Fc%23d/all"]


def test_rows_of_somebody_else_are_refused() -> None:
    people = [person(1), person(2, "x@example.com")]
    with (
        declared(lambda _: Reply(200, {"people": people})) as (connector, _),
        pytest.raises(Rejected, match="not asked for"),
    ):
        rows(connector, ROUTE, SAM)


@pytest.mark.parametrize("shown", ["ab1", "AB1", "straße", "STRASSE"])
def test_a_row_whose_value_differs_in_case_is_another_accounts(shown: str) -> None:
    asked = {"ab1": "aB1", "AB1": "aB1", "straße": "strasse", "STRASSE": "straße"}[shown]
    with (
        declared(lambda _: Reply(200, {"people": [person(1, shown)]})) as (connector, _),
        pytest.raises(Rejected, match="not asked for"),
    ):
        rows(connector, ROUTE, {"email": ((asked,),)})


@pytest.mark.parametrize(
    ("asked", "shown", "same"),
    [
        ("sam@example.com", "Sam@Example.COM", True),
        ("ſam@example.com", "sam@example.com", False),
        ("straße@example.com", "strasse@example.com", False),
    ],
)
def test_addresses_of_mail_are_the_same_in_either_case_of_plain_letters(asked: str, shown: str, same: bool) -> None:
    with declared(lambda _: Reply(200, {"people": [person(1, shown)]})) as (connector, _):
        if same:
            assert rows(connector, ROUTE, {"email": ((asked,),)}) == [person(1, shown)]
        else:
            with pytest.raises(Rejected, match="not asked for"):
                rows(connector, ROUTE, {"email": ((asked,),)})


SEARCHING = PEOPLE | {
    "list": "GET /people/{id}",
    "rows": "person",
    "search": "GET /search?query={email|trim|lower}",
    "search_rows": "found.users",
    "search_field": "ref.id",
    "search_shows": "mail",
}


def finding(call: Call) -> Reply:
    if call.path == "/search":
        like = [{"mail": EMAIL, "ref": {"id": 7}}, {"mail": "nosam@example.com", "ref": {"id": 8}}]
        return Reply(200, {"found": {"users": like}})
    return Reply(200, {"person": {"email": EMAIL, "id": int(call.path.rsplit("/", 1)[1])}})


def test_a_search_turns_an_identity_into_the_systems_own_id_and_takes_only_what_is_equal() -> None:
    with declared(finding, SEARCHING) as (connector, service):
        assert rows(connector, ROUTE, SAM) == [{"id": 7, "email": EMAIL}]
        assert service.asked == ["GET /search?query=sam%40example.com", "GET /people/7"]


def test_a_search_passes_over_an_account_that_differs_in_case() -> None:
    def answer(_: Call) -> Reply:
        return Reply(200, {"found": {"users": [{"mail": "aB1", "ref": {"id": 7}}]}})

    with declared(answer, SEARCHING) as (connector, service):
        assert rows(connector, ROUTE, {"email": (("Ab1",),)}) == []
        assert len(service.asked) == 1


def test_rows_below_a_path_belong_to_whom_it_names() -> None:
    settings = {"list": "GET /people/{person}/notes", "rows": ".", "absent": "404"}
    notes = collection("id,person", key="id", settings=settings, links=({"to": "people", "on": {"person": "id"}},))
    route = Route("notes", notes, (), (Hop(("person",), ROUTE, ("id",)),))

    def answer(call: Call) -> Reply:
        if call.path == "/people":
            return Reply(200, {"people": [person(1), person(2), person(3)]})
        return Reply(404, {}) if "/2/" in call.path else Reply(200, [{"id": f"n{call.path[8]}"}])

    with declared(answer) as (connector, service):
        found = people_map(service.url, {}, PEOPLE)
        both = found.model_copy(update={"collections": found.collections | {"notes": notes}})
        whole = type(connector).from_map(both, {})
        assert rows(whole, route, SAM) == [{"id": "n1", "person": 1}, {"id": "n3", "person": 3}]
        whole.close()


def number(call: Call) -> Reply:
    page = int(call.query["page"])
    return Reply(200, {"people": [person(n) for n in range(6)][(page - 1) * 2 : page * 2]})


def offset(call: Call) -> Reply:
    start = int(call.query["from"])
    return Reply(200, {"people": [person(n) for n in range(6)][start : start + 4]})


def cursor(call: Call) -> Reply:
    start = int(call.query.get("after", "0"))
    people = [person(n) for n in range(6)][start : start + 2]
    return Reply(200, {"people": people, "meta": {"cursor": start + 2 if start < 4 else None}})


def link(call: Call) -> Reply:
    start = int(call.query.get("c", "0"))
    more = "true" if start < 4 else "false"
    to = f'<{call.path}?email=x&c=0>; rel="previous", <{call.path}?email=x&c={start + 2}>; rel="next"; results="{more}"'
    return Reply(200, {"people": [person(n) for n in range(6)][start : start + 2]}, {"Link": to})


def following(call: Call) -> Reply:
    start = int(call.query.get("c", "0"))
    told = f"http://{call.headers['Host']}/people?c={start + 2}" if start < 4 else None
    return Reply(200, {"people": [person(n) for n in range(6)][start : start + 2], "links": {"next": told}})


STYLES: Mapping[str, tuple[dict[str, str], Answer]] = {
    "number": ({"page_param": "page"}, number),
    "offset": ({"page_param": "from"}, offset),
    "cursor": ({"page_param": "after", "page_next": "meta.cursor"}, cursor),
    "link": ({}, link),
    "next": ({"page_next": "links.next"}, following),
}


@pytest.mark.parametrize("style", STYLES)
def test_a_list_is_followed_to_its_end(style: str) -> None:
    settings, answer = STYLES[style]
    with declared(answer, PEOPLE | {"paging": style} | settings) as (connector, _):
        assert [row["id"] for row in rows(connector, ROUTE, SAM)] == list(range(6))


ENDLESS: Mapping[str, Reply] = {
    "number": Reply(200, {"people": [person(1)]}),
    "offset": Reply(200, {"people": [person(1)]}),
    "cursor": Reply(200, {"people": [person(1)], "meta": {"cursor": "x"}}),
    "link": Reply(200, {"people": [person(1)]}, {"Link": '</people?c=1>; rel="next"'}),
    "next": Reply(200, {"people": [person(1)], "links": {"next": "/people?c=1"}}),
}


@pytest.mark.parametrize("style", ENDLESS)
def test_a_list_that_goes_in_a_circle_is_refused(style: str) -> None:
    settings = PEOPLE | {"paging": style} | STYLES[style][0]
    with declared(lambda _: ENDLESS[style], settings) as (connector, service):
        with pytest.raises(Rejected, match="does not come to an end"):
            rows(connector, ROUTE, SAM)
        assert len(service.calls) <= 3


@pytest.mark.parametrize(
    "elsewhere", ["http://evil.example/people?c=1", "/admins?c=1", "//evil.example/people", "https://[", "/people#x"]
)
def test_the_next_page_is_of_the_same_list_or_refused(elsewhere: str) -> None:
    settings = PEOPLE | {"paging": "next", "page_next": "next"}
    with declared(lambda _: Reply(200, {"people": [], "next": elsewhere}), settings) as (connector, service):
        with pytest.raises(Rejected, match="next page"):
            rows(connector, ROUTE, SAM)
        assert len(service.calls) == 1


def test_a_success_that_the_body_denies_is_refused() -> None:
    own = {"ok": "ocs.meta.statuscode = 100"}
    body = {"ocs": {"meta": {"statuscode": 101}}, "people": []}
    with (
        declared(lambda _: Reply(200, body), own=own) as (connector, _),
        pytest.raises(Rejected, match="reports an error"),
    ):
        rows(connector, ROUTE, SAM)


def test_several_fields_are_asked_for_together() -> None:
    settings = {"list": "GET /p?provider={provider}&uid={uid}", "rows": "people"}
    social = collection("id,provider,uid", key="id", settings=settings, found_by={"social": ("provider", "uid")})
    route = Route("people", social, (Seed("social", ("provider", "uid")),), ())
    row = {"id": 1, "provider": "g", "uid": "5"}
    with declared(lambda _: Reply(200, {"people": [row]})) as (connector, service):
        found = people_map(service.url, {}, PEOPLE).model_copy(update={"collections": {"people": social}})
        whole = type(connector).from_map(found, {})
        assert rows(whole, route, {"social": (("g", "5"), ("g", ""))}) == [row]
        assert service.asked == ["GET /p?provider=g&uid=5"]
        whole.close()


@pytest.mark.parametrize("style", ["cursor", "next"])
def test_a_page_that_says_nothing_of_the_next_one_is_the_last_only_where_the_map_says_so(style: str) -> None:
    settings = PEOPLE | {"paging": style, "page_param": "after", "page_next": "meta.curser"}
    page = Reply(200, {"people": [person(1)], "meta": {"cursor": None}})
    with declared(lambda _: page, settings) as (connector, _), pytest.raises(Rejected, match="page_end: missing"):
        rows(connector, ROUTE, SAM)
    with declared(lambda _: page, settings | {"page_end": "missing"}) as (connector, _):
        assert rows(connector, ROUTE, SAM) == [person(1)]


def test_an_empty_page_may_say_nothing_of_the_next_one() -> None:
    settings = PEOPLE | {"paging": "cursor", "page_param": "after", "page_next": "next"}
    with declared(lambda _: Reply(200, {"people": []}), settings) as (connector, _):
        assert rows(connector, ROUTE, SAM) == []


@pytest.mark.parametrize(
    ("more", "header"),
    [
        ({"has_more": True}, ""),
        ({"next": "abc"}, ""),
        ({"next_page": 2}, ""),
        ({"links": {"next": "/people?page=2"}}, ""),
        ({"_links": {"next": {"href": "/people?page=2"}}}, ""),
        ({"@odata.nextLink": "/people?page=2"}, ""),
        ({"hasMore": True}, ""),
        ({"paging": {"next": {"after": "2"}}}, ""),
        ({"response_metadata": {"next_cursor": "x"}}, ""),
        ({}, '</people?page=1>; rel="prev", </people?page=2>; rel="next"'),
    ],
)
def test_a_list_of_one_page_that_says_that_there_is_more_is_refused(more: dict[str, object], header: str) -> None:
    page = Reply(200, {"people": [person(1)], **more}, {"Link": header} if header else {})
    with declared(lambda _: page) as (connector, _), pytest.raises(Rejected, match="set 'paging'"):
        rows(connector, ROUTE, SAM)


def test_a_list_of_one_page_that_says_that_it_is_whole_is_taken_and_so_is_a_row_with_a_next_one() -> None:
    end: dict[str, object] = {"has_more": False, "next": None, "links": {"next": "", "self": "/people"}}
    end |= {"hasMore": False, "_links": {"next": {"href": None}}, "@odata.nextLink": None}
    page = Reply(200, {"people": [person(1)], **end}, {"Link": '</people?page=1>; rel="prev"'})
    with declared(lambda _: page) as (connector, _):
        assert rows(connector, ROUTE, SAM) == [person(1)]
    row = Reply(200, {**person(1), "next": "2"}, {"Link": '</people/2>; rel="next"'})
    with declared(lambda _: row, PEOPLE | {"rows": "."}) as (connector, _):
        assert rows(connector, ROUTE, SAM) == [person(1)]


@pytest.mark.parametrize(
    "kind", ["application/vnd.api+json", "application/hal+json; charset=utf-8", 'Application/JSON; profile="x"']
)
def test_an_answer_in_a_kind_of_json_is_json(kind: str) -> None:
    with declared(lambda _: Reply(200, {"people": [person(1)]}, kind=kind)) as (connector, _):
        assert rows(connector, ROUTE, SAM) == [person(1)]


@pytest.mark.parametrize("kind", ["application/jsonp", "application/x-ndjson", "text/html", "text/x+json", ""])
def test_an_answer_of_another_kind_is_none(kind: str) -> None:
    page = Reply(200, {"people": []}, kind=kind)
    with declared(lambda _: page) as (connector, _), pytest.raises(Rejected, match="not JSON"):
        rows(connector, ROUTE, SAM)


@pytest.mark.parametrize("word", ["ok", "success"])
def test_an_answer_that_says_that_it_failed_is_no_empty_list(word: str) -> None:
    answer = Reply(200, {word: False, "people": []})
    with declared(lambda _: answer) as (connector, _), pytest.raises(Rejected, match="reports an error"):
        rows(connector, ROUTE, SAM)
    with declared(lambda _: answer, own={"ok": f"{word} = false"}) as (connector, _):
        assert rows(connector, ROUTE, SAM) == []  # the map knows the service better


HTML = Reply(404, b"<html>no such host</html>", kind="text/html")
ONE_EACH = PEOPLE | {"list": "GET /people/{email}", "absent": "404"}


def test_a_page_of_some_server_on_the_way_says_that_nobody_is_there_only_where_the_path_names_the_person() -> None:
    with declared(lambda _: HTML, ONE_EACH) as (connector, _):
        assert rows(connector, ROUTE, SAM) == []
    with (
        declared(lambda _: HTML, PEOPLE | {"absent": "404"}) as (connector, _),
        pytest.raises(Rejected, match=r"not JSON.* 404"),
    ):
        rows(connector, ROUTE, SAM)


def test_a_page_of_some_server_on_the_way_never_ends_a_list_that_has_begun() -> None:
    settings = ONE_EACH | {"paging": "number", "page_param": "page"}
    with (
        declared(lambda call: number(call) if call.query["page"] == "1" else HTML, settings) as (connector, _),
        pytest.raises(Rejected, match=r"not JSON.* 404"),
    ):
        rows(connector, ROUTE, SAM)


def test_a_page_of_maintenance_never_says_that_nobody_is_there() -> None:
    page = Reply(200, b"<html>back soon</html>", kind="text/html")
    with (
        declared(lambda _: page, ONE_EACH | {"absent": "404 or . = null"}) as (connector, _),
        pytest.raises(Rejected, match="not JSON"),
    ):
        rows(connector, ROUTE, SAM)

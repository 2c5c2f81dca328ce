"""Where a service is told to call once its job is over: in what it is asked to erase, and nowhere else."""

import json
from collections.abc import Iterator

import pytest

from dsr.connectors.contract import Ability, Chunk, Effect
from dsr.connectors.contract_kit import ContractKit, World
from dsr.connectors.http import HttpService
from dsr.connectors.http.config import http_flaws
from dsr.datamap.schema import Way
from tests.connectors.declared import ERASING, PEOPLE, declared, people_map, people_route
from tests.connectors.scripted import Call, Reply, serving

HERE = "https://portal.example/api/v1/callbacks/a/b/"
JOB = {"job": "id", "poll": "GET /jobs/{job}", "state": "s", "states": "a=running, b=done", "poll_in": "0.01"}
TOLD = PEOPLE | JOB | {"erase": "POST /jobs", "erase_body": '{"id": "{id}", "to": "{callback}"}', "done": "200"}
TWO = Chunk("people", Way.DELETE, ("id",), ((1,), (2,)))


def started(_: Call) -> Reply:
    return Reply(202, {"id": "j"})


@pytest.mark.parametrize(
    ("change", "body", "target"),
    [
        ({}, b'{"id":1,"to":"https://portal.example/api/v1/callbacks/a/b/"}', "/jobs"),
        (
            {"erase_body": '{"ids": ["{id}"], "to": "{callback}"}', "batch": "2"},
            f'{{"ids":[1,2],"to":"{HERE}"}}',
            "/jobs",
        ),
        (
            {"erase": "POST /jobs?to={callback}", "erase_body": '{"ids": ["{id}"]}', "batch": "2"},
            b'{"ids":[1,2]}',
            "/jobs?to=https%3A%2F%2Fportal.example%2Fapi%2Fv1%2Fcallbacks%2Fa%2Fb%2F",
        ),
        (
            {"erase": "DELETE /people/{id}?to={callback}", "erase_body": ""},
            b"",
            "/people/1?to=https%3A%2F%2Fportal.example%2Fapi%2Fv1%2Fcallbacks%2Fa%2Fb%2F",
        ),
    ],
)
def test_a_service_is_told_where_to_call(change: dict[str, str], body: str | bytes, target: str) -> None:
    settings = {name: text for name, text in (TOLD | {"list": "GET /people?email={email}"} | change).items() if text}
    with declared(started, settings) as (connector, service):
        connector.call_back_at(HERE)
        assert Ability.CALL_BACK in connector.abilities
        assert connector.erase(TWO, "k").effect is Effect.STARTED
        first = service.calls[0]
    assert (first.body, first.target) == (body.encode() if isinstance(body, str) else body, target)


def test_a_job_that_wants_a_second_word_is_told_there() -> None:
    settings = PEOPLE | JOB | {"erase": "POST /jobs?id={id}", "done": "200", "states": "READY=confirm, b=done"}
    settings |= {"confirm": "POST /jobs/{job}/run", "confirm_body": '{"to": "{callback}"}'}
    with declared(lambda _: Reply(200, {"id": "j", "s": "READY"}), settings) as (connector, service):
        connector.call_back_at(HERE)
        connector.poll(connector.erase(Chunk("people", Way.DELETE, ("id",), ((1,),)), "k").handle)
        assert (Ability.CALL_BACK in connector.abilities, service.calls[-1].body) == (
            True,
            f'{{"to":"{HERE}"}}'.encode(),
        )


def test_who_does_not_ask_for_it_is_told_no_address() -> None:
    with declared(lambda _: Reply(204), PEOPLE | ERASING) as (connector, service):
        connector.call_back_at(HERE)
        connector.erase(TWO, "k")
        assert Ability.CALL_BACK not in connector.abilities
        assert service.asked == ["DELETE /people/1", "DELETE /people/2"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"erase_body": '{"id": "{id}", "to": "${callback}"}'}, "'erase' holds '${'"),
        ({"list": "GET /people?email={email}&to={callback}"}, "'list' wants 'callback' and 'email'"),
        ({"read": "GET /people/{id}?to={callback}"}, "'read' must ask by {id}"),
        ({"poll": "GET /jobs/{job}?to={callback}"}, "'poll' must hold {job}"),
        ({"rehearse": "POST /try?id={id}&to={callback}"}, "'rehearse' must name rows by {id}"),
        ({"erase_body": '{"to": "{callback}"}'}, "'erase' must name rows by {id}"),
        (dict.fromkeys(JOB, ""), "'erase' must name rows by {id}"),
    ],
)
def test_an_address_of_ours_stands_in_what_takes_its_time_alone(change: dict[str, str], message: str) -> None:
    settings = {name: text for name, text in (TOLD | change).items() if text}
    (flaw,) = http_flaws(people_map("https://x.example", {"token": "${T}"}, settings))
    assert message in flaw.message


class TestAServiceThatCallsBack(ContractKit):
    """It erases once it was asked how far it is, and takes no effect that names no address."""

    @pytest.fixture
    def world(self) -> Iterator[World]:
        people = {1: "sam@example.com", 2: "sam@example.com", 3: "mallory@example.com"}
        jobs = dict[str, int]()

        def answer(call: Call) -> Reply:
            if call.path == "/people":
                found = [{"id": n, "email": email} for n, email in people.items() if email == call.query["email"]]
                return Reply(200, {"people": found})
            if call.path == "/jobs":
                asked = json.loads(call.body)
                jobs[f"j{len(jobs)}"] = asked["id"]
                return Reply(200, {"id": f"j{len(jobs) - 1}"}) if asked["to"].startswith("https://") else Reply(400)
            if call.path.startswith("/jobs/"):
                gone = people.pop(jobs[call.path.rpartition("/")[2]], None)
                return Reply(200, {"s": "b" if gone else "none"})
            row = int(call.path.rpartition("/")[2])
            return Reply(200, {"id": row, "email": people[row]}) if row in people else Reply(404)

        with serving(answer) as service:
            found = people_map(service.url, {}, TOLD | {"states": "a=running, b=done, none=absent"})
            yield World(
                lambda: HttpService.from_map(found, {}),
                (people_route(found),),
                {"email": (("sam@example.com",),)},
                {"email": (("mallory@example.com",),)},
                lambda: {"people": {(n,): email for n, email in people.items()}},
                {},
            )

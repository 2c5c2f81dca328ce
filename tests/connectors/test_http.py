"""The HTTP connector against a real service on loopback, whole and broken."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import date

import pytest

from dsr.connectors.change_kit import ChangeKit
from dsr.connectors.contract import Ability, Change, Chunk, Effect, KeptKey, Receipt, Rejected, Unreachable
from dsr.connectors.contract_kit import ContractKit, World
from dsr.connectors.http import HttpService
from dsr.datamap.route import Hop, Identities, Route, Seed
from dsr.datamap.schema import Stop, SystemMap, Way
from tests.connectors.maps import collection, rows, system
from tests.connectors.service import TOKEN, Handler, Service, running

SAM: Identities = {"account": (("c-1",), ("c-2",)), "app.generations(task_id)": (("t-1",), ("t-3",))}
MALLORY: Identities = {"account": (("c-9",),), "app.generations(task_id)": (("t-2",),)}
PAYMENTS = {
    "list": "/payments/list",
    "erase": "/payments/erasures",
    "correct": "/payments/values",
    "query": "customer_id",
    "by_id": "id",
}
TASKS = {
    "list": "/tasks/list",
    "erase": "/tasks/erasures",
    "correct": "/tasks/values",
    "poll": "/tasks/deletions/{job}",
    "query": "task_id",
    "by_id": "task_id",
    "batch": "100",
}
HELD = Stop(
    collection="payments",
    when={"state": ("open",), "method": ("card",)},
    set={"state": "held"},
    undo={"state": "open"},
    settings={"path": "/payments/stops"},
)
NO_TRAINING = Stop(
    collection="tasks", set={"training": "off"}, settings={"path": "/tasks/stops", "poll": "/tasks/deletions/{job}"}
)
CHANGES = (
    Change("payments", ("id",), ("p-1",), "payer", "Sam O", "Sam Ortiz 申"),
    Change("payments", ("id",), ("p-3",), "payer", "Sam O", "Samuel"),
    Change("tasks", ("task_id",), ("t-1",), "prompt", "a cat 🐈", "a dog"),
)


def service_map(settings: dict[str, str], **more: str) -> SystemMap:
    return system(
        "http",
        settings,
        stops={"account": HELD, "training": NO_TRAINING},
        payments=collection(
            "id,customer_id,amount,card,secret,payer,state,method",
            key="id",
            secret="secret",
            rectifiable="payer",
            settings=PAYMENTS | more,
            found_by={"account": ("customer_id",)},
        ),
        tasks=collection(
            "task_id,prompt,training",
            key="task_id",
            rectifiable="prompt",
            settings=TASKS,
            links=({"to": "app.generations", "on": {"task_id": "task_id"}},),
        ),
    )


def service_routes(found: SystemMap) -> tuple[Route, ...]:
    return (
        Route("payments", found.collections["payments"], (Seed("account", ("customer_id",)),), ()),
        Route("tasks", found.collections["tasks"], (Seed("app.generations(task_id)", ("task_id",)),), ()),
    )


PAYMENTS_ROUTE, TASKS_ROUTE = service_routes(service_map({}))
ALL_PAYMENTS = Chunk("payments", Way.DELETE, ("id",), (("p-1",), ("p-2",)))


@pytest.fixture
def service() -> Iterator[Service]:
    with running() as made:
        for n in range(120):
            customer = ("c-1", "c-2", "c-9")[n % 3]
            made.tables["payments"][f"p-{n}"] = {
                "id": f"p-{n}",
                "customer_id": customer,
                "amount": 1230 + n,
                "card": {"last4": "4242"},
                "secret": "never",
                "payer": "Sam O",
                "state": "open" if n % 4 else "settled",
                "method": "card" if n % 5 else "cash",
            }
        for n in range(4):
            made.tables["tasks"][f"t-{n}"] = {"task_id": f"t-{n}", "prompt": "a cat 🐈", "training": "on"}
        yield made


def connect(service: Service, timeout: str = "60") -> HttpService:
    settings = {"base_url": service.url, "token": "${SERVICE_TOKEN}", "timeout": timeout, "private": "127.0.0.0/8"}
    return HttpService.from_map(service_map(settings), {"SERVICE_TOKEN": TOKEN})


@pytest.fixture
def connector(service: Service) -> Iterator[HttpService]:
    made = connect(service)
    yield made
    made.close()


@pytest.fixture
def world(service: Service) -> World:
    service.kept = {"p-0", "p-3"}
    return World(
        connect=lambda: connect(service),
        routes=service_routes(service_map({})),
        subject=SAM,
        bystander=MALLORY,
        snapshot=lambda: {
            name: {(key,): dict(row) for key, row in table.items()} for name, table in service.tables.items()
        },
        kept={"payments": frozenset({("p-0",), ("p-3",)})},
        changes=CHANGES,
        stops=(HELD, NO_TRAINING),
    )


class TestHttpService(ContractKit, ChangeKit):
    """The whole contract."""


def test_pages_become_rows_with_the_fields_of_the_map(connector: HttpService, service: Service) -> None:
    found = rows(connector, PAYMENTS_ROUTE, {"account": (("c-1",),)})
    assert len(found) == 40
    assert found[0] == {
        "id": "p-0",
        "customer_id": "c-1",
        "amount": 1230,
        "card": '{"last4": "4242"}',
        "payer": "Sam O",
        "state": "settled",
        "method": "cash",
    }
    assert "secret" not in found[0]


def test_values_are_asked_one_by_one_or_a_hundred_at_once(connector: HttpService, service: Service) -> None:
    told = {
        "account": (("c-1",), ("c-2",)),
        "app.generations(task_id)": tuple((f"t-{n}",) for n in range(150)),
    }
    rows(connector, PAYMENTS_ROUTE, told)
    one_by_one = [path for _, path in service.calls]
    service.calls.clear()
    rows(connector, TASKS_ROUTE, told)
    assert one_by_one == ["/payments/list?customer_id=c-1", "/payments/list?customer_id=c-2"]
    assert [path.count("task_id=") for _, path in service.calls] == [100, 50]


def test_rows_reached_through_another_collection_are_found(connector: HttpService, service: Service) -> None:
    service.tables["tasks"]["t-1"]["prompt"] = "c-9"
    hop = Hop(("customer_id",), TASKS_ROUTE, ("prompt",))
    found = rows(connector, Route("payments", PAYMENTS_ROUTE.collection, (), (hop,)), SAM)
    assert len(found) == 40
    assert {row["customer_id"] for row in found} == {"c-9"}


@pytest.mark.parametrize("identities", [{}, {"account": ()}, {"account": (("",),)}, {"account": ((None,),)}])
def test_without_a_value_nothing_is_sent(connector: HttpService, service: Service, identities: Identities) -> None:
    assert rows(connector, PAYMENTS_ROUTE, identities) == []
    assert service.calls == []


def test_a_parameters_value_stays_one_value(connector: HttpService, service: Service) -> None:
    hostile = ("c-9&customer_id=c-1", "c-9#", "*", "%", "c-9/../", "c-1\r\nX: y", "customer_id[]=c-9", "申请")
    assert rows(connector, PAYMENTS_ROUTE, {"account": tuple((one,) for one in hostile)}) == []
    assert len(service.calls) == len(hostile)


def test_an_erasure_carries_its_key_and_is_done_once(connector: HttpService, service: Service) -> None:
    first = connector.erase(ALL_PAYMENTS, "chunk-1")
    second = connector.erase(ALL_PAYMENTS, "chunk-1")
    assert first == second == Receipt(Effect.DONE, count=2)
    assert list(service.answered) == ["chunk-1"]


def test_an_erasure_without_its_key_is_not_sent(connector: HttpService, service: Service) -> None:
    with pytest.raises(Rejected):
        connector.erase(ALL_PAYMENTS, " ")
    assert service.calls == []


def test_what_the_service_keeps_is_named_with_day_and_reason(connector: HttpService, service: Service) -> None:
    service.kept = {"p-1"}
    until = date(2029, 3, 1)
    kept = (KeptKey(("p-1",), until, "tax law"),)
    assert connector.erase(ALL_PAYMENTS, "one") == Receipt(Effect.KEPT, count=1, until=until, kept=kept)


def test_an_erasure_that_takes_time_is_polled_to_its_end(connector: HttpService, service: Service) -> None:
    chunk = Chunk("tasks", Way.DELETE, ("task_id",), (("t-1",), ("t-9",)))
    started = connector.erase(chunk, "one")
    assert (started.effect, started.poll_in) == (Effect.STARTED, 0.0)
    polled = [connector.poll(started.handle).effect for _ in range(3)]
    assert polled == [Effect.STARTED, Effect.STARTED, Effect.DONE]
    assert connector.read_back(chunk) == ()


@pytest.mark.parametrize("handle", ["", "tasks", "tasks/1/..", "tasks/1/a/b", "tasks/x/a", "payments/1/a", "x/1/a"])
def test_a_handle_that_is_none_of_ours_is_not_sent(connector: HttpService, service: Service, handle: str) -> None:
    with pytest.raises(Rejected):
        connector.poll(handle)
    assert service.calls == []


Fault = Callable[[Handler], None]


def answer(status: int, content: bytes, kind: str = "application/json", **headers: str) -> Fault:
    return lambda handler: handler.send(status, content, kind, **headers)


def as_json(body: object) -> Fault:
    return answer(200, json.dumps(body).encode())


def silent(handler: Handler) -> None:
    handler.rfile.read(1)  # until the client hangs up


def cut_off(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{")
    handler.close_connection = True


UNREACHABLE: dict[str, Fault] = {
    "timeout": silent,
    "reset": lambda handler: handler.reset(),
    "cut off": cut_off,
    "500": answer(500, b"{}"),
    "503": answer(503, b"{}"),
    "429": answer(429, b"{}"),
}
NOTHING_DONE = {"status": "done", "erased": 0, "kept": [], "absent": 2}
REJECTED: dict[str, Fault] = {
    "HTML": answer(200, b"<html>Welcome</html>", "text/html"),
    "HTML called JSON": answer(200, b"<html>Welcome</html>"),
    "truncated JSON": answer(200, b'{"items": [{"id": "p-'),
    "error body": as_json({"error": "no such thing", "items": [], "next": None} | NOTHING_DONE),
    "empty object": as_json({}),
    "list": as_json([]),
    "wrong types": as_json(
        {"items": {}, "next": None, "status": "done", "erased": "2", "kept": [], "absent": 0}
    ),
    "rows that are none": as_json({"items": ["p-1"], "next": None}),
    "no next": as_json({"items": []}),
    "NaN": answer(200, b'{"items": [], "next": null, "status": "done", "erased": NaN, "n": NaN}'),
    "deep": answer(200, b"[" * 100_000),
    "redirect": answer(302, b"", Location="/payments/list?customer_id=c-1"),
    "not found": answer(404, b"{}"),
    "who are you": answer(401, b"{}"),
    "too large": answer(200, b" " * (17 * 1024 * 1024)),
    "compressed": answer(200, b"\x1f\x8b", Content_Encoding="gzip"),
    "foreign rows": as_json(
        {"items": [{"id": "p-2", "customer_id": "c-9"}], "next": None, "status": "done", "erased": 1,
         "kept": [{"id": "p-77", "until": "2029-01-01", "reason": "law"}], "absent": 0}
    ),
    "rows without a sign of whose they are": as_json({"items": [{"id": "p-2"}], "next": None}),
    "the same page for ever": as_json({"items": [], "next": "1"}),
}  # fmt: skip


@pytest.mark.parametrize("fault", UNREACHABLE)
def test_a_service_that_does_not_answer_is_asked_again(
    service: Service, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    caplog.set_level(logging.INFO)
    connector = connect(service, timeout="0.3")
    service.fault = UNREACHABLE[fault]
    for ask in (
        lambda: rows(connector, PAYMENTS_ROUTE, SAM),
        lambda: connector.erase(ALL_PAYMENTS, "one"),
        lambda: connector.poll("tasks/1/job"),
        connector.check,
    ):
        with pytest.raises(Unreachable) as failed:
            ask()
        assert "c-1" not in str(failed.value)
    connector.close()
    assert "c-1" not in caplog.text


@pytest.mark.parametrize("fault", REJECTED)
def test_an_answer_that_cannot_be_trusted_waits_for_a_person(
    connector: HttpService, service: Service, fault: str
) -> None:
    service.fault = REJECTED[fault]
    with pytest.raises(Rejected) as found:
        rows(connector, PAYMENTS_ROUTE, {"account": (("c-1",),)})
    with pytest.raises(Rejected) as erased:
        connector.erase(ALL_PAYMENTS, "one")
    assert not {"c-1", "p-1"} & set(f"{found.value} {erased.value}".replace("'", " ").split())


def lying_to_orders(body: object) -> Fault:
    """Lists are true, everything else is answered with this."""

    def fault(handler: Handler) -> None:
        if handler.command == "GET":
            handler.serve_truly()
        else:
            handler.send(200, json.dumps(body).encode())

    return fault


LIES = {
    "done and nothing else": {"status": "done"},
    "too few outcomes": {"status": "done", "outcomes": ["done"], "changed": True, "unchanged": 0},
    "an outcome of its own": {"status": "done", "outcomes": ["done", "maybe"], "changed": -1, "unchanged": 0},
    "an error": {"status": "done", "outcomes": ["done"] * 2, "changed": 40, "unchanged": 0, "error": "no"},
    "accepted, without a job": {"status": "started"},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_service_that_does_not_say_what_it_did_is_not_believed(
    connector: HttpService, service: Service, lie: str
) -> None:
    service.fault = lying_to_orders(LIES[lie])
    with pytest.raises(Rejected):
        connector.correct(CHANGES[:2], "one")
    with pytest.raises(Rejected):
        connector.stop(HELD, PAYMENTS_ROUTE, SAM, "one")


def test_a_success_that_is_none_shows_when_it_is_read_back(connector: HttpService, service: Service) -> None:
    runs = connector.still_running(HELD, PAYMENTS_ROUTE, SAM)
    service.fault = lying_to_orders({"status": "done", "outcomes": ["done"] * 2, "changed": runs, "unchanged": 0})
    corrected = connector.correct(CHANGES[:2], "one")
    stopped = connector.stop(HELD, PAYMENTS_ROUTE, SAM, "one")
    assert (corrected.effect, stopped.effect) == (Effect.DONE, Effect.DONE)
    assert connector.read_values(CHANGES[:2]) == ("Sam O", "Sam O")
    assert connector.still_running(HELD, PAYMENTS_ROUTE, SAM) == runs


def test_a_stop_whose_counts_do_not_add_up_is_in_doubt(connector: HttpService, service: Service) -> None:
    service.fault = lying_to_orders({"status": "done", "changed": 1, "unchanged": 0})
    assert connector.stop(HELD, PAYMENTS_ROUTE, SAM, "one").effect is Effect.IN_DOUBT


def test_corrections_and_stops_that_take_time_are_polled_to_their_end(connector: HttpService, service: Service) -> None:
    corrected = connector.correct(CHANGES[2:], "one")
    stopped = connector.stop(NO_TRAINING, TASKS_ROUTE, SAM, "two")
    assert (corrected.effect, stopped.effect) == (Effect.STARTED, Effect.STARTED)
    ends = [[connector.poll(one.handle) for _ in range(3)][-1] for one in (corrected, stopped)]
    assert ends == [Receipt(Effect.DONE, count=1, outcomes=(Effect.DONE,)), Receipt(Effect.DONE, count=2)]


def test_an_order_whose_answer_was_lost_is_given_again_with_the_same_key(
    connector: HttpService, service: Service
) -> None:
    first = connector.stop(NO_TRAINING, TASKS_ROUTE, SAM, "one")
    again = connector.stop(NO_TRAINING, TASKS_ROUTE, SAM, "one")
    assert first == again
    assert len(service.answered) == 1


def test_a_correction_or_a_stop_without_its_key_is_not_sent(connector: HttpService, service: Service) -> None:
    with pytest.raises(Rejected):
        connector.correct(CHANGES[:2], " ")
    with pytest.raises(Rejected):
        connector.stop(HELD, PAYMENTS_ROUTE, SAM, "")
    assert {method for method, _ in service.calls} == {"GET"}


def test_changes_of_two_collections_are_not_one_order(connector: HttpService, service: Service) -> None:
    with pytest.raises(Rejected):
        connector.correct(CHANGES, "one")
    assert service.calls == []


def test_a_service_without_endpoints_for_it_neither_corrects_nor_stops() -> None:
    bare = collection("id,email", key="id", settings={"list": "/l", "query": "email"}, found_by={"email": ("email",)})
    connector = HttpService.from_map(system("http", GOOD, people=bare), {})
    assert connector.abilities == {Ability.FIND, Ability.ERASE, Ability.POLL}


def test_a_rectifiable_field_needs_an_endpoint() -> None:
    bare = collection("id,email", key="id", rectifiable="email", settings={"list": "/l", "query": "id"},
                      found_by={"account": ("id",)})  # fmt: skip
    with pytest.raises(ValueError, match="'correct' is missing"):
        HttpService.from_map(system("http", GOOD, people=bare), {})


@pytest.mark.parametrize(
    ("settings", "message"),
    [({}, "'path' is missing"), ({"path": "stops"}, "'path'"), ({"path": "/s", "poll": "/s"}, "'poll'"),
     ({"path": "/s", "by": "x"}, "'by'")],
)  # fmt: skip
def test_wrong_settings_of_a_stop_are_named(settings: dict[str, str], message: str) -> None:
    found = service_map(GOOD)
    stops = {"training": NO_TRAINING.model_copy(update={"settings": settings})}
    with pytest.raises(ValueError, match=message):
        HttpService.from_map(found.model_copy(update={"stops": stops}), {})


def test_counts_that_do_not_add_up_are_in_doubt(connector: HttpService, service: Service) -> None:
    service.fault = as_json({"status": "done", "erased": 1, "kept": [], "absent": 0})
    assert connector.erase(ALL_PAYMENTS, "one").effect is Effect.IN_DOUBT
    assert connector.poll("tasks/2/job").effect is Effect.IN_DOUBT


def test_a_service_that_asks_for_time_is_given_it(connector: HttpService, service: Service) -> None:
    service.fault = answer(503, b"{}", Retry_After="7")
    with pytest.raises(Unreachable) as failed:
        connector.count(PAYMENTS_ROUTE, SAM)
    assert failed.value.retry_in == 7.0


def test_a_service_that_is_gone_is_unreachable(service: Service) -> None:
    with running() as gone:
        connector = connect(gone)
    with pytest.raises(Unreachable):
        connector.check()
    connector.close()


def test_a_wrong_token_is_a_finding(service: Service) -> None:
    settings = {"base_url": service.url, "token": "wrong", "private": "127.0.0.0/8"}
    connector = HttpService.from_map(service_map(settings), {})
    assert {one.message for one in connector.check()} == {
        "payments: the service answered 401",
        "tasks: the service answered 401",
    }
    connector.close()


GOOD = {"base_url": "https://pay.example", "token": "t"}


@pytest.mark.parametrize(
    ("settings", "more", "message"),
    [
        ({"base_url": "https://pay.example"}, {}, "'token' is missing"),
        (GOOD | {"token": "${SERVICE_TOKEN}"}, {}, "SERVICE_TOKEN is missing or empty"),
        (GOOD | {"token": "a\nb"}, {}, "one word"),
        (GOOD | {"base_url": "ftp://pay.example"}, {}, "http"),
        (GOOD | {"base_url": "https://me:hush@pay.example"}, {}, "name or password"),
        (GOOD | {"retries": "3"}, {}, "'retries'"),
        (GOOD | {"timeout": "-1"}, {}, "'timeout'"),
        (GOOD, {"list": "payments"}, "'list'"),
        (GOOD, {"erase": "//evil.example/"}, "'erase'"),
        (GOOD, {"poll": "/jobs"}, "'poll'"),
        (GOOD, {"batch": "1000"}, "'batch'"),
        (GOOD, {"query": "email"}, "found by 'email' only"),
        (GOOD, {"quary": "email"}, "'quary'"),
        (GOOD, {"correct": "payments"}, "'correct'"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, str], more: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        HttpService.from_map(service_map(settings, **more), {"SERVICE_TOKEN": ""})
    assert "hush" not in str(refused.value)

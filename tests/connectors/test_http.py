"""The HTTP connector against a real service on loopback, whole and broken."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import date

import pytest

from dsr.connectors.contract import Chunk, Effect, KeptKey, Receipt, Rejected, Unreachable
from dsr.connectors.contract_kit import ContractKit, World
from dsr.connectors.http import HttpService
from dsr.datamap.route import Hop, Identities, Route, Seed
from dsr.datamap.schema import SystemMap, Way
from tests.connectors.maps import collection, rows, system
from tests.connectors.service import TOKEN, Handler, Service, running

SAM: Identities = {"account": (("c-1",), ("c-2",)), "app.generations(task_id)": (("t-1",), ("t-3",))}
MALLORY: Identities = {"account": (("c-9",),), "app.generations(task_id)": (("t-2",),)}
PAYMENTS = {"list": "/payments/list", "erase": "/payments/erasures", "query": "customer_id", "by_id": "id"}
TASKS = {
    "list": "/tasks/list",
    "erase": "/tasks/erasures",
    "poll": "/tasks/deletions/{job}",
    "query": "task_id",
    "by_id": "task_id",
    "batch": "100",
}


def service_map(settings: dict[str, str], **more: str) -> SystemMap:
    return system(
        "http",
        settings,
        payments=collection(
            "id,customer_id,amount,card,secret",
            key="id",
            secret="secret",
            settings=PAYMENTS | more,
            found_by={"account": ("customer_id",)},
        ),
        tasks=collection(
            "task_id,prompt",
            key="task_id",
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
            }
        for n in range(4):
            made.tables["tasks"][f"t-{n}"] = {"task_id": f"t-{n}", "prompt": "a cat 🐈"}
        yield made


def connect(service: Service, timeout: str = "5") -> HttpService:
    settings = {"base_url": service.url, "token": "${SERVICE_TOKEN}", "timeout": timeout}
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
    )


class TestHttpService(ContractKit):
    """The whole contract."""


def test_pages_become_rows_with_the_fields_of_the_map(connector: HttpService, service: Service) -> None:
    found = rows(connector, PAYMENTS_ROUTE, {"account": (("c-1",),)})
    assert len(found) == 40
    assert found[0] == {"id": "p-0", "customer_id": "c-1", "amount": 1230, "card": '{"last4": "4242"}'}
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
    settings = {"base_url": service.url, "token": "wrong"}
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
    ],
)
def test_wrong_settings_are_named(settings: dict[str, str], more: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        HttpService.from_map(service_map(settings, **more), {"SERVICE_TOKEN": ""})
    assert "hush" not in str(refused.value)

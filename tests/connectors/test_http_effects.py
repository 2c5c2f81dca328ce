"""Erasures that a map declares, and how a service knows us: each way, and each way it fails."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from dsr.connectors.contract import Ability, Chunk, Effect, Rejected, Unreachable
from dsr.connectors.http import HttpService
from dsr.connectors.http.config import http_settings
from dsr.connectors.http.pace import Bucket
from dsr.datamap.schema import Way
from tests.connectors.declared import ERASING, PEOPLE, declared, people_map, people_route
from tests.connectors.maps import rows
from tests.connectors.scripted import Call, Reply
from tests.connectors.service import Handler, Service, running
from tests.connectors.test_http import REJECTED, UNREACHABLE

ONE = Chunk("people", Way.DELETE, ("id",), ((1,),))
BOTH = Chunk("people", Way.DELETE, ("id",), ((1,), (2,)))
WHOLE = PEOPLE | ERASING
ROUTE = people_route(people_map("https://x.example", {}, PEOPLE))
SAM = {"email": (("sam@example.com",),)}


def gone(_: Call) -> Reply:
    return Reply(204)


def test_each_row_is_erased_by_its_own_call() -> None:
    with declared(gone, WHOLE) as (connector, service):
        receipt = connector.erase(BOTH, "k")
    assert (receipt.effect, receipt.count) == (Effect.DONE, 2)
    assert service.asked == ["DELETE /people/1", "DELETE /people/2"]


def test_many_rows_go_in_one_call_as_a_list_where_the_service_takes_it() -> None:
    settings = PEOPLE | {"erase": "POST /gone", "erase_body": '{"ids": ["{id}"], "kind": "all"}', "done": "ok = true"}
    settings |= {"batch": "2", "list": "GET /people?email={email}"}
    with declared(lambda _: Reply(200, {"ok": True}), settings) as (connector, service):
        chunk = Chunk("people", Way.DELETE, ("id",), ((1,), (2,), (3,)))
        assert connector.erase(chunk, "k").count == 3
    assert [call.body for call in service.calls] == [b'{"ids":[1,2],"kind":"all"}', b'{"ids":[3],"kind":"all"}']


def test_what_the_service_keeps_has_a_reason_and_a_day() -> None:
    settings = WHOLE | {"kept": "403", "kept_reason": "why.0.code", "kept_until": "until"}
    body = {"why": [{"code": "CONTRACT"}], "until": "2029-03-01"}
    with declared(lambda call: Reply(403, body) if call.path.endswith("1") else Reply(204), settings) as (connector, _):
        receipt = connector.erase(BOTH, "k")
    assert (receipt.effect, receipt.count, str(receipt.until)) == (Effect.KEPT, 1, "2029-03-01")
    assert [(one.key, one.reason) for one in receipt.kept] == [((1,), "CONTRACT")]


def test_what_is_deleted_softly_is_deleted_for_good_in_a_second_call() -> None:
    settings = WHOLE | {"confirm": "DELETE /deleted_people/{id}"}
    with declared(gone, settings) as (connector, service):
        connector.erase(Chunk("people", Way.DELETE, ("id",), ((1,),)), "k")
    assert service.asked == ["DELETE /people/1", "DELETE /deleted_people/1"]


def test_a_second_call_that_fails_fails_the_erasure() -> None:
    settings = WHOLE | {"confirm": "DELETE /deleted_people/{id}"}
    with (
        declared(lambda call: Reply(403 if "deleted" in call.path else 204), settings) as (connector, _),
        pytest.raises(Rejected),
    ):
        connector.erase(BOTH, "k")


def test_an_erasure_is_rehearsed_and_changes_nothing() -> None:
    settings = WHOLE | {"rehearse": "DELETE /people/{id}?dry_run=true"}

    def answer(call: Call) -> Reply:
        return Reply(409, {"code": "DISPUTED"}) if call.path.endswith("2") else Reply(204)

    with declared(answer, settings) as (connector, service):
        assert Ability.REHEARSE in connector.abilities
        with pytest.raises(Rejected, match="409"):
            connector.rehearse([BOTH])
    assert service.asked == ["DELETE /people/1?dry_run=true", "DELETE /people/2?dry_run=true"]


def test_what_the_service_would_keep_or_has_no_more_fails_no_rehearsal() -> None:
    settings = WHOLE | {"rehearse": "DELETE /people/{id}?dry_run=true", "kept": "403", "kept_reason": "code"}
    with declared(lambda call: Reply(403 if call.path.endswith("2") else 404), settings) as (connector, service):
        connector.rehearse([BOTH])
    assert len(service.asked) == 2


JOBS = PEOPLE | {
    "erase": "POST /jobs",
    "erase_body": '{"id": "{id}"}',
    "done": "200",
    "job": "data.job",
    "poll": "GET /jobs/{job}",
    "state": "data.state",
    "states": "RUNNING=running, FINISHED=done, PARTIAL_SUCCESS=partial, NOT_FOUND=absent, FAILED=failed",
    "poll_in": "5",
}


@pytest.mark.parametrize(
    ("states", "effect"),
    [
        (("FINISHED", "FINISHED"), Effect.DONE),
        (("FINISHED", "RUNNING"), Effect.STARTED),
        (("FINISHED", "PARTIAL_SUCCESS"), Effect.IN_DOUBT),
        (("NOT_FOUND", "NOT_FOUND"), Effect.ABSENT),
        (("FINISHED", "FAILED"), Rejected),
        (("FINISHED", "NEW_WORD"), Rejected),
        (("FINISHED", None), Rejected),
    ],
)
def test_jobs_are_polled_until_each_is_over(states: tuple[str | None, ...], effect: Effect | type[Exception]) -> None:
    jobs = iter("01")

    def answer(call: Call) -> Reply:
        if call.method == "POST":
            return Reply(202, {"data": {"job": next(jobs)}})
        return Reply(200, {"data": {"state": states[int(call.path[-1])]}})

    with declared(answer, JOBS) as (connector, _):
        started = connector.erase(BOTH, "k")
        assert (started.effect, started.poll_in) == (Effect.STARTED, 5.0)
        if isinstance(effect, Effect):
            assert connector.poll(started.handle).effect is effect
        else:
            with pytest.raises(effect):
                connector.poll(started.handle)


FALSE = {"ok": False, "data": {"job": "1", "state": "FINISHED"}}
ERROR = {"error": "no", "data": {"job": "1", "state": "FINISHED"}}


@pytest.mark.parametrize("body", [FALSE, ERROR])
@pytest.mark.parametrize("own", [{}, {"ok": "ok = true"}])
def test_an_answer_that_reports_an_error_starts_no_job(body: dict[str, object], own: dict[str, str]) -> None:
    with declared(lambda _: Reply(200, body), JOBS, own) as (connector, _), pytest.raises(Rejected, match="is done"):
        connector.erase(ONE, "k")


@pytest.mark.parametrize("body", [FALSE, ERROR])
@pytest.mark.parametrize("own", [{}, {"ok": "ok = true"}])
def test_a_job_is_not_over_by_an_answer_that_reports_an_error(body: dict[str, object], own: dict[str, str]) -> None:
    with (
        declared(lambda _: Reply(200, body), JOBS, own) as (connector, _),
        pytest.raises(Rejected, match="reports an error"),
    ):
        connector.poll("jobs/people/1/1")


def test_a_job_that_failed_is_told_as_such_whatever_else_its_answer_says() -> None:
    body = {"ok": False, "error": "no", "data": {"state": "FAILED"}}
    with declared(lambda _: Reply(200, body), JOBS) as (connector, _), pytest.raises(Rejected, match="has failed"):
        connector.poll("jobs/people/1/1")


@pytest.mark.parametrize("own", [{}, {"ok": "ok = true"}])
def test_a_job_is_not_confirmed_by_an_answer_that_says_that_it_failed(own: dict[str, str]) -> None:
    settings = JOBS | {"states": "READY=confirm, FINISHED=done", "confirm": "POST /jobs/{job}/confirm"}

    def answer(call: Call) -> Reply:
        return Reply(200, {"ok": False} if "confirm" in call.path else {"ok": True, "data": {"state": "READY"}})

    with declared(answer, settings, own) as (connector, _), pytest.raises(Rejected, match="be confirmed"):
        connector.poll("jobs/people/1/1")


@pytest.mark.parametrize("word", ["ok", "success"])
def test_an_erasure_is_not_done_by_an_answer_that_says_that_it_failed(word: str) -> None:
    with (
        declared(lambda _: Reply(200, {word: False}), WHOLE | {"done": "200"}) as (connector, _),
        pytest.raises(Rejected, match="is done"),
    ):
        connector.erase(ONE, "k")


@pytest.mark.parametrize(
    "handle", ["jobs/people/1/", "jobs/people/1/..", "jobs/nobody/1/a", "jobs/people/x/a", "jobs/1/a"]
)
def test_a_handle_that_is_none_of_ours_is_not_sent(handle: str) -> None:
    with declared(gone, JOBS) as (connector, service):
        with pytest.raises(Rejected):
            connector.poll(handle)
        assert service.calls == []


@pytest.fixture
def broken() -> Iterator[Service]:
    with running() as made:
        yield made


@contextmanager
def connected(broken: Service, timeout: str) -> Iterator[HttpService]:
    settings = WHOLE | {"rows": "items", "paging": "cursor", "page_param": "cursor", "page_next": "next"}
    with closing(HttpService.from_map(people_map(broken.url, {"timeout": timeout}, settings), {})) as made:
        yield made


@pytest.fixture
def connector(broken: Service) -> Iterator[HttpService]:
    with connected(broken, "60") as made:
        yield made


@pytest.fixture
def impatient(broken: Service) -> Iterator[HttpService]:
    with connected(broken, "0.3") as made:
        yield made


@pytest.mark.parametrize("fault", UNREACHABLE)
def test_a_service_that_does_not_answer_is_asked_again(impatient: HttpService, broken: Service, fault: str) -> None:
    broken.fault = UNREACHABLE[fault]
    asks: list[Callable[[], object]] = [
        lambda: rows(impatient, ROUTE, SAM),
        lambda: impatient.erase(BOTH, "k"),
        lambda: impatient.read_back(BOTH),
    ]
    for ask in asks:
        with pytest.raises(Unreachable) as failed:
            ask()
        assert "sam@" not in str(failed.value)


# By its settings an absent row answers 404, and a list that names no next page is at its end.
@pytest.mark.parametrize("fault", sorted(set(REJECTED) - {"not found", "no next"}))
def test_an_answer_that_cannot_be_trusted_waits_for_a_person(
    connector: HttpService, broken: Service, fault: str
) -> None:
    broken.fault = REJECTED[fault]
    for ask in (lambda: rows(connector, ROUTE, SAM), lambda: connector.erase(BOTH, "k")):
        with pytest.raises(Rejected):
            ask()


def slow_drip(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{")
    handler.rfile.read(1)  # until the client hangs up


def test_a_slow_answer_is_left_at_the_deadline(impatient: HttpService, broken: Service) -> None:
    broken.fault = slow_drip
    with pytest.raises(Unreachable):
        impatient.erase(BOTH, "k")


def test_a_row_that_the_service_answers_for_with_a_page_of_its_own_is_gone() -> None:
    def erasing(call: Call) -> Reply:
        return Reply(204) if call.method == "DELETE" else Reply(404, b"Not found", kind="text/plain")

    with declared(erasing, WHOLE) as (connector, _):
        assert connector.erase(ONE, "k").effect is Effect.DONE
        assert connector.read_back(ONE) == ()
    with declared(lambda _: Reply(404, b"<html>", kind="text/html"), WHOLE) as (connector, _):
        assert connector.erase(ONE, "k").effect is Effect.ABSENT
        with pytest.raises(Rejected, match="not JSON, its status is 404"):  # no setting says that a list may be absent
            rows(connector, ROUTE, SAM)


def test_a_lying_success_shows_when_it_is_read_back() -> None:
    row = {"id": 1, "email": "sam@example.com"}

    def lying(call: Call) -> Reply:
        return Reply(204) if call.method == "DELETE" else Reply(200, row)

    with declared(lying, WHOLE) as (connector, _):
        chunk = Chunk("people", Way.DELETE, ("id",), ((1,),))
        assert connector.erase(chunk, "k").effect is Effect.DONE
        assert connector.read_back(chunk) == ((1,),)


EMPTY = Reply(200, {"people": []})


@pytest.mark.parametrize(
    ("own", "header", "value"),
    [
        ({"auth": "bearer", "token": "${T}"}, "Authorization", "Bearer s3cret"),
        ({"auth": "basic", "user": "any", "password": "${T}"}, "Authorization", "Basic YW55OnMzY3JldA=="),
        ({"auth": "header", "key_name": "Api-Key", "token": "${T}", "header.Api-Username": "us"}, "Api-Key", "s3cret"),
    ],
)
def test_a_service_knows_us_by_a_header(own: dict[str, str], header: str, value: str) -> None:
    with declared(lambda _: EMPTY, own=own, environ={"T": "s3cret"}) as (connector, service):
        rows(connector, ROUTE, SAM)
        assert service.calls[0].headers[header] == value
        assert "s3cret" not in repr(http_settings(people_map(service.url, own, PEOPLE), {"T": "s3cret"}))


def test_a_service_knows_us_by_a_parameter_on_every_page_and_once() -> None:
    pages = iter([Reply(200, {"people": [], "next": "/people?email=x&key=old&c=1"}), EMPTY])
    own = {"auth": "query", "key_name": "key", "token": "t"}
    with declared(lambda _: next(pages), PEOPLE | {"paging": "next", "page_next": "next"}, own) as (connector, service):
        rows(connector, ROUTE, SAM)
        assert service.asked == ["GET /people?email=sam%40example.com&key=t", "GET /people?email=x&c=1&key=t"]


def oauth(service_url: str, way: str) -> dict[str, str]:
    own = {"auth": "oauth2", "token_url": f"{service_url}/token", "client_id": "me", "client_secret": "hush"}
    return own | {"scope": "erase", "client_auth": way}


@pytest.mark.parametrize("way", ["basic", "body"])
def test_a_token_is_fetched_once_and_again_when_the_service_does_not_take_it_any_more(way: str) -> None:
    tokens = iter(("one", "two"))

    def answer(call: Call) -> Reply:
        if call.path == "/token":
            return Reply(200, {"access_token": next(tokens), "token_type": "Bearer", "expires_in": 3600})
        return EMPTY if call.headers["Authorization"] == "Bearer two" else Reply(401, {"error": "expired"})

    with declared(answer) as (_, service):
        with closing(HttpService.from_map(people_map(service.url, oauth(service.url, way), PEOPLE), {})) as connector:
            rows(connector, ROUTE, SAM)
            rows(connector, ROUTE, SAM)
        assert [call.path for call in service.calls] == ["/token", "/people", "/token", "/people", "/people"]
        form, told = dict(service.calls[0].form), service.calls[0].headers.get("Authorization", "")
        assert (form["grant_type"], form["scope"]) == ("client_credentials", "erase")
        by_basic = told == "Basic " + base64.b64encode(b"me:hush").decode()
        assert (by_basic, form.get("client_secret")) == ((True, None) if way == "basic" else (False, "hush"))


NO_TOKENS = [
    Reply(400, {"error": "x"}),
    Reply(200, {}),
    Reply(200, [1]),
    Reply(200, {"access_token": "a b", "token_type": "bearer"}),
    Reply(200, {"access_token": "a", "token_type": "mac"}),
    Reply(200, {"access_token": "a", "token_type": "bearer", "expires_in": None}),
    Reply(200, b"<html>", kind="text/html"),
]


@pytest.mark.parametrize("reply", NO_TOKENS)
def test_without_a_token_nothing_is_asked(reply: Reply) -> None:
    with declared(lambda _: reply) as (_, service):
        known = people_map(service.url, oauth(service.url, "basic"), PEOPLE)
        with closing(HttpService.from_map(known, {})) as connector, pytest.raises(Rejected) as failed:
            rows(connector, ROUTE, SAM)
        assert {call.path for call in service.calls} == {"/token"}
        assert "hush" not in str(failed.value)


def test_a_token_is_not_used_to_its_very_end() -> None:
    def answer(call: Call) -> Reply:
        lives = {"access_token": "a", "token_type": "bearer", "expires_in": 0}
        return Reply(200, lives) if call.path == "/token" else EMPTY

    with declared(answer) as (_, service):
        with closing(
            HttpService.from_map(people_map(service.url, oauth(service.url, "basic"), PEOPLE), {})
        ) as connector:
            rows(connector, ROUTE, SAM)
            rows(connector, ROUTE, SAM)
        assert [call.path for call in service.calls] == ["/token", "/people"] * 2


def test_a_call_is_signed_with_what_it_says_and_when() -> None:
    own = {"auth": "hmac", "secret": "s3cret", "sign_header": "X-Signature", "sign_prefix": "v1="}
    own |= {"date_header": "X-Date", "sign_text": "{method}\n{target}\n{date}\n{body}"}
    with declared(gone, JOBS | {"done": "204"}, own) as (connector, service):
        with pytest.raises(Rejected):  # no job is named
            connector.erase(Chunk("people", Way.DELETE, ("id",), (("ü 1",),)), "k")
        call = service.calls[0]
        text = b"\n".join([b"POST", b"/jobs", call.headers["X-Date"].encode(), call.body])
        assert call.headers["X-Signature"] == "v1=" + hmac.new(b"s3cret", text, hashlib.sha256).hexdigest()


def test_a_service_that_wants_it_so_gets_the_signature_of_the_raw_body_alone_in_base64() -> None:
    own = {"auth": "hmac", "secret": "s3cret", "sign_header": "X-Hmac", "sign_text": "{body}", "sign_as": "base64"}
    with declared(gone, JOBS | {"done": "204"}, own) as (connector, service):
        with pytest.raises(Rejected):  # no job is named
            connector.erase(ONE, "k")
        (call,) = service.calls
        mac = hmac.new(b"s3cret", call.body, hashlib.sha256).digest()
        assert base64.b64decode(call.headers["X-Hmac"], validate=True) == mac


def test_calls_keep_the_systems_pace() -> None:
    now, waited = [100.0], list[float]()
    bucket = Bucket(2, 1.0, clock=lambda: now[0], sleep=waited.append)
    for _ in range(4):
        bucket.take()
    assert waited == [0.5, 1.0]
    now[0] += 10
    bucket.take()
    assert waited == [0.5, 1.0]


def test_a_pace_that_makes_one_wait_for_long_gives_the_work_back() -> None:
    own = {"rate": "1/h"}
    with declared(gone, WHOLE, own) as (connector, service):
        with pytest.raises(Unreachable) as failed:
            connector.erase(BOTH, "k")
        assert service.asked == ["DELETE /people/1"]
    assert failed.value.retry_in is not None
    assert 3_000 < failed.value.retry_in <= 3_600

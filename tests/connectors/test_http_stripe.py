"""One vendor as a map: Stripe, against a fake of its documented shape."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dsr.connectors.contract import Chunk, Effect, Rejected, Unreachable
from dsr.connectors.contract_kit import ContractKit, World
from dsr.connectors.http import HttpService
from dsr.connectors.http.config import http_flaws
from dsr.datamap.marked import Marked
from dsr.datamap.route import Hop, Identities, Route, Seed
from dsr.datamap.schema import SystemMap, Way
from tests.connectors.maps import rows
from tests.connectors.scripted import Reply, Scripted, serving
from tests.connectors.stripe import KEY, Stripe

FILE = Path(__file__).with_name("stripe.yaml")
MAP = SystemMap.model_validate(Marked.read(FILE, FILE.name).value)
CUSTOMERS = Route("customers", MAP.collections["customers"], (Seed("email", ("email",)),), ())
CHARGES = Route("charges", MAP.collections["charges"], (), (Hop(("customer",), CUSTOMERS, ("id",)),))
SAM: Identities = {"email": (("sam@example.com",),)}
JOBS = {
    "erase": "POST /v1/privacy/redaction_jobs",
    "erase_body": '{"validation_behavior": "error", "objects": {"customers": ["{id}"]}}',
    "erase_absent": "400 and error.code = resource_missing",
    "batch": "100",
    "done": "status = succeeded",
    "job": "id",
    "poll": "GET /v1/privacy/redaction_jobs/{job}",
    "state": "status",
    "states": "validating=running, ready=confirm, redacting=running, succeeded=done, failed=failed",
    "confirm": "POST /v1/privacy/redaction_jobs/{job}/run",
    "poll_in": "0.01",
}


def by_jobs() -> SystemMap:
    customers = MAP.collections["customers"]
    settings = {name: text for name, text in customers.settings.items() if name not in ("erase", "done")}
    # One e-mail address at a time, for Stripe filters by one; many customers in one job.
    settings |= JOBS | {"list": "GET /v1/customers?email={email}&limit=2"}
    changed = customers.model_copy(update={"settings": settings})
    return MAP.model_copy(update={"collections": MAP.collections | {"customers": changed}})


@pytest.fixture
def stripe() -> Stripe:
    made = Stripe()
    for n in range(5):
        made.add(f"cus_{n}", "sam@example.com", charges=3)
    made.add("cus_9", "mallory@example.com", charges=2)
    return made


@pytest.fixture
def service(stripe: Stripe) -> Iterator[Scripted]:
    with serving(stripe.answer) as made:
        yield made


def connect(service: Scripted, system: SystemMap = MAP, key: str = KEY) -> HttpService:
    return HttpService.from_map(system, {"STRIPE_URL": service.url, "STRIPE_KEY": key})


def world_of(service: Scripted, stripe: Stripe, system: SystemMap) -> World:
    return World(
        connect=lambda: connect(service, system),
        routes=(CHARGES, CUSTOMERS),
        subject=SAM,
        bystander={"email": (("mallory@example.com",),)},
        snapshot=lambda: {
            "customers": {(name,): dict(row) for name, row in stripe.customers.items()},
            "charges": {(name,): dict(row) for name, row in stripe.charges.items()},
        },
        kept={},
    )


class TestStripe(ContractKit):
    """By deleting each customer."""

    @pytest.fixture
    def world(self, service: Scripted, stripe: Stripe) -> World:
        return world_of(service, stripe, MAP)


class TestStripeByJobs(ContractKit):
    """By redaction jobs: many customers at once, run once they are ready, polled to the end."""

    @pytest.fixture
    def world(self, service: Scripted, stripe: Stripe) -> World:
        return world_of(service, stripe, by_jobs())


def test_the_map_has_no_flaw() -> None:
    assert [*http_flaws(MAP), *http_flaws(by_jobs())] == []


@pytest.fixture
def connector(service: Scripted) -> Iterator[HttpService]:
    with closing(connect(service)) as made:
        yield made


@pytest.fixture
def slow(service: Scripted) -> Iterator[HttpService]:
    """The connector of a map that erases by jobs."""
    with closing(connect(service, by_jobs())) as made:
        yield made


def test_lists_go_on_after_their_last_row_and_charges_are_asked_per_customer(
    connector: HttpService, service: Scripted
) -> None:
    found = rows(connector, CHARGES, SAM)
    assert len(found) == 15
    assert found[0] == {"id": "ch_cus_0_0", "customer": "cus_0", "amount": 0, "card.last4": "4242"}
    assert service.asked[:4] == [
        "GET /v1/customers?email=sam%40example.com&limit=2",
        "GET /v1/customers?email=sam%40example.com&limit=2&starting_after=cus_1",
        "GET /v1/customers?email=sam%40example.com&limit=2&starting_after=cus_3",
        "GET /v1/charges?customer=cus_0&limit=2",
    ]
    assert {call.headers["Stripe-Version"] for call in service.calls} == {"2024-06-20"}


def test_a_job_names_its_customers_in_a_form_and_is_started_once(
    slow: HttpService, service: Scripted, stripe: Stripe
) -> None:
    chunk = Chunk("customers", Way.DELETE, ("id",), (("cus_0",), ("cus_1",)))
    first, again = slow.erase(chunk, "k"), slow.erase(chunk, "k")
    assert first == again
    assert (first.effect, len(stripe.jobs)) == (Effect.STARTED, 1)
    assert service.calls[0].form == [
        ("validation_behavior", "error"),
        ("objects[customers][]", "cus_0"),
        ("objects[customers][]", "cus_1"),
    ]


def test_a_deletion_has_a_key_of_its_own_for_each_customer_equal_in_every_attempt(
    connector: HttpService, service: Scripted
) -> None:
    chunk = Chunk("customers", Way.DELETE, ("id",), (("cus_0",), ("cus_1",)))
    connector.erase(chunk, "k")
    connector.erase(chunk, "k")
    first, second, *again = [call.headers["Idempotency-Key"] for call in service.calls]
    assert first != second
    assert again == [first, second]


def test_a_limit_is_respected(connector: HttpService, service: Scripted) -> None:
    service.answer = lambda _: Reply(429, {"error": {"code": "rate_limit"}}, {"Retry-After": "12"})
    with pytest.raises(Unreachable) as failed:
        connector.count(CUSTOMERS, SAM)
    assert failed.value.retry_in == 12.0


def test_a_key_that_is_not_known_is_a_finding_and_is_not_quoted(service: Scripted) -> None:
    with closing(connect(service, key="rk_wrong")) as stranger:
        findings = stranger.check()
    assert [one.message for one in findings] == [
        f"{name}: the service answered 401" for name in ("charges", "customers")
    ]


LIES: list[dict[str, object]] = [
    {"id": "cus_0"},
    {"id": "cus_0", "deleted": False},
    {"deleted": "yes"},
    {"deleted": True, "error": {"code": "x"}},
]


@pytest.mark.parametrize("lie", LIES)
def test_a_deletion_that_says_ok_and_not_deleted_is_not_believed(
    connector: HttpService, service: Scripted, lie: dict[str, object]
) -> None:
    service.answer = lambda _: Reply(200, lie)
    with pytest.raises(Rejected):
        connector.erase(Chunk("customers", Way.DELETE, ("id",), (("cus_0",),)), "k")


def test_a_job_that_fails_waits_for_a_person(slow: HttpService, stripe: Stripe) -> None:
    started = slow.erase(Chunk("customers", Way.DELETE, ("id",), (("cus_0",),)), "k")
    stripe.jobs["redjob_0"]["status"] = "failed"
    with pytest.raises(Rejected, match="failed"):
        slow.poll(started.handle)

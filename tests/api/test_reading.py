"""What a token reads, and what it never opens: a controller's token proves no person (M6)."""

from collections.abc import Callable, Iterator
from typing import Any

from django.urls import URLPattern
from rest_framework.test import APIClient

from dsr.api.urls import urlpatterns
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import Download, SubjectRequest
from tests.conftest import SAM, World
from tests.tree import imported, sources

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


def addresses(subject_request: SubjectRequest) -> Iterator[str]:
    """Every address of the API, about this request where it is about one."""
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        yield f"/api/v1/{pattern.pattern}".replace("<str:reference>", subject_request.reference)
    for end in ("prove", "download", "package", "code", "confirm", "cancel"):
        yield f"/api/v1/requests/{subject_request.reference}/{end}/"


def try_everything(client: APIClient, subject_request: SubjectRequest) -> Iterator[Any]:
    """Every answer to every method at every address, with words that might move a request on."""
    body = {"state": "verified", "code": "00000000", "right": "access"}
    for address in addresses(subject_request):
        for method in METHODS:
            data = body if method in {"post", "put", "patch"} else None
            yield (
                client.generic(method.upper(), address)
                if data is None
                else getattr(client, method)(address, data, format="json")
            )


def status(reference: str) -> str:
    return f"/api/v1/requests/{reference}/"


def test_an_app_reads_where_its_request_stands(world: World, joypix: APIClient) -> None:
    filed = world.file(Right.ERASURE)

    answer = joypix.get(status(filed.reference))

    assert answer.json() == {
        "reference": filed.reference,
        "right": "erasure",
        "state": "received",
        "received_at": "2026-11-03T09:00:00Z",
        "due_on": "2026-11-25",
        "promise_on": "2026-11-25",
        "statutory_on": None,
        "answered_at": None,
        "closed": False,
    }


def test_a_reference_is_read_as_people_write_it(world: World, joypix: APIClient) -> None:
    filed = world.file(Right.ACCESS)

    answer = joypix.get(status(filed.reference.replace("-", "").lower()))

    assert answer.json()["reference"] == filed.reference


def test_requests_of_others_are_as_unknown_as_no_request(world: World, pixplus: APIClient) -> None:
    of_joypix = world.file(Right.ACCESS, controller="joypix")

    others, none, nonsense = (
        pixplus.get(status(reference)) for reference in (of_joypix.reference, "222-222-222", "%F0%9F%99%82")
    )

    assert others.status_code == none.status_code == nonsense.status_code == 404
    assert others.json() == none.json() == nonsense.json()


def test_requests_cannot_be_listed(world: World, joypix: APIClient) -> None:
    world.file(Right.ACCESS)

    answer = joypix.get("/api/v1/requests/")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


def test_a_token_opens_nobodys_package(answered: Callable[..., SubjectRequest], joypix: APIClient) -> None:
    sams = answered(Right.ACCESS)

    answers = list(try_everything(joypix, sams))

    types = {answer.headers["Content-Type"] for answer in answers if answer.content}
    assert types == {"application/json", "application/vnd.oai.openapi+json"}
    assert not any(SAM in answer.content.decode() or b"PK\x03\x04" in answer.content for answer in answers)
    assert Download.objects.count() == 0


def test_the_status_of_an_answered_request_holds_no_way_to_its_package(
    answered: Callable[..., SubjectRequest], joypix: APIClient
) -> None:
    sams = answered(Right.ACCESS)

    said = joypix.get(status(sams.reference)).json()

    assert set(said) == {
        "reference",
        "right",
        "state",
        "received_at",
        "due_on",
        "promise_on",
        "statutory_on",
        "answered_at",
        "closed",
    }
    assert (said["state"], said["closed"]) == ("packaged", False)


def test_no_request_is_proven_by_a_token_alone(world: World, joypix: APIClient) -> None:
    filed = world.file(Right.ERASURE)

    answers = list(try_everything(joypix, filed))

    filed.refresh_from_db()
    assert {answer.status_code for answer in answers} == {
        200,
        400,
        401,
        404,
        405,
    }  # a package is for no token of a controller
    assert filed.state == State.RECEIVED
    assert not filed.identities.exclude(proven_at=None).exists()


def test_the_api_knows_no_step_but_intake_vouching_where_systems_call_and_a_persons_own_download() -> None:
    named = {name for path in sources("dsr/api") for _, name in imported(path) if name.startswith("dsr.steps.")}
    calls = {"dsr.steps.fulfilling", "dsr.steps.fulfilling.calling"}
    taking = {f"dsr.steps.answering{name}" for name in ("", ".delivery", ".grants", ".grants.Stage", ".ranges")}
    taking |= {"dsr.steps.move", "dsr.steps.move.Conflict"}
    asking = {"dsr.steps.asking", "dsr.steps.asking.assertions", "dsr.steps.asking.intake"}
    assert named - taking == {"dsr.steps.maps", "dsr.steps.limiting"} | asking | calls


def test_a_controller_reads_what_it_offers(pixplus: APIClient) -> None:
    offered = pixplus.get("/api/v1/controller/").json()

    assert offered["slug"] == "pixplus"
    assert offered["promise"]["business_days"] == 15
    assert {"erasure", "access"} <= {offer["right"] for offer in offered["rights"]}
    assert "email" in {known["kind"] for known in offered["identities"]}

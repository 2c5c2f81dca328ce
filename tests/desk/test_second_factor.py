"""No page of the desk but the sign-in is reached without a verified second factor."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver

from accounts.models import Role, Staff
from dsr.desk.site import desk
from dsr.law.actors import Actor
from dsr.law.rights import Right
from tests.conftest import World

SignIn = Callable[[str], Client]
SAMPLES = {
    "reference": "R3K-2WN-P5M",
    "item": uuid4(),
    "act": "accept",
    "slug": "ask",
    "controller": "joypix",
    "listed": uuid4(),
    "hold": uuid4(),
    "limit": uuid4(),
    "correction": uuid4(),
    "recipient": uuid4(),
    "letter": uuid4(),
    "document": uuid4(),
    "mark": uuid4(),
    "system": "app-database",
    "collection": "users",
    "object_id": "1",
    "content_type_id": "1",
    "app_label": "dsr",
    "url": "nowhere/at-all",
    "token": "some-token",
}
ADMINS = {"^(?P<app_label>dsr|accounts)/$": "dsr/", "(?P<url>.*)$": "nowhere/at-all"}


def addresses(patterns: list[URLPattern | URLResolver], before: str = "/desk/") -> Iterator[str]:
    for pattern in patterns:
        route = str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, before + route)
            continue
        for name, value in SAMPLES.items():
            for converter in ("str", "uuid", "slug", "path"):
                route = route.replace(f"<{converter}:{name}>", str(value))
        yield before + ADMINS.get(route, route)


OPEN = {"/desk/login/", "/desk/enrol/", "/desk/enrol/some-token/"}  # ways to get the factors
OPEN |= {"/desk/lent/", "/desk/lent/some-token/"}  # of a colleague without an account, by a link and a code
PAGES = sorted(set(addresses(desk.get_urls())) - OPEN)


def test_the_crawl_finds_the_pages() -> None:
    assert {"/desk/", "/desk/find/", "/desk/jsi18n/", "/desk/logout/", "/desk/dsr/event/"} <= set(PAGES)
    assert [page for page in PAGES if "<" in page or "(" in page] == []
    assert len(PAGES) > 25


def leads(client: Client, page: str, method: str) -> list[str]:
    """Where one ends up: the addresses one is sent to, last the page that answers."""
    answer = getattr(client, method)(page, follow=True)
    return [url.partition("?")[0] for url, _ in answer.redirect_chain]


@pytest.mark.parametrize("method", ["get", "post"])
def test_strangers_are_sent_to_the_sign_in(client: Client, db: None, method: str) -> None:
    elsewhere = {page: leads(client, page, method) for page in PAGES}
    assert {page: way for page, way in elsewhere.items() if way[-1:] != ["/desk/login/"]} == {}


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_password_alone_opens_no_page(dana: Actor, method: str) -> None:
    client = Client()
    client.force_login(Staff.objects.get(pk=dana.id))
    elsewhere = {page: leads(client, page, method) for page in PAGES}
    assert {page: way for page, way in elsewhere.items() if way[-1:] != ["/desk/login/"]} == {}


def test_with_both_factors_no_page_leads_to_the_sign_in(dana: Actor, sign_in: SignIn) -> None:
    client = sign_in("dana")
    back = [page for page in PAGES if "logout" not in page and "/desk/login/" in leads(client, page, "get")]
    assert back == []


def test_signing_out_closes_the_desk(dana: Actor, sign_in: SignIn) -> None:
    client = sign_in("dana")
    client.post("/desk/logout/")
    assert client.get("/desk/").status_code == 302


def test_a_link_does_not_sign_anybody_out(dana: Actor, sign_in: SignIn) -> None:
    client = sign_in("dana")
    assert client.get("/desk/logout/").status_code == 405
    assert client.get("/desk/").status_code == 200


def test_a_form_from_elsewhere_decides_nothing(world: World, dana: Actor, sign_in: SignIn) -> None:
    subject_request = world.file(Right.ACCESS)
    world.prove(subject_request)
    client = Client(enforce_csrf_checks=True)
    client.cookies = sign_in("dana").cookies
    answer = client.post(f"/desk/requests/{subject_request.reference}/accept/")
    assert answer.status_code == 403
    subject_request.refresh_from_db()
    assert subject_request.state == "verified"


def test_roles_are_of_our_table_not_of_djangos_permissions(dana: Actor, sign_in: SignIn) -> None:
    Staff.objects.get(pk=dana.id).memberships.filter(role=Role.AGENT).delete()
    assert b"No requests here" in sign_in("dana").get("/desk/").content

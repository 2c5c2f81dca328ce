"""The permission table: role, page, method, and whose request; each cell is asked for, and no page is without a row."""

from collections.abc import Callable, Iterator

import pytest
from django.template.backends.django import Template
from django.test import Client
from django.urls import URLPattern, URLResolver
from django.utils.safestring import SafeString
from rest_framework.test import APIClient

from accounts import staff
from accounts.models import Role, Staff
from dsr.api.urls import urlpatterns as api
from dsr.desk import acts, clock_acts
from dsr.desk.site import desk
from dsr.models import SubjectRequest
from dsr.portal.urls import urlpatterns as portal
from dsr.steps.asking import tokens
from dsr.steps.permissions import DUTIES
from dsr.steps.recording import sequencer
from tests.conftest import NOW, World
from tests.permission_cells import METHODS, OTHERS, Page, asked, objects, pages
from tools import permissions
from tools.permissions import ANYONE, NO, NOBODY, Row

ABROAD, ADMIN = "abroad", "administrator"
ALL_ACTS = {"decide": list(acts.ACTS), "clock_act": list(clock_acts.ACTS)}
OF_CONTROLLER = {"export", "enter", "dsr_event_history", "dsr_event_change"}
ALSO = {"logout": ["sign in"], "enrol": ["over"], "catch-all": ["unknown"]}  # what a page says to who may open it
WITHOUT = {"agree-to-less-proof"}  # acts that nobody can take before somebody else proposed them


def names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns)
        else:
            yield pattern.name or "catch-all"


def test_every_page_of_the_desk_the_portal_and_the_api_has_a_row() -> None:
    assert set(names(desk.get_urls())) == set(permissions.DESK)
    assert {one.name for one in api} == set(permissions.API)
    assert [one.name for one in portal if permissions.portal(str(one.name)) is None] == []
    assert {one.name for one in portal} == permissions.OPEN | permissions.BY_LINK | permissions.PERSONS


def test_the_table_in_the_docs_is_the_one_that_is_asserted() -> None:
    assert permissions.PAGE.read_text("utf-8") == permissions.page()


@pytest.fixture
def everybody(sign_in: Callable[[str], Client], db: None) -> dict[str, Client]:
    """A browser of each role at JoyPix, of every role elsewhere, of an administrator, and of nobody."""
    for role in Role:
        staff.add(role.value, role.value, [("joypix", role)])
    staff.add(ABROAD, "Abroad", [("pixplus", role) for role in Role])
    staff.add(ADMIN, "Root", [], administrator=True)
    return {name: sign_in(name) for name in (*Role.values, ABROAD, ADMIN)} | {NOBODY: Client()}


@pytest.fixture
def cells(
    to_approve: SubjectRequest, world: World, everybody: dict[str, Client], monkeypatch: pytest.MonkeyPatch
) -> list[Page]:
    """Every page of the desk, about one request and rows of each kind; what stands on it is nobody's question here."""
    sequencer.sequence(at=world.at)
    monkeypatch.setattr(Template, "render", lambda *_: SafeString(""))
    monkeypatch.setattr(desk, "each_context", lambda _: {})
    made = objects(to_approve, Staff.objects.get(username=ADMIN).pk)
    given = {"reference": to_approve.reference, "controller": "joypix", "token": "none", **made}
    given |= {"system": "app-database", "collection": "users", "app_label": "dsr", "content_type_id": 1, "url": "x"}
    given["object_id"] = Staff.objects.get(username=ADMIN).pk
    given["event"] = to_approve.events.latest("id").pk
    return list(pages(desk.get_urls(), given, ALL_ACTS))


def row_of(page: Page) -> Row:
    name, _, act = page.name.partition(":")
    if name != "decide":
        return permissions.DESK[name]
    duty = NOBODY if act in WITHOUT else str(acts.ACTS[act].duty)
    return Row(duty, duty)


def expected(page: Page, method: str, who: str) -> set[str]:
    """What the table says."""
    row = row_of(page)
    word = row.reads if method == "get" else row.acts
    if word == NO:
        return {"no such method"}
    abroad = who in {ABROAD, ADMIN}
    if (
        (page.of_request or page.name in OF_CONTROLLER)
        and abroad
        and not (method == "get" and word == permissions.BUTTON)
    ):
        return {"unknown"} if page.of_request else {"refused", "unknown"}
    held = Role if who == ABROAD else [Role(who)] if who != ADMIN else []
    duties = frozenset(str(duty) for role in held for duty in DUTIES[role])
    if permissions.allowed(word, duties, administrator=who == ADMIN):
        return {"open", *ALSO.get(page.name, ())}
    return {"refused", "unknown"}


def test_every_cell_of_the_desk_is_as_the_table_says(cells: list[Page], everybody: dict[str, Client]) -> None:
    wrong = [
        f"{page.name} {method} by {who}: {said}, not {' or '.join(sorted(expected(page, method, who)))}"
        for who, client in everybody.items()
        if who != NOBODY  # every page sends them to the sign-in: test_second_factor.py
        for page in cells
        for method in METHODS
        if (said := asked(client, method, page)) not in expected(page, method, who)
    ]
    assert "\n".join(wrong) == ""
    assert len(cells) > 80


def test_no_page_of_the_desk_knows_another_method(cells: list[Page], everybody: dict[str, Client]) -> None:
    officer = everybody[Role.PRIVACY_OFFICER]
    ours = [page for page in cells if not page.name.startswith(("dsr_", "accounts_", "catch", "app_", "pass", "log"))]
    taken = {f"{page.name} {method}" for page in ours for method in OTHERS if asked(officer, method, page) == "open"}
    assert taken <= {f"jsi18n {method}" for method in OTHERS}


def test_who_proved_nothing_opens_no_page_of_a_person_and_no_call_without_its_token(
    to_approve: SubjectRequest, everybody: dict[str, Client]
) -> None:
    foreign = APIClient()
    foreign.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue('pixplus', 'app', at=NOW)}")
    assert foreign.get(f"/api/v1/requests/{to_approve.reference}/").status_code == 404
    given = {"slug": "joypix", "reference": to_approve.reference, "place": "users-1", "token": "none"}
    given |= dict.fromkeys(("grant", "session"), "7b0f9f0e-5d0a-4c8e-8f57-6c3f1f6b1c55")
    own = [one for one in portal if permissions.portal(str(one.name)) != Row(ANYONE, ANYONE)]
    opened = []
    for one in own:
        address = "/" + str(one.pattern)
        for kind in one.pattern.converters:
            for converter in ("str", "slug", "uuid"):
                address = address.replace(f"<{converter}:{kind}>", given[kind])
        for who in (NOBODY, Role.PRIVACY_OFFICER):
            for method in METHODS:
                answer = getattr(everybody[who], method)(address)
                if answer.status_code == 200 or "/desk/" in answer.headers.get("Location", ""):
                    opened.append(f"{one.name} {method} by {who}")
    assert "\n".join(opened) == ""

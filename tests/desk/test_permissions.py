"""The permission table: role, page, method, and whose request; each cell is asked for, and no page is without a row."""

import re
from collections.abc import Callable, Iterator
from typing import TypeVar
from uuid import UUID

import pytest
from django.conf import settings
from django.contrib import auth
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.template.backends.django import Template
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from django.utils.safestring import SafeString
from django_otp.models import Device
from rest_framework.test import APIClient

from accounts import staff
from accounts.models import Role, Staff
from dsr.api.urls import urlpatterns as api
from dsr.desk import acts, clock_acts, confidentiality, lent
from dsr.desk.site import desk
from dsr.law.work import ItemState
from dsr.models import Errand, PlanItem, SubjectRequest, TaskLink
from dsr.portal import well_known
from dsr.portal.urls import urlpatterns as portal
from dsr.steps.asking import entry, sessions, tokens
from dsr.steps.errands import links
from dsr.steps.permissions import DUTIES
from dsr.steps.recording import sequencer
from tests.conftest import NOW, SAM, World
from tests.permission_cells import METHODS, OTHERS, Page, asked, found, objects, pages
from tools import permissions
from tools.permissions import ANYONE, NO, NOBODY, WELL_KNOWN, Row

T = TypeVar("T")
ABROAD, ADMIN = "abroad", "administrator"
ALL_ACTS = {"decide": list(acts.ACTS), "clock_act": list(clock_acts.ACTS)}
OF_CONTROLLER = {"export", "pause", "resume", "enter", "dsr_event_history", "dsr_event_change"}
ALSO = {
    "logout": ["sign in"],
    "enrol": ["over"],
    "lent": ["over"],
    "catch-all": ["unknown"],
}  # what a page says to who may open it
WITHOUT = {"agree-to-less-proof", "decline-less-proof"}  # acts that nobody can take before somebody else proposed them


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
    assert {str(one.pattern) for one in well_known.urlpatterns} == set(permissions.WELL_KNOWN)
    assert {str(one.pattern) for one in get_resolver().url_patterns} == {"desk/", "api/v1/", ".well-known/", ""}


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
    # Who they are was asked for a thousand times less: it is nobody's question here either.
    monkeypatch.setattr(auth, "get_user", remembered(auth.get_user, lambda request: request.session.get(SESSION_KEY)))
    monkeypatch.setattr(Device, "from_persistent_id", remembered(Device.from_persistent_id, str))
    monkeypatch.setattr(settings, "SESSION_SAVE_EVERY_REQUEST", False)
    monkeypatch.setattr(Template, "render", lambda *_: SafeString(""))
    monkeypatch.setattr(desk, "each_context", lambda _: {})
    made = objects(to_approve, Staff.objects.get(username=ADMIN).pk)
    given = {"reference": to_approve.reference, "controller": "joypix", "token": "none", **made}
    given |= {"system": "app-database", "collection": "users", "app_label": "dsr", "content_type_id": 1, "url": "x"}
    given["object_id"] = Staff.objects.get(username=ADMIN).pk
    given["event"] = to_approve.events.latest("id").pk
    return list(pages(desk.get_urls(), given, ALL_ACTS))


def remembered(ask: Callable[[T], object], key: Callable[[T], object]) -> Callable[[T], object]:
    """The same answer again, by what it depends on."""
    known: dict[object, object] = {}

    def answer(about: T) -> object:
        name = key(about)
        if name not in known:
            known[name] = ask(about)
        return known[name]

    return answer


def row_of_name(name: str) -> Row:
    return permissions.DESK[name.partition(":")[0]]


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


def colleague(subject_request: SubjectRequest) -> Client:
    """The browser of somebody without an account, in which the link to the task of this request is open."""
    errand = Errand.objects.get(item__subject_request=subject_request)
    PlanItem.objects.filter(pk=errand.pk).update(state=ItemState.WAITING)
    at, by = timezone.now(), Staff.objects.get(username=Role.AGENT)
    TaskLink.objects.create(
        errand=errand,
        made_by=by,
        made_at=at,
        expires_at=at + links.LASTS,
        token_hash=links.hashed("token"),
        seat_hash=links.hashed("seat"),
        opened_at=at,
        confidential=confidentiality.EDITION,
    )
    client = Client()
    client.get("/desk/lent/token/")
    session = client.session
    session[lent.SEAT] = "seat"
    session.save()
    return client


def test_a_colleague_by_a_link_opens_the_task_and_no_other_page_of_the_desk(
    cells: list[Page], to_approve: SubjectRequest
) -> None:
    hanna = colleague(to_approve)
    said = {(page.name, method): asked(hanna, method, page) for page in cells for method in METHODS}
    assert {said["lent", "get"], said["lent", "post"]} == {"open"}
    ours = {name for (name, _), word in said.items() if word not in {"sign in", "no such method"}}
    assert {name for name in ours if permissions.LINK not in row_of_name(name)} <= {"login", "logout"}


def test_what_is_well_known_is_read_by_anyone_and_takes_nothing(db: None) -> None:
    said = {name: (found(Client().get(at := f"/.well-known/{name}")), found(Client().post(at))) for name in WELL_KNOWN}
    assert said == dict.fromkeys(WELL_KNOWN, ("open", "no such method"))


def addresses_of_persons(subject_request: SubjectRequest, session: UUID) -> Iterator[tuple[URLPattern, str]]:
    """Every page of the portal that is not anyone's, about this request and this session."""
    given = {"slug": "joypix", "reference": subject_request.reference, "place": "users-1", "token": "none"}
    given |= {"grant": "7b0f9f0e-5d0a-4c8e-8f57-6c3f1f6b1c55", "session": str(session)}
    for one in portal:
        if permissions.portal(str(one.name)) == Row(ANYONE, ANYONE):
            continue
        address = "/" + str(one.pattern)
        for kind in one.pattern.converters:
            for converter in ("str", "slug", "uuid"):
                address = address.replace(f"<{converter}:{kind}>", given[kind])
        yield one, address


def signed_in(address: str) -> Client:
    """The browser of somebody who proved a mailbox of their own."""
    client = Client()
    client.post("/joypix/sign-in/", {"email": address})
    entry.send_next(at=timezone.now())
    code = re.findall(r"^ +([2-9A-Z]{4} [2-9A-Z]{4})$", str(mail.outbox[-1].body), re.MULTILINE)[-1]
    assert client.post("/joypix/sign-in/code/", {"code": code}).headers["Location"] == "/joypix/mine/"
    return client


def test_who_proved_nothing_opens_no_page_of_a_person_and_no_call_without_its_token(
    to_approve: SubjectRequest, everybody: dict[str, Client]
) -> None:
    foreign = APIClient()
    foreign.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue('pixplus', 'app', at=NOW)}")
    assert foreign.get(f"/api/v1/requests/{to_approve.reference}/").status_code == 404
    theirs = sessions.begin("joypix", SAM, "", whole=True, at=timezone.now())
    mallory, opened, hers = signed_in("mallory@example.com"), [], []
    for one, address in addresses_of_persons(to_approve, theirs.pk):
        for method in METHODS:
            for who in (NOBODY, Role.PRIVACY_OFFICER):
                answer = getattr(everybody[who], method)(address)
                if answer.status_code == 200 or "/desk/" in answer.headers.get("Location", ""):
                    opened.append(f"{one.name} {method} by {who}")
            if {"reference", "session", "token"} & set(one.pattern.converters):
                said = found(getattr(mallory, method)(address, follow=True))
                opened += (
                    [f"{one.name} {method} by Mallory"] if said not in {"unknown", "no such method", "over"} else []
                )
            elif method == "get" and to_approve.reference in mallory.get(address).content.decode():
                hers.append(one.name)
    assert "\n".join(opened) == ""
    assert hers == []
    theirs.refresh_from_db()
    assert theirs.ended_at is None

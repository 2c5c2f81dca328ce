"""Every answer tells the browser what it may do: of the portal, the desk, the API, of files and of mistakes (V3)."""

import io
import random
import re
import runpy
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.conf import settings as portal
from django.core import mail
from django.test import Client, override_settings
from django.utils import timezone

from dsr.law.actors import Actor
from dsr.law.identifiers import clean
from dsr.law.rights import Right
from dsr.portal import headers
from dsr.steps.asking import entry
from tests.conftest import SAM, World
from tests.desk.test_second_factor import OPEN, PAGES
from tests.portal.test_pages import PUBLIC
from tests.tree import ROOT

HOST = "rights.example.com"
SAID = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
}
NONE = ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'")
MISTAKES = ["/a/b/c/", "/joypix/find/?reference=%00", "/static/nowhere.css", "/api/v1/requests/", "/api/v1/nowhere/"]
OTHERS = ["/api/v1/schema/", "/joypix/brand.css", "/certificate/", "/verify/", "/joypix/sign-in/", "/joypix/mine/"]


def flaws(client: Client, page: str, host: str = HOST) -> list[str]:
    """What this answer does not say, or says wrongly."""
    answer = client.get(page, secure=True, headers={"Host": host})
    wrong = [name for name, value in SAID.items() if answer.headers.get(name) != value]
    policy = answer.headers.get("Content-Security-Policy", "")
    wrong += [word for word in NONE if word not in policy]
    wrong += [word for word in ("unsafe", "http:", "https:", "*") if word in policy]
    if answer.headers.get("Content-Type", "").startswith("text/html") and answer.status_code == 200:
        wrong += [] if "no-store" in answer.headers.get("Cache-Control", "") else ["Cache-Control"]
    for cookie in answer.cookies.values():
        safe = cookie.key.startswith("__Host-") and cookie["secure"] and cookie["httponly"] and cookie["path"] == "/"
        wrong += [] if safe and cookie["samesite"] in {"Lax", "Strict"} and not cookie["domain"] else [cookie.key]
    return wrong


@pytest.fixture
def https() -> Iterator[None]:
    """The settings that an address with https:// brings, as dsr/settings.py makes them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DSR_BASE_URL", f"https://{HOST}")
        patch.setenv("DSR_HOSTS", HOST)
        made = runpy.run_path(str(ROOT / "dsr" / "settings.py"))
    names = [name for name in made if name.startswith(("SECURE_", "SESSION_", "CSRF_", "LANGUAGE_COOKIE_"))]
    chosen = {name: made[name] for name in [*names, "ALLOWED_HOSTS", "DSR_BASE_URL", "DSR_DESK_URL"]}
    with override_settings(**chosen):
        yield


def test_every_answer_carries_every_header_and_only_host_cookies(
    https: None,
    world: World,
    sign_in: Callable[[str], Client],
    dana: Actor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stranger, person, member = Client(raise_request_exception=False), Client(), sign_in("dana")
    pages = {page: flaws(stranger, page) for page in [*PUBLIC, *OTHERS, *MISTAKES, *sorted(OPEN)]}
    pages["a wrong host name"] = flaws(stranger, "/", "elsewhere.example")
    pages |= {f"{page} of staff": flaws(member, page) for page in PAGES if "logout" not in page}
    monkeypatch.setattr("dsr.portal.views.start.pages.choices", None)
    assert stranger.get("/joypix/", secure=True, headers={"Host": HOST}).status_code == 500
    pages["our own mistake"] = flaws(stranger, "/joypix/")
    assert {page: wrong for page, wrong in pages.items() if wrong} == {}
    assert person.get("/", headers={"Host": HOST}).status_code == 301  # plain HTTP is sent to TLS


@pytest.mark.parametrize(
    ("site", "token", "status"),
    [
        *(("same-origin", True, 302), ("", True, 302)),
        *(("cross-site", True, 403), ("same-site", True, 403), ("same-origin", False, 403), ("", False, 403)),
    ],
)
def test_our_own_forms_are_known_though_no_page_tells_where_it_comes_from(
    db: None, site: str, *, token: bool, status: int
) -> None:
    browser = Client(enforce_csrf_checks=True)
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get("/joypix/sign-in/").content.decode())
    assert found
    given = {"email": SAM, "csrfmiddlewaretoken": found[1] if token else "0" * 64}
    sent = {"Origin": "null", **({"Sec-Fetch-Site": site} if site else {})}
    assert browser.post("/joypix/sign-in/", given, headers=sent).status_code == status


class Endless(io.RawIOBase):
    """A body that nobody may read."""

    def read(self, size: int = -1) -> bytes:
        raise AssertionError


@pytest.mark.parametrize("page", ["/joypix/sign-in/", "/joypix/ask/access/check/", "/desk/login/", "/api/v1/requests/"])
def test_ten_gigabytes_are_refused_before_a_byte_is_read(db: None, page: str) -> None:
    told: dict[str, Any] = {
        "CONTENT_LENGTH": str(10 << 30),
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
        "wsgi.input": Endless(),
    }
    answer = Client().generic("POST", page, **told)
    assert answer.status_code == 413
    assert [name for name in headers.ALWAYS if name not in answer.headers] == []


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "evil.example:8"])
def test_a_foreign_host_name_is_refused_and_no_letter_links_there(world: World, host: str) -> None:
    browser = Client(raise_request_exception=False)
    assert browser.post("/joypix/sign-in/", {"email": SAM}, headers={"Host": host}).status_code == 400
    browser.post("/joypix/sign-in/", {"email": SAM}, headers={"X-Forwarded-Host": host})
    world.file(Right.ACCESS)
    text = "".join(world.letters())
    assert portal.DSR_BASE_URL in text
    assert "evil" not in text


PIECES = [
    "sam",
    "@",
    "example.com",
    "\r\n",
    "\n",
    "\r",
    "\x0b",
    "\x85",
    "\u2028",
    "Bcc: eve@example.com",
    " ",
    "<",
    ">",
    ",",
    "\0",
]


def test_of_five_thousand_hostile_addresses_none_is_taken_and_none_adds_a_header(db: None) -> None:
    Client().post("/joypix/sign-in/", {"email": SAM})
    assert entry.send_next(at=timezone.now())
    letter = mail.outbox[0]
    names = sorted(letter.message().keys())
    chance = random.Random(20)
    for _ in range(5_000):
        hostile = "".join(chance.choices(PIECES, k=chance.randint(1, 7)))
        with suppress(ValueError):
            assert not set(clean("email", hostile)) & set(" ,<>\r\n\0\x0b\x85\u2028")
        letter.to = [hostile]  # even if it had been taken
        with suppress(ValueError):
            assert sorted(letter.message().keys()) == names
    assert Client().post("/joypix/sign-in/", {"email": "sam@example.com\r\nBcc: eve@example.com"}).status_code == 200
    assert not entry.send_next(at=timezone.now())

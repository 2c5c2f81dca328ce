"""The pages on which a person proves more than the mailbox. Opening one changes nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from pytest_django import Settings

from dsr.law.ladder import Rung
from dsr.models import Assertion, Event, Identity, SubjectRequest
from dsr.portal import demo_app
from dsr.steps.asking import assertions, documents, intake
from tests.conftest import World
from tests.portal.conftest import page_of
from tests.steps.vouching import signed

File = Callable[..., SubjectRequest]
Prove = Callable[[SubjectRequest], None]


def link(world: World) -> str:
    """Where the app sends the browser."""
    return f"/joypix/from-app/{assertions.take(signed(world), 'joypix', at=world.at)[0]}/"


@pytest.fixture
def more(monkeypatch: pytest.MonkeyPatch) -> Callable[[Rung], None]:
    """What every request needs from now on."""
    return lambda rung: monkeypatch.setattr(intake, "needed", lambda *_: rung)


def test_scanners_open_the_link_and_the_button_still_takes_it_once(world: World, sam: Client, mallory: Client) -> None:
    where = link(world)
    for browser in (mallory, mallory, mallory):
        page = browser.get(where)
        assert page["Cache-Control"] == "no-store"
        assert ">s…@example.com</strong>" in page.content.decode()  # whose link it is can be seen
        assert not {"sam@example.com", "jp000001"} & set(page.content.decode().replace("<", " ").split())
    mallory.head(where)
    assert Assertion.objects.get().opened_at is None
    assert sam.post(where)["Location"] == "/joypix/"
    assert "told us that you are signed in" in sam.get("/joypix/").content.decode()
    assert "told us that you are signed in" not in mallory.get("/joypix/").content.decode()
    for browser in (sam, mallory):
        over = browser.post(where)
        assert over.status_code == 410
    assert mallory.post("/joypix/from-app/made-up/").status_code == 410


def test_what_is_filed_after_that_counts_as_coming_from_the_account(
    world: World, sam: Client, file: File, prove: Prove, more: Callable[[Rung], None]
) -> None:
    more(Rung.APP)
    sam.post(link(world))
    own = file()
    prove(own)
    assert set(own.identities.values_list("kind", "rung")) == {("email", "app"), ("account", "app")}
    assert "we need to be surer" not in sam.get(page_of(own)).content.decode()
    again = file()
    assert not again.identities.filter(kind="account").exists()  # it counts for one request


def test_a_request_that_waits_takes_it_on_its_own_page(
    world: World, sam: Client, mallory: Client, file: File, prove: Prove, more: Callable[[Rung], None]
) -> None:
    more(Rung.APP)
    own = file()
    prove(own)
    status = sam.get(page_of(own)).content.decode()
    assert page_of(own, "more-proof/") in status
    assert "You need not do anything" not in status  # they do
    assert "the button above leads there" in status
    page = sam.get(page_of(own, "more-proof/")).content.decode()
    assert "On joypix.ai: Account settings" in page
    assert 'type="file"' not in page  # no document while a sign-in works (A5)
    assert mallory.get(page_of(own, "more-proof/")).status_code == 404
    refused = sam.post(page_of(own, "more-proof/"), {"act": "app"}).content.decode()
    assert "used, or too old" in refused
    assert "<title>Error: " in refused
    assert '<div class="govuk-error-summary" tabindex="-1" autofocus>' in refused
    sam.post(link(world))
    assert sam.post(page_of(own, "more-proof/"), {"act": "app"}).status_code == 302
    assert sam.get(page_of(own, "more-proof/"))["Location"] == page_of(own)


def test_a_code_to_the_other_address_on_file_is_asked_for_and_typed_on_that_page(
    world: World, sam: Client, file: File, prove: Prove, more: Callable[[Rung], None]
) -> None:
    more(Rung.SECOND)
    own = file()
    prove(own)
    where = page_of(own, "more-proof/")
    assert "We are looking whether another address" in sam.get(where).content.decode()
    world.work()
    page = sam.get(where).content.decode()
    assert "For your safety we do not show it" in page
    assert "social.example" not in page
    before = Event.objects.count()
    sam.get(where)
    assert Event.objects.exclude(tag="request:seen").count() <= before
    sam.post(where, {"act": "send"})
    assert "A code is on its way to another address on file" in sam.get(where).content.decode()
    letter = world.letters()[-1]
    assert "report a compromised account" in letter
    assert "Ignore this mail" not in letter
    code = world.code()
    assert "This code is not right" in sam.post(where, {"act": "code", "code": code[::-1]}).content.decode()
    assert sam.post(where, {"act": "code", "code": code}).status_code == 302
    assert Identity.objects.get(subject_request=own).rung == Rung.SECOND
    assert sam.post(where, {"act": "code", "code": code})["Location"] == page_of(own)


def test_a_file_that_is_none_is_told_at_the_top_and_what_was_sent_before_did_not_show_it(
    world: World,
    sam: Client,
    file: File,
    prove: Prove,
    more: Callable[[Rung], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    more(Rung.SECOND)
    own = file()
    prove(own)
    monkeypatch.setattr(documents, "wanted", lambda _: True)
    monkeypatch.setattr(documents, "rejected", lambda _: True)
    text = SimpleUploadedFile("notes.txt", b"no picture, no PDF")
    page = sam.post(page_of(own, "more-proof/"), {"act": "document", "document": text}).content.decode()
    assert "<title>Error: " in page
    assert '<a href="#document">Choose a file: a PDF, PNG or JPEG of at most 5 MB</a>' in page
    assert "What you sent did not show that it is you, and is destroyed." in page
    assert not own.evidence.exists()


def test_no_step_of_asking_for_oneself_takes_a_file(world: World, sam: Client, file: File, prove: Prove) -> None:
    """A5: a document is out of reach while a mailbox, an address on file or a sign-in works."""
    own = file()
    pages = ["/joypix/", "/joypix/find/", "/joypix/withdraw/", page_of(own, "prove/")]
    pages += [f"/joypix/ask/access/{name}/" for name in ("region", "asker", "email", "identities", "details", "check")]
    prove(own)
    pages += [page_of(own), page_of(own, "more-proof/"), page_of(own, "cancel/")]
    for page in pages:
        assert 'type="file"' not in sam.get(page, follow=True).content.decode(), page
    assert sam.post(page_of(own, "more-proof/"), {"act": "document"}).status_code in {200, 302}
    assert not own.evidence.exists()


def test_the_demo_opens_the_portal_from_the_app(world: World, sam: Client, settings: Settings, tmp_path: Path) -> None:
    """The page exists in the demo alone; here it is asked directly."""
    settings.DSR_VAR = tmp_path / "var"
    (settings.DSR_VAR / "demo").mkdir(parents=True)
    (settings.DSR_VAR / "demo/systems").symlink_to(world.systems.folder)
    shown = demo_app.app(RequestFactory().get("/demo/app/"))
    assert b"signed in as sam@example.com" in shown.content
    pressed = demo_app.app(RequestFactory().post("/demo/app/", {"app": "pixplus", "email": "sam@example.com"}))
    assert sam.post(pressed["Location"]).status_code == 302
    assert "PixPlus told us that you are signed in" in sam.get("/pixplus/").content.decode()
    assert sam.get("/demo/app/").status_code == 404

"""The page before an answer that needed more than the mailbox. Mallory has Sam's mailbox by now, and no more."""

from collections.abc import Callable

import pytest
import time_machine
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dsr.law.actors import Actor
from dsr.law.ladder import Rung
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import Grant, Identity, SubjectRequest
from dsr.steps.asking import documents, intake
from dsr.steps.deciding import review
from tests.conftest import World
from tests.portal.conftest import page_of
from tests.portal.test_own import sign_in
from tests.portal.test_proof import link
from tests.steps.answering.test_opening import OTHER, packaged
from tests.steps.asking.test_documents import AMAL, taken
from tests.steps.representing import PDF

__all__ = ["taken"]
File = Callable[..., SubjectRequest]
Prove = Callable[[SubjectRequest], None]


def text(response: object) -> str:
    """A page as one reads it."""
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


@pytest.fixture
def own(sam: Client, mallory: Client, world: World, clock: time_machine.Traveller) -> SubjectRequest:
    """Sam's answer is ready and needed a second channel; Sam and Mallory both have a code out of the mailbox."""
    subject_request = packaged(world, Rung.SECOND, OTHER)
    clock.move_to(world.at)
    for browser in (sam, mallory):
        sign_in(browser, world, subject_request)
    return subject_request


def test_it_is_locked_until_the_code_from_the_other_address_is_typed_in_that_browser(
    sam: Client, mallory: Client, own: SubjectRequest, world: World
) -> None:
    page = text(sam.get(page_of(own)))
    assert "Your answer is ready, and locked" in page
    assert page_of(own, "download/") not in page
    assert sam.post(page_of(own, "download/"))["Location"] == page_of(own, "open/")
    assert sam.post(page_of(own, "download/code/"), {"code": "22222222"}).status_code == 302
    assert "For your safety we do not show it" in text(sam.get(page_of(own, "open/")))
    sam.post(page_of(own, "open/"), {"act": "send"})
    code = world.code()
    assert mail.outbox[-1].to == [OTHER]
    assert "This code is not right" in text(sam.post(page_of(own, "open/"), {"act": "code", "code": code[::-1]}))
    assert sam.post(page_of(own, "open/"), {"act": "code", "code": code})["Location"] == page_of(own, "open/")
    assert sam.get(page_of(own, "open/"))["Location"] == page_of(own)
    assert "Download your answer" in text(sam.get(page_of(own)))
    assert sam.post(page_of(own, "download/"))["Location"] == page_of(own, "download/code/?sent")
    typed = {"code": world.code()}
    assert mallory.post(page_of(own, "download/code/"), typed)["Location"] == page_of(own, "open/")
    assert not Grant.objects.exists()
    sam.post(page_of(own, "download/code/"), typed)
    assert Grant.objects.count() == 1
    assert "Your answer is ready, and locked" in text(mallory.get(page_of(own)))


def test_a_stranger_finds_no_such_page(own: SubjectRequest) -> None:
    stranger = Client()
    assert stranger.get(page_of(own, "open/")).status_code == 404
    assert stranger.post(page_of(own, "open/"), {"act": "send"}).status_code == 404
    assert mail.outbox[-1].to != [OTHER]


def test_opening_the_page_sends_nothing_and_no_other_act_is_known(sam: Client, own: SubjectRequest) -> None:
    sent = own.notices.count()
    sam.get(page_of(own, "open/"))
    assert own.notices.count() == sent
    assert sam.post(page_of(own, "open/"), {"act": "staff"}).status_code == 404


def test_where_only_a_mailbox_is_known_surely_the_page_sends_nobody_to_the_app(
    sam: Client, own: SubjectRequest
) -> None:
    assert "On joypix.ai: Account settings" not in text(sam.get(page_of(own, "open/")))


def test_the_app_leads_back_to_the_page_that_asked_for_it(
    sam: Client, world: World, clock: time_machine.Traveller
) -> None:
    own = packaged(world, Rung.APP)
    clock.move_to(world.at)
    sign_in(sam, world, own)
    assert "On joypix.ai: Account settings" in text(sam.get(page_of(own, "open/")))
    refused = text(sam.post(page_of(own, "open/"), {"act": "app"}))
    assert "used, or too old" in refused
    assert sam.post(link(world))["Location"] == page_of(own, "open/")
    assert "Use it for this request" in text(sam.get(page_of(own, "open/")))
    sam.post(page_of(own, "open/"), {"act": "app"})
    assert sam.get(page_of(own, "open/"))["Location"] == page_of(own)
    assert sam.post(link(world))["Location"] == "/joypix/"  # the next time it is for something new


def test_no_value_of_a_correction_is_shown_before_more_than_the_mailbox_is(
    sam: Client, mallory: Client, world: World, dana: Actor, file: File, prove: Prove, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "needed", lambda *_: Rung.APP)
    sam.post(link(world))
    own = file(Right.RECTIFICATION)
    prove(own)
    own.refresh_from_db()
    review.accept(own, by=dana, at=world.at)
    world.work(State.SEARCHED, own)
    sign_in(mallory, world, own)
    for under in ("correct/", "correct/check/", "correct/statement/"):
        assert mallory.get(page_of(own, under))["Location"] == page_of(own)
    page = text(mallory.get(page_of(own)))
    assert "your data are locked" in page
    assert page_of(own, "correct/") not in page
    sam.post(link(world))
    sam.post(page_of(own, "open/"), {"act": "app"})
    assert page_of(own, "correct/") in text(sam.get(page_of(own)))
    assert sam.get(page_of(own, "correct/")).status_code == 200


def test_the_pickup_code_is_shown_once_with_the_document_and_opens_the_answer(
    taken: None,
    sam: Client,
    world: World,
    dana: Actor,
    devi: Actor,
    file: File,
    prove: Prove,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intake, "needed", lambda *_: Rung.SECOND)
    own = file(email=AMAL)
    prove(own)
    world.work()
    own.refresh_from_db()
    documents.ask(own, reason="The account is closed.", by=dana, at=world.at)
    where = page_of(own, "more-proof/")
    handed = sam.post(where, {"act": "document", "document": SimpleUploadedFile("id.pdf", PDF)})
    assert "Write down your pickup code" in text(handed)
    assert handed["Cache-Control"] == "no-store"
    code = handed.context["pickup_code"]
    assert code in text(handed)
    assert code not in text(sam.get(where))
    assert "was shown already" in text(sam.post(where, {"act": "pickup"}))
    documents.check(own, note="Name and address agree.", by=dana, at=world.at)
    own = SubjectRequest.objects.get(pk=own.pk)
    review.accept(own, by=devi, at=world.at)
    opens = page_of(own, "open/")
    assert "We showed it when you handed in your document" in text(sam.get(opens))
    assert "This is not the pickup code" in text(sam.post(opens, {"act": "pickup", "pickup": code[::-1]}))
    assert "Enter the pickup code that you wrote down" in text(sam.post(opens, {"act": "pickup"}))
    assert sam.post(opens, {"act": "pickup", "pickup": code}).status_code == 302
    assert sam.get(opens)["Location"] == page_of(own)


def test_an_answer_that_needed_no_more_asks_for_no_more(
    sam: Client, world: World, clock: time_machine.Traveller
) -> None:
    own = packaged(world, Rung.MAILBOX)
    clock.move_to(world.at)
    sign_in(sam, world, own)
    assert sam.get(page_of(own, "open/"))["Location"] == page_of(own)
    assert "locked" not in text(sam.get(page_of(own)))
    assert Identity.objects.get(subject_request=own).rung == Rung.MAILBOX

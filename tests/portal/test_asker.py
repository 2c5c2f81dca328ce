"""Where one lives and for whom one asks, on the pages (P12, P11)."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dsr.law.rights import Right
from dsr.law.work import Asker
from dsr.models import Evidence, SubjectRequest
from dsr.steps import maps
from dsr.steps.asking import evidence, representation
from tests.conftest import SAM, World
from tests.portal.conftest import begin, page_of
from tests.steps.representing import ALMA, GRETA, NAMES, PDF

BASE = "/joypix/ask/access/"


def answered_for(browser: Client, asker: Asker) -> None:
    """Every question of somebody who asks for another, up to the last page."""
    begin(browser, BASE, asker)
    name, address = NAMES[asker]
    browser.post(f"{BASE}{asker}/", {"name": name, "own_email": address})
    if asker is Asker.GUARDIAN:
        browser.post(f"{BASE}child/", {"email": SAM})
    else:
        browser.post(f"{BASE}email/", {"email": SAM})
        browser.post(f"{BASE}identities/", {})
    assert browser.post(f"{BASE}details/", {"details": ""})["Location"] == f"{BASE}check/"


def send(browser: Client, content: bytes = PDF) -> SubjectRequest:
    """The last page, with a document."""
    document = SimpleUploadedFile("permission.pdf", content, "application/pdf")
    response = browser.post(f"{BASE}check/", {"document": document})
    assert response.status_code == 302, response.content.decode()
    return SubjectRequest.objects.get(reference=response["Location"].split("/")[3])


def test_the_first_question_is_where_one_lives_and_why_we_ask(sam: Client) -> None:
    assert sam.get(BASE)["Location"] == f"{BASE}region/"
    page = sam.get(f"{BASE}region/").content.decode()
    assert "Where do you live?" in page
    assert "It decides which law counts for you" in page
    assert "We do not guess it from your connection" in page
    assert page.count('type="radio"') == len(maps.controller("joypix").controller.regions)
    assert "checked" not in page


def test_no_answer_where_one_lives_is_asked_again(sam: Client) -> None:
    page = sam.post(f"{BASE}region/", {}).content.decode()
    assert '<a href="#region_0">Choose where you live' in page


def test_where_one_lives_decides_the_dates(sam: Client, file: Callable[..., SubjectRequest]) -> None:
    subject_request = file(Right.ACCESS)
    assert subject_request.region == "california"
    assert "ccpa" in {row.regime for row in subject_request.deadlines.all()}


@pytest.fixture
def closed_portability(monkeypatch: pytest.MonkeyPatch) -> None:
    """JoyPix as it would be, had it closed portability to the rest of the world."""
    real = maps.localised("joypix", "en")
    regions = dict(real.controller.regions)
    elsewhere = regions["elsewhere"]
    regions["elsewhere"] = elsewhere.model_copy(update={"rights": {**elsewhere.rights, Right.PORTABILITY: None}})
    closed = real.model_copy(update={"controller": real.controller.model_copy(update={"regions": regions})})
    monkeypatch.setattr(maps, "localised", lambda *_: closed)


def test_what_is_not_offered_there_is_told_at_once_with_what_one_can_do(sam: Client, closed_portability: None) -> None:
    page = sam.post("/joypix/ask/portability/region/", {"region": "elsewhere"}).content.decode()
    assert "We do not offer this where you live" in page
    assert "/joypix/ask/complaint/" in page
    assert "/joypix/ask/access/" in page
    assert "/joypix/ask/portability/" not in page.replace("/joypix/ask/portability/region/", "")
    assert sam.get("/joypix/ask/portability/check/")["Location"].endswith("/region/")


@pytest.mark.parametrize("asker", [Asker.AGENT, Asker.GUARDIAN])
def test_who_asks_for_another_is_asked_who_they_are(sam: Client, asker: Asker) -> None:
    begin(sam, BASE, asker)
    assert sam.get(f"{BASE}check/")["Location"] == f"{BASE}{asker}/"
    page = sam.post(f"{BASE}{asker}/", {"name": "", "own_email": "alma"}).content.decode()
    assert '<a href="#name">Enter your name' in page
    assert '<a href="#own_email">' in page


@pytest.mark.parametrize("asker", [Asker.AGENT, Asker.GUARDIAN])
@pytest.mark.parametrize("name", ["Pay at evil.example", "A" * 61])
def test_a_name_that_is_more_than_a_name_is_asked_again_and_nothing_typed_is_lost(
    sam: Client, asker: Asker, name: str
) -> None:
    begin(sam, BASE, asker)
    page = sam.post(f"{BASE}{asker}/", {"name": name, "own_email": ALMA}).content.decode()
    assert '<a href="#name">' in page
    assert "Enter a name only" in page or "At most 60 characters" in page
    assert f'value="{name}"' in page
    assert f'value="{ALMA}"' in page


def test_an_agents_request_goes_to_the_person_for_a_yes(sam: Client, mallory: Client, world: World) -> None:
    alma = mallory
    answered_for(alma, Asker.AGENT)
    subject_request = send(alma)
    page = alma.get(page_of(subject_request, "prove/")).content.decode()
    assert "Now the person says yes or no" in page
    assert 'name="code"' not in page
    assert subject_request.evidence.get().content_type == "application/pdf"
    code = world.code()
    own = sam.get(page_of(subject_request, "prove/")).content.decode()
    assert "Say no with the code" in own
    assert "Alma" not in own
    assert sam.post(page_of(subject_request, "prove/"), {"code": code})["Location"] == page_of(subject_request)
    assert "Alma Agent asks this for you, and you said yes" in sam.get(page_of(subject_request)).content.decode()
    assert alma.get(page_of(subject_request)).status_code == 404


def test_the_person_says_no_on_a_page_of_its_own(sam: Client, mallory: Client, world: World) -> None:
    answered_for(mallory, Asker.AGENT)
    subject_request = send(mallory)
    code = world.code()
    wrong = sam.post(page_of(subject_request, "deny/"), {"code": "23456789"}).content.decode()
    assert "This code is not right" in wrong
    page = sam.post(page_of(subject_request, "deny/"), {"code": code}).content.decode()
    assert "The request is cancelled" in page
    subject_request.refresh_from_db()
    assert subject_request.state == "cancelled"
    assert not Evidence.objects.exclude(wrapped_key="").exists()


def test_saying_no_does_not_tell_whether_a_reference_exists(sam: Client) -> None:
    page = sam.post("/joypix/requests/R3K-2WN-P5M/deny/", {"code": "23456789"}).content.decode()
    assert "This code is not right" in page


def test_a_guardian_asks_for_a_child(sam: Client, world: World) -> None:
    greta = sam
    answered_for(greta, Asker.GUARDIAN)
    subject_request = send(greta)
    assert GRETA in greta.get(page_of(subject_request, "prove/")).content.decode()
    greta.post(page_of(subject_request, "prove/"), {"code": world.code()})
    assert "A person here looks at what you sent" in greta.get(page_of(subject_request)).content.decode()


def test_nothing_at_all_leads_to_no_child(sam: Client) -> None:
    begin(sam, BASE, Asker.GUARDIAN)
    page = sam.post(f"{BASE}child/", {}).content.decode()
    assert "Enter at least one thing by which we know the child" in page


@pytest.mark.parametrize("content", [b"", b"<script>alert(1)</script>", b"%PDF-" + b"x" * evidence.MOST])
def test_what_is_no_document_is_not_taken(sam: Client, content: bytes) -> None:
    answered_for(sam, Asker.AGENT)
    document = SimpleUploadedFile("permission.pdf", content, "application/pdf")
    page = sam.post(f"{BASE}check/", {"document": document}).content.decode()
    assert '<a href="#document">Choose a file: a PDF, PNG or JPEG of at most 5 MB' in page
    assert not SubjectRequest.objects.exists()


def test_far_too_large_a_document_is_not_kept_anywhere(sam: Client) -> None:
    answered_for(sam, Asker.AGENT)
    document = SimpleUploadedFile("permission.pdf", b"%PDF-" + b"x" * (7 << 20), "application/pdf")
    assert "Choose a file" in sam.post(f"{BASE}check/", {"document": document}).content.decode()


def test_without_a_document_nothing_is_sent(sam: Client) -> None:
    answered_for(sam, Asker.GUARDIAN)
    assert "Choose a file" in sam.post(f"{BASE}check/").content.decode()
    assert not SubjectRequest.objects.exists()


def test_one_can_still_ask_for_oneself_after_all(sam: Client) -> None:
    answered_for(sam, Asker.AGENT)
    sam.post(f"{BASE}asker/", {"asker": "person"})
    assert sam.post(f"{BASE}check/").status_code == 302
    subject_request = SubjectRequest.objects.get()
    assert subject_request.asker == Asker.PERSON
    assert representation.of(subject_request) is None
    assert [row.value() for row in subject_request.identities.all()] == [SAM]


@pytest.mark.parametrize("right", [Right.COMPLAINT, Right.CHILD, Right.COMPROMISED_ACCOUNT])
def test_what_is_everybodys_own_is_not_asked_for_whom(sam: Client, right: Right) -> None:
    assert sam.get(f"/joypix/ask/{right}/asker/").status_code == 404


def test_the_report_about_a_child_leads_to_what_a_parent_can_ask(sam: Client) -> None:
    page = sam.get("/joypix/ask/child/details/").content.decode()
    assert "/joypix/ask/erasure/" in page
    assert "You are the parent or guardian" in page


def test_the_help_page_says_what_is_offered_where_and_who_grants_it(sam: Client) -> None:
    page = sam.get("/pixplus/help/").content.decode()
    for region in maps.controller("pixplus").controller.regions.values():
        assert region.title in page
    assert "PIPL Art. 45" in page
    assert "our own promise" in page


def test_what_an_agent_typed_lies_sealed_in_the_session(sam: Client) -> None:
    answered_for(sam, Asker.AGENT)
    assert ALMA not in str(dict(sam.session))

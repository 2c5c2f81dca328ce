import re
from collections.abc import Callable

import pytest
from django.test import Client

from dsr.law.rights import Right
from dsr.models import SubjectRequest
from tests.conftest import SAM
from tests.portal.conftest import begin, page_of

PUBLIC = [
    "/",
    "/joypix/",
    "/pixplus/",
    "/joypix/help/",
    "/joypix/processing/",
    "/pixplus/processing/",
    "/joypix/find/",
    "/nowhere/",
    "/joypix/requests/R3K-2WN-P5M/",
    "/joypix/requests/R3K-2WN-P5M/prove/",
    *(
        f"/joypix/ask/{right}/{question}/"
        for right in (Right.ACCESS, Right.ERASURE, Right.CONSENT_WITHDRAWAL, Right.COMPROMISED_ACCOUNT)
        for question in ("email", "identities", "details")
    ),
]


def is_well_made(page: str) -> None:
    """One h1, a language, a title, the stylesheet, and neither style nor script of its own."""
    assert len(re.findall(r"<h1\b", page)) == 1
    assert '<html lang="en"' in page
    assert re.search(r"<title>\S.*</title>", page)
    assert "portal/rightful.css" in page
    assert not re.search(r"<style|<script|\sstyle=|\son[a-z]+=|javascript:", page)
    assert "<main" in page
    assert 'href="#main-content"' in page


@pytest.mark.parametrize("address", PUBLIC)
def test_every_page_stands_on_its_own(sam: Client, address: str) -> None:
    is_well_made(sam.get(address).content.decode())


def test_the_pages_of_a_request_stand_on_their_own(
    sam: Client, file: Callable[..., SubjectRequest], prove: Callable[[SubjectRequest], None]
) -> None:
    begin(sam, "/joypix/ask/erasure/")
    scope = ("scope", {"scope": "everything"})
    for question, given in (("email", {"email": SAM}), ("identities", {}), scope, ("details", {})):
        sam.post(f"/joypix/ask/erasure/{question}/", given)
    is_well_made(sam.get("/joypix/ask/erasure/check/").content.decode())
    subject_request = file(Right.ERASURE)
    is_well_made(sam.get(page_of(subject_request, "prove/")).content.decode())
    prove(subject_request)
    is_well_made(sam.get(page_of(subject_request)).content.decode())
    is_well_made(sam.get(page_of(subject_request, "cancel/")).content.decode())


@pytest.mark.parametrize("address", ["/nowhere/", "/joypix/ask/nothing/", "/nowhere/ask/access/email/", "/a/b/c/"])
def test_an_address_that_leads_nowhere_is_answered_in_plain_words(sam: Client, address: str) -> None:
    response = sam.get(address)
    page = response.content.decode()
    assert response.status_code == 404
    assert "There is no such page" in page
    assert re.search(r"\b404\b", page) is None


@pytest.mark.parametrize(("address", "ways"), [("/joypix/nowhere/at-all/", True), ("/nowhere/at-all/", False)])
def test_below_a_service_what_is_not_there_leads_on_to_that_service(sam: Client, address: str, ways: bool) -> None:
    page = sam.get(address).content.decode().partition("<main")[2].partition("</main>")[0]
    assert ('href="/joypix/find/"' in page, 'href="/joypix/"' in page) == (ways, ways)
    assert ('href="/"' in page) is not ways


def test_the_start_page_offers_every_right_and_says_what_the_promise_means(sam: Client) -> None:
    page = sam.get("/joypix/").content.decode()
    for right in Right:
        assert f"/joypix/ask/{right}/" in page or right is Right.PROCESSING_INFORMATION
    assert "/joypix/processing/" in page
    assert "We answer within 15 business days" in page
    assert "we assume" in page  # J1: the policy names no country
    assert "support@joypix.ai" in page


def test_each_controller_wears_its_own_colours(sam: Client) -> None:
    sheets = {slug: sam.get(f"/{slug}/brand.css").content.decode() for slug in ("joypix", "pixplus")}
    assert len(set(re.findall(r"--controller-colour:(#[0-9a-f]{6})", "".join(sheets.values())))) == 2
    assert ".controller-joypix{" in sheets["joypix"]


def test_pages_about_people_are_kept_by_no_cache_and_sent_to_no_other_site(sam: Client) -> None:
    response = sam.get("/joypix/ask/access/email/")
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in response["Content-Security-Policy"]


def test_a_form_is_never_checked_by_the_browser_and_asks_for_no_document(sam: Client) -> None:
    for address in PUBLIC:
        page = sam.get(address).content.decode()
        assert 'type="file"' not in page
        assert " required" not in page
        assert all("novalidate" in form for form in re.findall(r"<form[^>]*>", page))


def test_the_code_field_can_be_filled_by_the_device(sam: Client) -> None:
    page = sam.get("/joypix/requests/R3K-2WN-P5M/prove/").content.decode()
    assert 'autocomplete="one-time-code"' in page

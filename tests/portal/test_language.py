"""A page is in the language its reader chose, or else likes, as far as the controller speaks it."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from dsr.law.rights import Right
from dsr.models import SubjectRequest
from tests.conftest import World
from tests.portal.conftest import page_of
from tests.portal.test_pages import PUBLIC

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}


@pytest.mark.parametrize("address", PUBLIC)
def test_every_page_can_be_read_in_chinese(sam: Client, address: str) -> None:
    page = sam.get(address, headers=CHINESE).content.decode()
    assert '<html lang="zh-hans"' in page
    heading = re.search(r"<h1.*?</h1>", page, re.DOTALL)
    assert heading
    assert re.search("[\u4e00-\u9fff]", heading[0])


def test_who_says_nothing_reads_english_and_finds_the_other_language_by_its_own_name(sam: Client) -> None:
    page = sam.get("/joypix/").content.decode()
    assert '<html lang="en"' in page
    assert (
        '<button class="rightful-languages__one" type="submit" name="language" value="zh-hans" lang="zh-hans">简体中文'
        in page
    )


def test_a_chosen_language_is_remembered_and_wins_over_the_browsers(sam: Client) -> None:
    response = sam.post("/language/", {"language": "en", "page": "/joypix/help/"}, headers=CHINESE)
    assert response["Location"] == "/joypix/help/"
    assert response.cookies["language"]["httponly"]
    assert '<html lang="en"' in sam.get("/joypix/", headers=CHINESE).content.decode()


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"])
def test_the_switch_leads_to_no_other_site(sam: Client, page: str) -> None:
    assert sam.post("/language/", {"language": "zh-hans", "page": page})["Location"] == "/"


def test_a_language_nobody_speaks_here_is_not_remembered(sam: Client) -> None:
    assert "language" not in sam.post("/language/", {"language": "tlh", "page": "/"}).cookies


def test_caches_know_that_a_page_depends_on_its_reader(sam: Client) -> None:
    response = sam.get("/joypix/")
    assert {"accept-language", "cookie"} <= {name.strip().lower() for name in response["Vary"].split(",")}
    assert response["Content-Language"] == "en"


def test_the_desk_stays_in_english(sam: Client) -> None:
    assert 'lang="en' in sam.get("/desk/login/", headers=CHINESE).content.decode()


def test_a_request_filed_in_chinese_is_answered_in_chinese(
    sam: Client, world: World, file: Callable[..., SubjectRequest], prove: Callable[[SubjectRequest], None]
) -> None:
    sam.cookies["language"] = "zh-hans"
    subject_request = file(Right.ACCESS)
    prove(subject_request)
    page = sam.get(page_of(subject_request)).content.decode()
    assert subject_request.language == "zh-hans"
    assert "验证码" in world.letters()[0]
    assert "月" in page
    assert "We answer by" not in page


def test_what_is_wrong_is_said_in_the_language_of_the_page(sam: Client) -> None:
    page = sam.post("/joypix/ask/access/email/", {"email": "nowhere"}, headers=CHINESE).content.decode()
    assert "请按 name@example.com 的格式输入电子邮件地址。" in page

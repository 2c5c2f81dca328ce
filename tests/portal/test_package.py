"""Taking the answer in a browser: code, page that waits, file; and what the page says when it does not go."""

import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.models import Download, Event, Grant, Notice, Package, SubjectRequest, sealed
from dsr.sealing.keyring import KeysMissing
from dsr.steps.answering import grants
from dsr.steps.asking.verification import CODES_PER_HOUR
from dsr.steps.deciding import holds
from tests.conftest import World
from tests.portal.conftest import page_of
from tests.portal.test_own import sign_in
from tests.steps import scenes
from tests.steps.answering.test_delivery import CONTENT, FROZEN

Clock = time_machine.Traveller


@pytest.fixture
def own(sam: Client, world: World, clock: Clock) -> SubjectRequest:
    """Sam's answer is ready, and Sam has found the request in this browser."""
    subject_request = scenes.packaged(world, CONTENT)
    clock.move_to(world.at)
    sign_in(sam, world, subject_request)
    return subject_request


def text(response: Any) -> str:  # noqa: ANN401 — a response of the test client
    return str(response.content.decode())


def type_code(sam: Client, world: World, own: SubjectRequest) -> str:
    """From the button to the page that waits; its address."""
    assert sam.post(page_of(own, "download/"))["Location"] == page_of(own, "download/code/?sent")
    return str(sam.post(page_of(own, "download/code/"), {"code": world.code()})["Location"])


def ready(sam: Client, world: World, own: SubjectRequest) -> str:
    """The same, and a worker came by."""
    address = type_code(sam, world, own)
    assert grants.rewrap_next(at=timezone.now())
    return address


def test_the_button_the_code_the_page_that_waits_the_file(sam: Client, own: SubjectRequest, world: World) -> None:
    assert "We first send a code to your e-mail address" in text(sam.get(page_of(own)))
    address = type_code(sam, world, own)
    waiting = sam.get(address)
    assert "We open your file" in text(waiting)
    assert waiting["Refresh"] == "1"
    assert "<script" not in text(waiting)
    assert grants.rewrap_next(at=timezone.now())
    page = sam.get(address)
    assert "Your file is ready" in text(page)
    assert "Refresh" not in page
    assert "5 downloads of this offer are left" in text(page)
    taken = sam.get(f"{address}file/")
    assert b"".join(taken) == CONTENT
    assert "4 downloads of this offer are left" in text(sam.get(address))


def test_the_file_is_kept_by_no_cache_and_its_secret_by_no_other_page(
    sam: Client, own: SubjectRequest, world: World
) -> None:
    address = ready(sam, world, own)
    cookie = sam.cookies["download"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (address, True, "Strict")
    assert cookie.value.startswith("AGE-SECRET-KEY-1")
    assert cookie.value not in str(dict(sam.session.items()))
    response = sam.get(f"{address}file/")
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Disposition"] == f'attachment; filename="joypix-{own.reference}.zip"'
    assert response["Content-Length"] == str(len(CONTENT))
    assert response["ETag"] == f'"{own.packages.get().sha256}"'


def test_the_page_says_where_the_file_can_be_checked(sam: Client, own: SubjectRequest) -> None:
    assert f'href="{reverse("portal:verify")}"' in text(sam.get(page_of(own)))


def test_a_wrong_code_says_what_to_do_and_opens_nothing(sam: Client, own: SubjectRequest, world: World) -> None:
    sam.post(page_of(own, "download/"))
    world.letters()
    said = text(sam.post(page_of(own, "download/code/"), {"code": "2222 2222"}))
    assert "This code is not right. Check it in the mail and enter it again" in said
    assert "Send a new code" in said
    assert not Grant.objects.exists()


def test_a_code_that_only_finds_a_request_takes_nothing(sam: Client, own: SubjectRequest, world: World) -> None:
    sam.post("/joypix/find/", {"reference": own.reference, "email": "sam@example.com"})
    code = {"code": world.code()}
    assert sam.post(page_of(own, "download/code/"), code)["Location"] == page_of(own)
    sam.post(page_of(own, "download/"))
    world.letters()
    assert "This code is not right" in text(sam.post(page_of(own, "download/code/"), code))
    assert not Grant.objects.exists()


@pytest.mark.parametrize("under", ["", "file/"])
def test_who_has_only_the_address_of_the_download_gets_nothing(
    sam: Client, mallory: Client, own: SubjectRequest, world: World, under: str
) -> None:
    address = ready(sam, world, own)
    answer = mallory.get(f"{address}{under}", follow=True)
    assert answer.status_code == 404
    assert not Download.objects.exists()


def test_sam_in_another_browser_is_led_to_the_page_of_the_request(
    sam: Client, mallory: Client, own: SubjectRequest, world: World
) -> None:
    address = ready(sam, world, own)
    sign_in(mallory, world, own)  # whoever it is has proven the mailbox there, too
    assert mallory.get(address)["Location"] == page_of(own)
    assert mallory.get(f"{address}file/").status_code == 404


def test_what_broke_off_at_three_places_is_whole_and_one_download(
    sam: Client, own: SubjectRequest, world: World
) -> None:
    address = ready(sam, world, own)
    tag, got = f'"{own.packages.get().sha256}"', b""
    for upto in (1, 70_001, 200_000, len(CONTENT)):
        headers = {"Range": f"bytes={len(got)}-", "If-Range": tag} if got else {}
        response = sam.get(f"{address}file/", headers=headers)
        assert response.status_code == (206 if got else 200)
        got += b"".join(response)[: upto - len(got)]
    assert got == CONTENT
    assert Download.objects.count() == 1
    assert Event.objects.filter(tag="package:downloaded").count() == 1


def test_a_part_comes_with_its_place_and_what_lies_behind_the_end_counts_nothing(
    sam: Client, own: SubjectRequest, world: World
) -> None:
    address = ready(sam, world, own)
    refused = sam.get(f"{address}file/", headers={"Range": f"bytes={len(CONTENT)}-"})
    assert (refused.status_code, refused["Content-Range"]) == (416, f"bytes */{len(CONTENT)}")
    looked = sam.head(f"{address}file/", headers={"Range": "bytes=1-"})
    assert (looked.status_code, looked["Content-Length"], looked.content) == (200, str(len(CONTENT)), b"")
    assert not Download.objects.exists()
    response = sam.get(f"{address}file/", headers={"Range": "bytes=65530-65545"})
    assert b"".join(response) == CONTENT[65530:65546]
    assert (response["Content-Range"], response["Content-Length"]) == (f"bytes 65530-65545/{len(CONTENT)}", "16")


def test_when_no_worker_comes_the_page_says_so_and_looks_less_often(
    sam: Client, own: SubjectRequest, world: World, clock: Clock
) -> None:
    address = type_code(sam, world, own)
    clock.shift(21)
    page = sam.get(address)
    assert "This takes longer than it should" in text(page)
    assert page["Refresh"] == "10"
    assert sam.get(f"{address}file/")["Location"] == address


def test_after_its_hour_the_page_says_that_a_new_code_is_needed(
    sam: Client, own: SubjectRequest, world: World, clock: Clock
) -> None:
    address = ready(sam, world, own)
    clock.shift(61 * 60)
    page = sam.get(address)
    assert "Ask for a new code on the page of your request" in text(page)
    assert "Refresh" not in page
    assert sam.get(f"{address}file/")["Location"] == address


def test_after_the_last_download_the_page_offers_it_again(sam: Client, own: SubjectRequest) -> None:
    Package.objects.update(taken=settings.DSR_PACKAGE_DOWNLOADS)
    page = text(sam.get(page_of(own)))
    assert "It was downloaded 5 times, which is as often as one offer allows" in page
    assert "Download your answer" not in page
    assert sam.post(page_of(own, "download/"))["Location"] == page_of(own)
    sam.post(page_of(own, "download/again/"))
    assert "Download your answer" in text(sam.get(page_of(own)))


def test_an_open_download_beyond_the_last_one_says_how_to_go_on(sam: Client, own: SubjectRequest, world: World) -> None:
    address = ready(sam, world, own)
    Package.objects.update(taken=settings.DSR_PACKAGE_DOWNLOADS)
    assert sam.get(f"{address}file/")["Location"] == address
    assert "On the page of your request you can ask for it again" in text(sam.get(address))
    assert not Download.objects.exists()


def test_after_a_week_it_is_asked_for_again_and_after_thirty_days_it_is_gone(
    sam: Client, own: SubjectRequest, world: World, clock: Clock
) -> None:
    clock.move_to(world.later(days=8))
    sign_in(sam, world, own)
    page = text(sam.get(page_of(own)))
    assert "We still hold your answer" in page
    assert "you need no new request" in page
    sam.post(page_of(own, "download/again/"))
    assert b"".join(sam.get(f"{ready(sam, world, own)}file/")) == CONTENT
    clock.move_to(world.later(days=30))
    sign_in(sam, world, own)
    sam.post(page_of(own, "download/again/"))
    assert "is erased here, for its time is over" in text(sam.get(page_of(own)))


def test_of_a_frozen_account_the_open_download_says_why(
    sam: Client, own: SubjectRequest, world: World, dana: Actor
) -> None:
    address = ready(sam, world, own)
    holds.set_hold(own, FROZEN, by=dana, at=world.at)
    assert "The account is frozen" in text(sam.get(address))
    assert sam.get(f"{address}file/")["Location"] == address
    assert sam.get(page_of(own, "download/code/"))["Location"] == page_of(own)
    sam.post(page_of(own, "download/again/"))
    assert not Download.objects.exists()


def test_a_file_that_does_not_open_is_our_fault_and_says_so(sam: Client, own: SubjectRequest, world: World) -> None:
    Package.objects.update(wrapped_key=sealed.seal("x", "elsewhere"))
    assert "That is our fault" in text(sam.get(ready(sam, world, own)))


def test_who_leaves_takes_no_open_download_along(sam: Client, own: SubjectRequest, world: World) -> None:
    address = ready(sam, world, own)
    sam.post("/joypix/leave/")
    assert sam.get(f"{address}file/")["Location"] == address
    assert not Grant.objects.exclude(wrapped_for="").exists()


def test_a_second_code_within_the_hour_is_too_many_at_some_point_and_says_so(sam: Client, own: SubjectRequest) -> None:
    for _ in range(6):
        location = sam.post(page_of(own, "download/"))["Location"]
    assert location.endswith("?enough")
    assert "send no more for now" in text(sam.get(location))
    assert Notice.objects.filter(letter="code").count() == 6  # with the one that found the request


def test_codes_that_were_all_spent_say_so_as_well(sam: Client, own: SubjectRequest, world: World) -> None:
    for _ in range(CODES_PER_HOUR):
        type_code(sam, world, own)
    location = sam.post(page_of(own, "download/"))["Location"]
    assert "send no more for now" in text(sam.get(location))


def test_who_closes_the_download_leaves_it_to_nobody(sam: Client, own: SubjectRequest, world: World) -> None:
    address = ready(sam, world, own)
    assert "Close this download" in text(sam.get(address))
    del sam.cookies[settings.SESSION_COOKIE_NAME]  # it idled, and the download did not
    closed = sam.post(address)
    assert closed["Location"] == page_of(own)
    assert closed.cookies["download"].value == ""
    assert Grant.objects.get().wrapped_for == ""


def test_a_browser_that_is_closed_keeps_no_download(sam: Client, own: SubjectRequest, world: World) -> None:
    type_code(sam, world, own)
    assert sam.cookies["download"]["max-age"] == ""


def test_the_pages_of_a_download_speak_chinese(sam: Client, own: SubjectRequest, world: World) -> None:
    chinese = {"Accept-Language": "zh-CN"}
    address = type_code(sam, world, own)
    assert "正在" in text(sam.get(address, headers=chinese))
    assert grants.rewrap_next(at=timezone.now())
    assert "您的文件已准备好" in text(sam.get(address, headers=chinese))


def test_no_web_process_opens_a_package_with_a_key_of_its_own(
    sam: Client,
    answered: Callable[..., SubjectRequest],
    world: World,
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The whole way through the pages without packages.json; only the worker between has it."""
    own = answered(Right.ACCESS)
    clock.move_to(world.at)
    of_workers = settings.DSR_KEYS
    shutil.copytree(of_workers, of_the_web := tmp_path / "web-keys")
    (of_the_web / "packages.json").unlink()
    monkeypatch.setattr(settings, "DSR_KEYS", of_the_web)
    with pytest.raises(KeysMissing):
        own.packages.get().ring()
    sign_in(sam, world, own)
    sam.get(page_of(own))
    address = type_code(sam, world, own)
    sam.get(address)
    monkeypatch.setattr(settings, "DSR_KEYS", of_workers)
    assert grants.rewrap_next(at=timezone.now())
    world.letters()  # the address of Sam's social sign-in is told first
    monkeypatch.setattr(settings, "DSR_KEYS", of_the_web)
    sam.get(address)
    body = b"".join(sam.get(f"{address}file/"))
    assert zipfile.ZipFile(io.BytesIO(body)).testzip() is None

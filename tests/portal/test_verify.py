"""Anybody brings a package to the page and reads whether it is whole and ours; nothing of it is kept."""

import hashlib
import html
import io
import re
import tempfile
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT
from dsr.law.rights import Right
from dsr.models import Event, Leaf, SubjectRequest, installer
from dsr.portal import uploads
from dsr.portal.views import verify
from dsr.steps.asking import intake
from dsr.steps.recording import seals, signing
from tests.conftest import NOW, SAM
from tests.package import answers, ours
from tests.package.conftest import opened

PAGE = "/verify/"
MB = 1 << 20


@pytest.fixture
def asked(db: None) -> SubjectRequest:
    """Sam's request."""
    return intake.receive(intake.Intake("joypix", Right.ACCESS, ((IdentityKind.EMAIL, SAM),)), by=SUBJECT, at=NOW)


@pytest.fixture
def packed(asked: SubjectRequest) -> bytes:
    """A package with our seal, as answers to Sam are."""
    return opened(answers.access(), sealing=partial(seals.seal, asked, 1, at=NOW)).zip_bytes


def bring(browser: Client, content: bytes, **options: Any) -> tuple[int, str]:
    """What the page says, without its marks."""
    answer = browser.post(PAGE, {"file": SimpleUploadedFile("package.zip", content)}, **options)
    text = html.unescape(re.sub("<[^>]+>", " ", answer.content.decode()))
    return answer.status_code, " ".join(text.split())


def repacked(content: bytes, name: str, changed: bytes | None) -> bytes:
    """With one file changed, or left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for each in old.namelist():
            put = changed if each.endswith(f"/{name}") else old.read(each)
            if put is not None:
                new.writestr(each, put)
    return out.getvalue()


def test_of_a_genuine_package_anybody_reads_from_whom_it_is(
    mallory: Client, packed: bytes, asked: SubjectRequest
) -> None:
    status, page = bring(mallory, packed)
    position = asked.events.get(tag="package:sealed").sequenced.position
    assert status == 200
    for words in ("This package is whole and was made by us", "JoyPix", asked.reference, "3 November 2026"):
        assert words in page
    assert "See the data we hold about you" in page
    assert f"That we made it is entry {position} of our record" in page
    assert "It still stands there" in page


@pytest.mark.parametrize(
    ("name", "changed", "says"),
    [
        ("index.html", b"<p>Mallory", "index.html . It was changed."),
        ("report.pdf", None, "report.pdf . It is missing."),
        ("manifest-sha256.txt", b"no list", "manifest-sha256.txt . We never write such a file, or such a line in it."),
    ],
)
def test_the_first_file_that_differs_is_named(
    mallory: Client, packed: bytes, name: str, changed: bytes | None, says: str
) -> None:
    _, page = bring(mallory, repacked(packed, name, changed))
    assert "This package is not as we made it" in page
    assert f"The first file that differs: {says}" in page
    assert "download it again" in page
    assert "whole and was made by us" not in page


@pytest.mark.parametrize("seal", [None, b"sealed, Mallory", ours.seal(hashlib.sha256(b"").hexdigest()).encode()])
def test_a_package_without_our_seal_is_not_called_ours(mallory: Client, packed: bytes, seal: bytes | None) -> None:
    _, page = bring(mallory, repacked(packed, "package.jws", seal))
    assert "This package does not show that it is from us" in page
    assert "package.jws" in page


@pytest.mark.parametrize("content", [b"a letter", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_package_is_said_to_be_none(mallory: Client, db: None, content: bytes) -> None:
    _, page = bring(mallory, content)
    assert "This is not a package that we can read" in page


def test_a_package_that_was_cut_off_is_to_be_downloaded_again(mallory: Client, packed: bytes) -> None:
    _, page = bring(mallory, packed[: len(packed) // 2])
    assert "Was the download cut off?" in page


def test_what_unpacks_to_too_much_is_not_unpacked(
    mallory: Client, packed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "MOST", MB)
    bomb = io.BytesIO(packed)
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("R3K-2WN-P5M/data/zeros.bin", bytes(2 * MB))
    _, page = bring(mallory, bomb.getvalue())
    assert "too large for this page" in page
    assert "That says nothing about the package" in page


def test_a_directory_that_is_too_long_is_not_read(
    mallory: Client, packed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert verify.DIRECTORY <= 2 * MB
    monkeypatch.setattr(verify, "DIRECTORY", 500)
    assert "too large for this page" in bring(mallory, packed)[1]


@pytest.mark.parametrize(("before", "behind"), [(b"MZ", b""), (b"", b"MZ")])
def test_what_was_put_around_a_package_makes_it_none_of_ours(
    mallory: Client, packed: bytes, before: bytes, behind: bytes
) -> None:
    assert "This is not a package that we can read" in bring(mallory, before + packed + behind)[1]


def test_above_25_mb_the_page_names_the_command_and_reads_nothing(mallory: Client, db: None) -> None:
    status, page = bring(mallory, bytes(26 * MB))
    assert status == 413
    assert "too large for this page" in page
    assert "manage.py verify_package FILE --key" in page


def test_more_than_other_pages_allow_is_read_in_memory_and_touches_no_disk(
    mallory: Client, db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    _, page = bring(mallory, bytes(24 * MB))
    assert "This is not a package that we can read" in page


def test_an_empty_form_says_what_to_do(mallory: Client, db: None) -> None:
    page = mallory.post(PAGE, {}).content.decode()
    assert "Error:" in page
    assert "Choose the file of the package" in page


def test_checking_stores_nothing(mallory: Client, packed: bytes) -> None:
    before = Event.objects.count()
    answer = mallory.post(PAGE, {"file": SimpleUploadedFile("package.zip", packed)})
    assert Event.objects.count() == before
    assert "sessionid" not in answer.cookies
    assert answer["Cache-Control"] == "no-store"


def test_one_package_is_checked_at_a_time(mallory: Client, packed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = uploads.Turns()
    monkeypatch.setattr(verify, "_turns", turns)
    held = turns.begin()
    assert held is not None
    answer = mallory.post(PAGE, {"file": SimpleUploadedFile("package.zip", packed)})
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert "Another package is being checked" in answer.content.decode()
    turns.end(held)
    assert [bring(mallory, packed)[0], bring(mallory, packed)[0]] == [200, 200]


def test_a_line_that_stalls_holds_the_turn_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = uploads.Turns()
    first = turns.begin()
    assert first is not None
    monkeypatch.setattr(uploads, "monotonic", lambda: first + 1)
    second = turns.begin()
    assert second is not None
    turns.end(first)  # late, and no longer its own
    assert turns.begin() is None


def test_a_form_that_is_not_ours_is_refused(packed: bytes) -> None:
    assert bring(Client(enforce_csrf_checks=True), packed)[0] == 403


def test_an_entry_that_was_taken_out_of_the_record_is_said_to_be_missing(
    mallory: Client, packed: bytes, asked: SubjectRequest
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER dsr_leaf_no_delete")
    Leaf.objects.filter(event__tag="package:sealed").delete()
    installer.install(connection)
    assert "Its entry is not in our record now" in bring(mallory, packed)[1]


def test_a_hostile_name_is_shown_and_does_nothing(mallory: Client, db: None) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("R/<script>\u202e", b"")
    answer = mallory.post(PAGE, {"file": SimpleUploadedFile("package.zip", out.getvalue())}).content.decode()
    assert "&lt;script&gt;\\u202e" in answer
    assert "<script>\\u202e" not in answer


def test_the_page_shows_the_public_keys(mallory: Client, db: None) -> None:
    page = mallory.get(PAGE).content.decode()
    for key in (*signing.certificate_keys(), *signing.log_keys()):
        assert str(key) in page

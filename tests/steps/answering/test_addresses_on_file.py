"""Which addresses on file are told, from when their days count, and what staff read of letters that did not arrive."""

import io
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dsr.datamap.schema import IdentityKind
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Asker, Channel, Kind, Letter, NoticeState
from dsr.models import Notice, SubjectRequest
from dsr.steps.answering import on_file
from dsr.steps.asking import intake, representation, verification, vouching
from dsr.steps.asking.representation import Acting
from dsr.steps.deciding import blocking, review
from dsr.steps.post import notices, resending
from tests.life.scene import GRETA, POSTAL, SAM, SAMS_ACCOUNT
from tests.steps import on_paper, taking
from tests.steps.on_paper import Acme, begun

FRIEND, HOME = "friend@example.com", "sam@home.example"
INVITATIONS = """  invitations:
    title: Invitations
    key: [id]
    found_by: {email: [invited]}
    links:
      - {to: people, on: {person: id}}
    purposes: [provide]
    source: provided
    retention: account
    shared:
      parties:
        inviter: {title: Who invited, known_by: [person]}
        invitee: {title: Who was invited, known_by: [invited]}
      show:
        invited: The one who invited typed it.
    fields:
      id: {category: system.operations, source: derived}
      person: {category: user.unique_id, source: derived}
      invited: {category: user.contact.email}
"""
SIGN_INS = """  sign_ins:
    title: Sign-ins
    key: [id]
    links:
      - {to: people, on: {person: id}}
    purposes: [provide]
    source: derived
    retention: account
    fields:
      id: {category: system.operations}
      person: {category: user.unique_id}
      address: {category: user.contact.email}
"""
BACKUP = "      backup: {category: user.contact.email}\n"


@pytest.fixture
def acme(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Acme:
    """Its own map, and Sam's account."""
    there = tmp_path / "controllers"
    shutil.copytree(on_paper.CONTROLLERS, there)
    monkeypatch.setattr(on_paper, "CONTROLLERS", there)
    return begun(tmp_path, monkeypatch)


def described(acme: Acme, *statements: str, backup: str = "", more: str = "") -> None:
    file = acme.database.parent / "controllers/acme/systems/database.yaml"
    text = file.read_text()
    assert "      name: {" in text
    file.write_text(text.replace("      name: {", backup + "      name: {", 1) + more)
    with closing(sqlite3.connect(acme.database)) as live, live:
        for statement in statements:
            live.execute(statement)


def told() -> set[str]:
    return {each.addressee() for each in Notice.objects.filter(letter=Letter.ON_FILE)}


def reported_by(acme: Acme, address: str) -> None:
    report = acme.report(address)
    code = re.findall(r"^ +([2-9A-Z]{4}) ([2-9A-Z]{4})$", acme.sent_to(address)[-1], re.MULTILINE)[-1]
    verification.confirm(report, "".join(code), at=acme.at)


def test_whom_somebody_invited_learns_nothing_of_their_erasure_and_freezes_nothing(acme: Acme) -> None:
    table = "CREATE TABLE invitations (id TEXT PRIMARY KEY, person TEXT, invited TEXT)"
    described(acme, table, f"INSERT INTO invitations VALUES ('1', '1', '{FRIEND}')", more=INVITATIONS)
    own = acme.searched()
    assert own.state == State.SEARCHED
    assert told() == {SAM}
    reported_by(acme, FRIEND)
    assert not blocking.blocks_erasure(own)


def test_an_address_that_a_row_holds_beside_the_one_it_is_found_by_is_told_and_can_object(acme: Acme) -> None:
    changed = f"UPDATE people SET backup = '{HOME}', email = 'mallory@example.com' WHERE id = '1'"
    described(acme, "ALTER TABLE people ADD COLUMN backup TEXT", changed, backup=BACKUP)
    own = acme.searched()
    assert told() == {"mallory@example.com", HOME}
    reported_by(acme, HOME)
    assert blocking.blocks_erasure(own)


def letter(acme: Acme) -> tuple[SubjectRequest, Notice]:
    return acme.searched(), Notice.objects.get(letter=Letter.ON_FILE)


def stopped_while_sending(acme: Acme, notice: Notice) -> None:
    """Its sender died with it, and the next one sees it."""
    long_ago = timezone.now() - timedelta(hours=1)
    Notice.objects.filter(pk=notice.pk).update(state=NoticeState.SENDING, lease_until=long_ago)
    acme.letters()
    notice.refresh_from_db()
    assert notice.state == NoticeState.IN_DOUBT


def test_the_days_of_a_letter_in_doubt_count_from_when_it_may_have_left(acme: Acme) -> None:
    own, notice = letter(acme)
    acme.later(days=6)  # nobody sent letters meanwhile
    stopped_while_sending(acme, notice)
    assert on_file.free_from(own, on_file.alert(own)) == datetime(2026, 11, 11, 23, tzinfo=UTC)
    assert on_file.waits(own, at=acme.at)


def test_the_days_of_a_letter_that_failed_count_from_when_it_failed(acme: Acme) -> None:
    own, notice = letter(acme)
    notices.undelivered(notice, NoticeState.FAILED, "No such user (550).", at=acme.later(days=6))
    assert on_file.free_from(own, on_file.alert(own)) == datetime(2026, 11, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize("state", [NoticeState.FAILED, NoticeState.IN_DOUBT])
def test_a_letter_to_an_address_on_file_is_sent_again_and_its_days_begin_anew(acme: Acme, state: NoticeState) -> None:
    own, notice = letter(acme)
    if state == NoticeState.FAILED:
        notices.undelivered(notice, state, "No such user (550).", at=acme.at)
        notice.refresh_from_db()
    else:
        stopped_while_sending(acme, notice)
    before = on_file.alert(own)
    assert before is not None
    assert (before.letters, before.undelivered) == (1, 1)
    acme.later(days=6)
    resending.send_again(notice, by=acme.dana, at=acme.at)
    assert on_file.why_not_yet(on_file.alert(own))
    assert len(acme.sent_to(SAM)) == 1
    after = on_file.alert(own)
    assert after is not None
    assert (after.letters, after.undelivered) == (1, 0)
    assert on_file.free_from(own, on_file.alert(own)) == datetime(2026, 11, 11, 23, tzinfo=UTC)


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_desk_says_that_an_address_could_not_be_told(acme: Acme, sign_in: Callable[[str], Client]) -> None:
    own, notice = letter(acme)
    notices.undelivered(notice, NoticeState.FAILED, "No such user (550).", at=acme.at)
    page = words_of(sign_in("olga").get(f"/desk/requests/{own.reference}/").content.decode())
    assert "its owner could NOT be told" in page
    assert "The address on file was told on" not in page


def portable(acme: Acme, **given: Any) -> SubjectRequest:
    """A portable copy, made from what the systems hold; beside the account stands a list that is not portable."""
    table = "CREATE TABLE sign_ins (id TEXT PRIMARY KEY, person TEXT, address TEXT)"
    described(acme, table, f"INSERT INTO sign_ins VALUES ('1', '1', '{HOME}')", more=SIGN_INS)
    own = intake.receive(intake.Intake("acme", Right.PORTABILITY, region="eea", **given), by=acme.dana, at=acme.at)
    if (code := own.mailbox()) is None:
        vouching.vouch(own, note="Called back", by=acme.devi, at=acme.at)
    else:
        confirmed_by(acme, own, code.value())
    if own.asker == Asker.GUARDIAN:
        representation.check(own, note="Saw it", by=acme.olga, at=acme.at)
    review.accept(own, by=acme.dana, at=acme.at)
    acme.work()
    own.refresh_from_db()
    assert own.state == State.PACKAGED
    return own


def confirmed_by(acme: Acme, own: SubjectRequest, address: str) -> None:
    code = re.findall(r"^ +([2-9A-Z]{4}) ([2-9A-Z]{4})$", acme.sent_to(address)[-1], re.MULTILINE)[-1]
    verification.confirm(own, "".join(code), at=acme.at)
    own.refresh_from_db()


NAMED = ((IdentityKind.ACCOUNT, SAMS_ACCOUNT),)
BY_LETTER = {"identities": NAMED, "channel": Channel.LETTER, "postal": POSTAL}
BY_GUARDIAN = {"identities": NAMED, "acting": Acting(Asker.GUARDIAN, "Greta Ortiz", GRETA, b"%PDF-1.4\n%%EOF\n")}


@pytest.mark.parametrize("given", [BY_LETTER, BY_GUARDIAN], ids=["by letter", "by a guardian"])
def test_of_a_portable_copy_an_address_is_told_that_stands_outside_of_what_is_portable(
    acme: Acme, given: dict[str, Any]
) -> None:
    own = portable(acme, **given)
    assert told() == {SAM, HOME}
    reported_by(acme, HOME)
    assert blocking.blocks_delivery(own)


def test_what_is_searched_for_its_addresses_alone_is_not_in_a_portable_copy(acme: Acme) -> None:
    own = portable(acme, **BY_GUARDIAN)
    acme.letters()
    copied = b"".join(taking.taken(own, at=acme.later(days=4)))
    with zipfile.ZipFile(io.BytesIO(copied)) as package:
        whole = b"".join(package.read(name) for name in package.namelist())
    assert SAM.encode() in whole
    assert HOME.encode() not in whole


def test_for_who_proved_a_mailbox_nothing_outside_of_what_is_portable_is_searched(acme: Acme) -> None:
    own = portable(acme, identities=((IdentityKind.EMAIL, SAM),))
    assert told() == set()
    assert set(own.items.get(kind=Kind.FIND).counts["rows"]) == {"people", "posts", "consents"}

"""A correction and a withdrawal are answered by a package, too: what was done where, who was told, and signed."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from zipfile import ZipFile

import pytest

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind
from dsr.models import SubjectRequest
from dsr.package import archive, brought, deeds, report
from dsr.package.brought import Broken
from dsr.package.verification import authenticate
from dsr.record import answered as certificates
from dsr.steps import maps, work
from dsr.steps.answering import backups, packaging
from dsr.steps.answering import deeds as made
from dsr.steps.answering import delivery as offers
from dsr.steps.deciding import holds
from dsr.steps.fulfilling import rectification
from dsr.steps.post import wording
from dsr.steps.recording import seals, signing
from tests.conftest import World
from tests.steps import scenes, taking
from tests.steps.answering.test_delivery import FROZEN
from tests.steps.fulfilling.rectifying import asked, finish, the_field
from tests.steps.fulfilling.test_withdrawal import agreed, withdrawn

NEW, OTHER = "Samira Nachtigall of Oz", "zh-Hant-HK"
WHY = "This is how the account was opened."


@dataclass
class Taken:
    """A package in Sam's hands."""

    files: dict[str, bytes]

    @property
    def manifest(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.files["manifest.json"])
        return parsed

    @property
    def certificate(self) -> dict[str, Any]:
        return certificates.verify(self.files["certificate.jws"].decode(), signing.certificate_keys())


def taken(own: SubjectRequest, world: World) -> Taken:
    """Sam downloads it, and it is genuine."""
    content = b"".join(taking.taken(own, at=world.at))
    with brought.zipped(io.BytesIO(content)) as package:
        authenticate(package, [*signing.certificate_keys(), *signing.log_keys()])
    with ZipFile(io.BytesIO(content)) as opened:
        return Taken({name.partition("/")[2]: opened.read(name) for name in opened.namelist()})


@pytest.fixture
def corrected(world: World, dana: Actor) -> SubjectRequest:
    """One value of Sam's was accepted, one declined."""
    own = asked(world, dana)
    new = {the_field(own, "nickname"): NEW, the_field(own, "language"): OTHER}
    rectification.propose(own, new, statement="", at=world.at)
    for row in own.corrections.all():
        accepted = row.field == "nickname"
        rectification.decide(row, accepted=accepted, words="" if accepted else WHY, by=dana, at=world.at)
    finish(world, own)
    return own


@pytest.fixture
def stopped(world: World) -> SubjectRequest:
    """Sam withdrew a consent."""
    agreed(world, "marketing")
    own = withdrawn(world, "marketing")
    world.work(State.DELIVERED, own)
    return own


def test_a_corrections_package_names_each_field_its_fate_and_no_value(corrected: SubjectRequest, world: World) -> None:
    package = taken(corrected, world)
    fates = {(row["field"], row["outcome"], row["rows"], row["why"]) for row in package.manifest["corrections"]}
    assert fates == {("nickname", "corrected", 1, ""), ("language", "declined", 1, WHY)}
    page = package.files["index.html"].decode()
    assert "What we corrected" in page
    assert WHY in page
    assert package.manifest["recipients"]
    assert all(row["title"] in page and row["says"] in page for row in package.manifest["recipients"])
    for name, content in package.files.items():
        assert NEW.encode() not in content, name
        assert OTHER.encode() not in content, name


def test_its_certificate_counts_by_system_and_holds_nobodys_own_words(corrected: SubjectRequest, world: World) -> None:
    stated = taken(corrected, world).certificate
    assert stated["reference"] == corrected.reference
    assert {row["system"]: row["outcome"] for row in stated["systems"]}["app-database"] == "corrected"
    assert {(row["field"], row["outcome"], row["rows"]) for row in stated["corrections"]} == {
        ("nickname", "corrected", 1),
        ("language", "declined", 1),
    }
    assert WHY not in str(stated)


def test_a_withdrawals_package_says_since_when_it_no_longer_holds_and_where(
    stopped: SubjectRequest, world: World
) -> None:
    package = taken(stopped, world)
    (consent,) = package.manifest["consents"]
    assert consent["since"] == world.at.isoformat()
    assert (consent["purpose"], consent["systems"], consent["failed"]) == ("marketing", ["app-database"], [])
    page = package.files["index.html"].decode()
    assert "What no longer holds" in page
    assert "It no longer holds since 3 November 2026." in page
    assert package.certificate["consents"] == [consent]


def test_the_letter_and_the_page_say_that_it_can_be_kept(stopped: SubjectRequest, world: World) -> None:
    last = offers.offered_until(stopped, at=world.at)
    assert last is not None
    assert f"You can download it until {wording.day(last)}" in world.letters()[-1]
    assert stopped.events.filter(tag="package:offered").count() == 1
    taking.taken(stopped, at=world.at)
    stopped.refresh_from_db()
    assert stopped.state == State.DELIVERED
    assert stopped.events.filter(tag="package:downloaded").count() == 1


def test_no_withdrawal_waits_long_for_a_package_that_cannot_be_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "render", _no_room)
    agreed(world, "marketing")
    own = withdrawn(world, "marketing")
    world.work()
    own.refresh_from_db()
    assert own.state == State.CARRIED_OUT  # it may be made yet
    world.later(seconds=made.PATIENCE.total_seconds())
    work.advance_stalled(at=world.at)
    own.refresh_from_db()
    assert own.state == State.DELIVERED
    assert "stopped" in world.letters()[-1]
    assert not own.packages.exists()
    assert own.items.get(kind=Kind.ASSEMBLE).note == made.NOTE


def _no_room(*_: object, **__: object) -> bytes:
    raise OSError(28, "No space left on device")


def test_no_withdrawal_waits_for_the_person_whom_its_package_needs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "render", _broken)
    agreed(world, "marketing")
    own = withdrawn(world, "marketing")
    world.work()
    assert own.items.get(kind=Kind.ASSEMBLE).state == ItemState.QUARANTINED
    work.advance_stalled(at=world.at)
    own.refresh_from_db()
    assert own.state == State.DELIVERED


def _broken(*_: object, **__: object) -> bytes:
    message = "nobody foresaw this"
    raise LookupError(message)


def test_a_freeze_keeps_letter_and_package_back(world: World, dana: Actor) -> None:
    own = asked(world, dana)
    rectification.propose(own, {the_field(own, "nickname"): NEW}, statement="", at=world.at)
    rectification.decide(own.corrections.get(), accepted=True, words="", by=dana, at=world.at)
    scenes.work_on(world, own, Kind.CORRECT)
    holds.set_hold(own, FROZEN, by=dana, at=world.at)
    finish(world, own)
    assert own.state == State.CARRIED_OUT
    assert own.packages.get().offered_at is None


def test_an_erasures_package_has_a_certificate_and_says_how_long_backups_last(
    answered: Callable[..., SubjectRequest], world: World
) -> None:
    own = answered(Right.ERASURE)
    package = taken(own, world)
    erased = {row["system"] for row in package.manifest["systems"] if any(c["erased"] for c in row["collections"])}
    days = {row["system"]: row["until"] for row in package.manifest["backups"]}
    assert days["app-database"] == (world.at.date() + timedelta(days=35)).isoformat()
    assert days["payment-institution"] is None
    assert "media-store" in erased - set(days)  # it has no backups
    page = package.files["index.html"].decode()
    assert "Copies in backups" in page
    assert "Not written down." in page
    stated = package.certificate
    counted = {row["system"]: sum(c["erased"] for c in row["collections"]) for row in stated["systems"]}
    assert {slug for slug, count in counted.items() if count} == erased
    assert stated["backups"] == package.manifest["backups"]
    assert "Copies of it may last in backups" in world.letters()[-1]


def test_the_certificate_of_another_answer_is_found_out(stopped: SubjectRequest, world: World) -> None:
    answer = packaging.answer_to(stopped, at=world.at)
    foreign = seals.certify({**deeds.statement(answer), "reference": "AAA-AAA-AAA"})
    sealing = partial(seals.seal, stopped, answer.version, at=world.at)
    out = io.BytesIO()
    archive.write(answer, out, report=lambda _: b"%PDF-", sealing=sealing, certificate=foreign)
    keys = [*signing.certificate_keys(), *signing.log_keys()]
    with brought.zipped(out) as package, pytest.raises(Broken, match="another answer"):
        authenticate(package, keys)


def test_who_has_no_mailbox_gets_it_all_by_the_letter(stopped: SubjectRequest, world: World) -> None:
    stopped.identities.all().delete()
    entered = stopped.items.count()
    made.enter(stopped, at=world.at)
    assert stopped.items.count() == entered


def test_what_is_never_backed_up_is_not_named(world: World) -> None:
    about = maps.controller("joypix")
    assert backups.lasting(about, (), at=world.at) == ()

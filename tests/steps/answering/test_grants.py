"""One download for one code: opened by a worker, for one browser, counted once, and for an hour."""

import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core import serializers
from django.test import TestCase

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.models import Download, Event, Grant, Package, Proof, SubjectRequest, sealed
from dsr.sealing import files, keyring, pairs
from dsr.sealing.fields import Unsealable
from dsr.sealing.keyring import Role
from dsr.steps import bell, sweeping
from dsr.steps.answering import delivery, grants, keeping
from dsr.steps.answering.delivery import Standing
from dsr.steps.answering.grants import Stage
from dsr.steps.asking import verification
from dsr.steps.asking.verification import CODES_PER_HOUR, Confirmation
from dsr.steps.deciding import holds
from dsr.steps.move import Conflict
from tests import staging
from tests.conftest import World
from tests.steps import scenes
from tests.steps.answering.test_delivery import CONTENT, FROZEN
from tests.steps.taking import granted, opened, taken


@staging.scene()
def own(world: World) -> SubjectRequest:
    return scenes.packaged(world, CONTENT)


def test_a_code_from_the_mail_opens_one_download(own: SubjectRequest, world: World) -> None:
    assert verification.ask_download(own, at=world.at)
    code = world.code()
    assert "With this code you download our answer, once." in world.letters()[-1]
    outcome, given = grants.give(own, code, at=world.at)
    assert outcome is Confirmation.CONFIRMED
    assert given is not None
    sweeping.post(lambda: world.at)
    given.grant.refresh_from_db()
    assert b"".join(grants.use(given.grant, given.secret, at=world.at)) == CONTENT
    assert given.grant.proof == Proof.objects.get(purpose=Proof.DOWNLOAD)
    assert grants.give(own, code, at=world.at) == (Confirmation.NONE, None)


def test_no_other_code_opens_one(own: SubjectRequest, world: World) -> None:
    verification.ask_sign_in("joypix", own.reference, "sam@example.com", at=world.at)
    assert grants.give(own, world.code(), at=world.at) == (Confirmation.NONE, None)
    verification.ask_download(own, at=world.at)
    world.letters()
    assert grants.give(own, "00000000", at=world.at) == (Confirmation.WRONG, None)
    assert not Grant.objects.exists()


def test_an_hour_brings_only_so_many_codes(own: SubjectRequest, world: World) -> None:
    sent = [verification.ask_download(own, at=world.at) for _ in range(CODES_PER_HOUR + 1)]
    assert sent == [True] * CODES_PER_HOUR + [False]


def test_a_worker_is_rung_for(own: SubjectRequest, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    verification.ask_download(own, at=world.at)
    code, rings = world.code(), list[int]()
    monkeypatch.setattr(bell, "ring", lambda: rings.append(1))
    with TestCase.captureOnCommitCallbacks(execute=True):
        grants.give(own, code, at=world.at)
    assert rings == [1]


@pytest.mark.parametrize("turn", [sweeping.sweep, sweeping.post])
def test_every_worker_opens_it_first(own: SubjectRequest, world: World, turn: Callable[..., object]) -> None:
    grant, _ = granted(own, at=world.at)

    def clock() -> datetime:
        return world.at

    turn(clock, seconds=0, **({"after": 5} if turn is sweeping.sweep else {}))
    grant.refresh_from_db()
    assert grants.stage(grant, at=world.at) is Stage.READY


def test_fifty_uses_of_one_grant_are_one_download(own: SubjectRequest, world: World) -> None:
    grant, secret = opened(own, at=world.at)
    copies = [Grant.objects.get() for _ in range(50)]  # each as its own process read it
    for each in copies[: grants.OPENINGS]:
        assert b"".join(grants.use(each, secret, at=world.at)) == CONTENT
    for each in copies[grants.OPENINGS :]:  # each begins with the file's first byte, and costs as much
        with pytest.raises(Conflict, match="over"):
            grants.use(each, secret, at=world.at)
    assert Download.objects.count() == 1
    assert Event.objects.filter(tag="package:downloaded").count() == 1
    assert Package.objects.get().taken == 1
    assert grant.first_used_at is None  # the copies said so, and the row


def test_the_sixth_download_is_refused_until_it_is_asked_for_again(own: SubjectRequest, world: World) -> None:
    more = [opened(own, at=world.at) for _ in range(settings.DSR_PACKAGE_DOWNLOADS + 1)]
    for grant, secret in more[:-1]:
        grants.use(grant, secret, at=world.at)
    late, secret = more[-1]
    with pytest.raises(Conflict, match="taken"):
        grants.use(late, secret, at=world.at)
    assert Download.objects.count() == settings.DSR_PACKAGE_DOWNLOADS
    assert delivery.standing(Package.objects.get(), at=world.at) is Standing.TAKEN
    delivery.offer_again(own, at=world.at)
    assert b"".join(taken(own, at=world.at)) == CONTENT


def test_the_limit_holds_when_another_browser_was_faster(own: SubjectRequest, world: World) -> None:
    grant, secret = opened(own, at=world.at)
    Package.objects.update(taken=settings.DSR_PACKAGE_DOWNLOADS - 1)
    with (
        scenes.a_rival_before("SAVEPOINT", lambda: taken(SubjectRequest.objects.get(), at=world.at)),
        pytest.raises(Conflict, match="taken"),
    ):
        grants.use(grant, secret, at=world.at)
    assert Package.objects.get().taken == settings.DSR_PACKAGE_DOWNLOADS
    assert Grant.objects.get(pk=grant.pk).first_used_at is None


def test_the_limit_is_a_condition_of_the_update_itself(own: SubjectRequest, world: World) -> None:
    grant, secret = opened(own, at=world.at)
    full = settings.DSR_PACKAGE_DOWNLOADS
    with (
        scenes.a_rival_before('UPDATE "dsr_package"', lambda: Package.objects.update(taken=full)),
        pytest.raises(Conflict, match="taken"),
    ):
        grants.use(grant, secret, at=world.at)
    assert not Download.objects.exists()


def test_a_freeze_that_comes_while_the_file_is_opened_still_stops_it(
    own: SubjectRequest, world: World, dana: Actor
) -> None:
    grant, secret = opened(own, at=world.at)
    with (
        scenes.a_rival_before("SAVEPOINT", lambda: holds.set_hold(own, FROZEN, by=dana, at=world.at)),
        pytest.raises(Conflict, match="frozen"),
    ):
        grants.use(grant, secret, at=world.at)
    assert not Download.objects.exists()


def test_what_broke_off_goes_on_within_the_hour_and_not_after(own: SubjectRequest, world: World) -> None:
    grant, secret = opened(own, at=world.at)
    grants.use(grant, secret, at=world.later(minutes=50))
    Package.objects.update(taken=settings.DSR_PACKAGE_DOWNLOADS)  # by others
    grant.refresh_from_db()
    assert b"".join(grants.use(grant, secret, at=world.later(minutes=50))) == CONTENT
    with pytest.raises(Conflict, match="over"):
        grants.use(grant, secret, at=world.later(minutes=11))
    assert grants.end_next(at=world.at)
    assert not Grant.objects.exclude(wrapped_for="").exists()


def test_another_browsers_secret_opens_nothing(own: SubjectRequest, world: World) -> None:
    grant, _ = opened(own, at=world.at)
    other, _ = pairs.pair()
    assert not grants.fits(grant, other)
    assert not grants.fits(grant, "")
    with pytest.raises(Conflict, match="another browser"):
        grants.use(grant, other, at=world.at)
    assert not Download.objects.exists()


def test_a_freeze_stops_what_was_asked_for_and_what_was_open(own: SubjectRequest, world: World, dana: Actor) -> None:
    asked, _ = granted(own, at=world.at)
    ready, secret = granted(own, at=world.at)
    Grant.objects.filter(pk=ready.pk).update(asked_at=world.at - timedelta(seconds=1))
    assert grants.rewrap_next(at=world.at)
    holds.set_hold(own, FROZEN, by=dana, at=world.at)
    assert grants.rewrap_next(at=world.at)
    asked.refresh_from_db()
    ready.refresh_from_db()
    assert asked.wrapped_for == ""
    assert grants.stage(asked, at=world.at) is Stage.OVER
    with pytest.raises(Conflict, match="frozen"):
        grants.use(ready, secret, at=world.at)


def test_with_the_package_goes_what_was_wrapped_for_its_grants(own: SubjectRequest, world: World) -> None:
    grant, secret = opened(own, at=world.at)
    Package.objects.update(held_until=world.at)
    assert delivery.expire_next(at=world.at)
    grant.refresh_from_db()
    assert grant.wrapped_for == ""
    with pytest.raises(Conflict):
        grants.use(grant, secret, at=world.at)


def test_a_package_that_does_not_open_says_so_and_counts_nothing(own: SubjectRequest, world: World) -> None:
    package = own.packages.get()
    Package.objects.update(wrapped_key=sealed.seal("x", "elsewhere"))
    grant, _ = opened(own, at=world.at)
    assert grants.stage(grant, at=world.at) is Stage.BROKEN
    Package.objects.update(wrapped_key=package.wrapped_key)
    grant, secret = opened(own, at=world.at)
    sealed.file_path(package.pk).unlink()
    with pytest.raises(Conflict, match="cannot be opened"):
        grants.use(grant, secret, at=world.at)
    assert not Download.objects.exists()


def test_when_no_worker_comes_the_page_knows(own: SubjectRequest, world: World) -> None:
    grant, _ = granted(own, at=world.at)
    assert grants.stage(grant, at=world.later(seconds=19)) is Stage.ASKED
    assert grants.stage(grant, at=world.later(seconds=1)) is Stage.SLOW
    assert grants.rewrap_next(at=world.at)
    assert not grants.rewrap_next(at=world.later(hours=2))


def test_a_grant_without_its_hour_is_not_opened_any_more(own: SubjectRequest, world: World) -> None:
    grant, _ = granted(own, at=world.at)
    assert not grants.rewrap_next(at=world.later(minutes=61))
    assert grants.stage(grant, at=world.at) is Stage.OVER


def test_a_copy_of_the_database_and_a_web_process_open_no_package(own: SubjectRequest, world: World) -> None:
    """Everything in the tables, and every key but the one that workers have: no secret of a grant among it."""
    opened(own, at=world.at)
    package = own.packages.get()
    dump = json.loads(serializers.serialize("json", [*Package.objects.all(), *Grant.objects.all()]))
    texts = [str(value) for row in dump for value in row["fields"].values()]
    for text in texts:
        with pytest.raises(Unsealable):
            pairs.unwrap(text, text)
    for role in set(Role) - {Role.PACKAGES}:
        with pytest.raises((Unsealable, keyring.KeysMissing)):
            files.key_of(sealed.file_place(package.pk), sealed.ring(role), package.wrapped_key)
    assert not [text for text in texts if "AGE-SECRET-KEY" in text]


@pytest.mark.parametrize("proof", [{"purpose": Proof.SIGN_IN}, {"spent_at": None}, None])
def test_a_worker_opens_nothing_for_a_row_without_a_code_that_was_spent_for_it(
    own: SubjectRequest, world: World, proof: dict[str, object] | None
) -> None:
    grant, _ = granted(own, at=world.at)
    if proof is None:
        Grant.objects.update(proof=None)
    else:
        Proof.objects.filter(grant=grant).update(**proof)
    assert not grants.rewrap_next(at=world.at)
    assert Grant.objects.get().wrapped_for == ""


def test_the_code_of_another_request_opens_nothing(own: SubjectRequest, world: World) -> None:
    grant, _ = granted(own, at=world.at)
    other = world.file(Right.PORTABILITY)
    world.prove(other)
    Proof.objects.filter(grant=grant).update(identity=other.identities.get())
    assert not grants.rewrap_next(at=world.at)


def test_a_worker_without_the_key_leaves_a_grant_to_one_that_has_it(
    own: SubjectRequest, world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    granted(own, at=world.at)
    with monkeypatch.context() as elsewhere:
        shutil.copytree(settings.DSR_KEYS, keys := tmp_path / "keys")
        (keys / "packages.json").unlink()
        elsewhere.setattr(settings, "DSR_KEYS", keys)
        assert not grants.rewrap_next(at=world.at)
    assert grants.rewrap_next(at=world.at)
    assert grants.stage(Grant.objects.get(), at=world.at) is Stage.READY


def test_a_row_with_a_broken_half_holds_up_nobody(own: SubjectRequest, world: World) -> None:
    broken, _ = granted(own, at=world.at)
    Grant.objects.update(public_key="x", asked_at=world.at - timedelta(minutes=1))
    _, secret = granted(own, at=world.at)
    assert [grants.rewrap_next(at=world.at), grants.rewrap_next(at=world.at)] == [True, True]
    assert grants.stage(Grant.objects.get(pk=broken.pk), at=world.at) is Stage.BROKEN
    assert b"".join(grants.use(Grant.objects.exclude(pk=broken.pk).get(), secret, at=world.at)) == CONTENT


def test_who_left_a_moment_ago_takes_nothing_uncounted(
    own: SubjectRequest, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant, secret = opened(own, at=world.at)
    read = Grant.refresh_from_db

    def read_then_left(row: Grant) -> None:
        read(row)
        grants.leave([str(row.pk)], at=world.at)

    monkeypatch.setattr(Grant, "refresh_from_db", read_then_left)
    with pytest.raises(Conflict, match="over"):
        grants.use(grant, secret, at=world.at)
    assert not Download.objects.exists()


def test_a_freeze_that_is_released_leaves_no_browser_the_door_open(
    own: SubjectRequest, world: World, dana: Actor
) -> None:
    grant, secret = opened(own, at=world.at)
    (hold,) = holds.set_hold(own, FROZEN, by=dana, at=world.at)
    holds.release(hold, by=dana, at=world.at)
    grant.refresh_from_db()
    with pytest.raises(Conflict, match="over"):
        grants.use(grant, secret, at=world.at)
    assert b"".join(taken(own, at=world.at)) == CONTENT


def test_after_24_months_nothing_says_when_sam_asked_for_the_file(own: SubjectRequest, world: World) -> None:
    for _ in taken(own, at=world.at):
        pass
    assert keeping.reduce_next(at=world.later(days=732))
    assert not Grant.objects.exists()
    assert Download.objects.exists()

"""Whoever else is on file is told before a package opens, and can stop it; a dead address holds nobody up for long."""

import re

import pytest
import time_machine
from django.core import mail
from django.test import Client

from accounts.models import Staff
from dsr.connectors.contract import Batch
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.work import Letter, NoticeState
from dsr.models import Event, Grant, LegalHold, Notice, SubjectRequest
from dsr.steps import maps
from dsr.steps.answering import channels, grants, noted
from dsr.steps.answering.grants import Stage
from dsr.steps.asking import verification
from dsr.steps.deciding import holds
from dsr.steps.move import Conflict
from dsr.steps.post import notices
from tests import staging
from tests.conftest import World, walked
from tests.steps import scenes
from tests.steps.answering.test_delivery import FROZEN

SOCIAL = "sam@social.example"  # stands on Sam's account as well


@staging.scene()
def own(world: World) -> SubjectRequest:
    """Sam's package, with an account on which a second address stands."""
    return walked(world, Right.ACCESS)


def given(own: SubjectRequest, world: World) -> grants.Given:
    """Sam typed the code, and a worker came by; nothing was sent since."""
    verification.ask_download(own, at=world.at)
    code = world.code()
    outcome, given = grants.give(own, code, at=world.at)
    assert outcome is verification.Confirmation.CONFIRMED
    assert given is not None
    grants.rewrap_next(at=world.at)
    given.grant.refresh_from_db()
    return given


def link() -> str:
    """The path in the newest letter that stops a download."""
    found = re.search(r"https?://[^/]+(/joypix/downloads/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_the_other_address_is_told_before_it_opens(own: SubjectRequest, world: World) -> None:
    made = given(own, world)
    assert grants.stage(made.grant, at=world.at) is Stage.TELLS
    with pytest.raises(Conflict):
        grants.use(made.grant, made.secret, at=world.at)
    world.letters()
    assert mail.outbox[-1].to == [SOCIAL]
    assert grants.stage(made.grant, at=world.at) is Stage.READY
    assert b"".join(grants.use(made.grant, made.secret, at=world.at)).startswith(b"PK")


def test_a_mail_server_that_takes_nothing_holds_it_back_for_a_while_and_not_for_ever(
    own: SubjectRequest, world: World
) -> None:
    made = given(own, world)
    world.later(seconds=channels.WAIT.total_seconds() - 1)
    assert grants.stage(made.grant, at=world.at) is Stage.TELLS
    world.later(seconds=1)
    assert grants.stage(made.grant, at=world.at) is Stage.READY


def test_an_address_that_no_server_takes_holds_back_nothing(own: SubjectRequest, world: World) -> None:
    made = given(own, world)
    letter = Notice.objects.get(letter=Letter.OPENING)
    notices.undelivered(letter, NoticeState.FAILED, "No such user.", at=world.at)
    assert grants.stage(made.grant, at=world.at) is Stage.READY


def test_the_grant_and_its_letter_are_written_together_or_not_at_all(
    own: SubjectRequest, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no(*_: object, **__: object) -> None:
        message = "the house is on fire"
        raise OSError(message)

    verification.ask_download(own, at=world.at)
    code = world.code()
    monkeypatch.setattr(channels, "tell", no)
    with pytest.raises(OSError, match="on fire"):
        grants.give(own, code, at=world.at)
    assert not Grant.objects.exists()


def test_the_link_shows_a_page_that_changes_nothing_and_then_stops_everything(
    own: SubjectRequest, world: World
) -> None:
    made = given(own, world)
    world.letters()
    browser, path = Client(), link()
    with time_machine.travel(world.at, tick=False):
        assert b"It is not me: stop it" in browser.get(path).content
        assert not LegalHold.objects.exists()
        assert browser.post(path).status_code == 302
        assert b"The download is stopped" in browser.get(path).content
    with pytest.raises(Conflict):
        grants.use(made.grant, made.secret, at=world.at)
    hold = LegalHold.objects.get()
    assert (hold.kind, hold.subject_request) == (LegalHold.FREEZE, own)
    assert Event.objects.filter(subject_request=own, tag=channels.STOPPED).count() == 1
    with pytest.raises(Conflict):
        grants.give(own, "ABCDEFGH", at=world.at)


def test_stopping_twice_freezes_once_and_calls_the_team_once(own: SubjectRequest, world: World, dana: Actor) -> None:
    Staff.objects.filter(pk=dana.id).update(email="dana@joypix.example")
    made = given(own, world)
    for _ in range(2):
        channels.stop(made.grant, grants.end, at=world.at)
    assert LegalHold.objects.count() == 1
    assert Notice.objects.filter(letter=Letter.REPORT).count() == 1


def test_another_token_names_no_download(own: SubjectRequest, world: World) -> None:
    made = given(own, world)
    world.letters()
    path = link()
    for wrong in (path[:-2] + "x/", path.replace(str(made.grant.pk), "0" * 8 + str(made.grant.pk)[8:])):
        assert Client().get(wrong).status_code == 404
        assert Client().post(wrong).status_code == 404
    assert Client().get(path.replace("joypix", "pixplus")).status_code == 404
    assert not LegalHold.objects.exists()


def test_where_no_other_address_is_on_file_nobody_is_told_and_nothing_waits(world: World) -> None:
    own = scenes.packaged(world)
    made = given(own, world)
    assert made.grant.tells_until is None
    assert grants.stage(made.grant, at=world.at) is Stage.READY
    assert not Notice.objects.filter(letter=Letter.OPENING).exists()


def test_no_letter_names_data_and_the_row_is_sealed(own: SubjectRequest, world: World) -> None:
    given(own, world)
    world.letters()
    assert SOCIAL not in own.packages.get().others_sealed
    assert "jp000001" not in str(mail.outbox[-1].body)
    assert Notice.objects.get(letter=Letter.OPENING).context_sealed == ""


def test_of_very_many_addresses_few_are_told(world: World) -> None:
    own = scenes.packaged(world)
    about = maps.controller("joypix").systems["app-database"]
    rows = tuple((f"person-{number}@example.com",) for number in range(3_000))
    found = noted.Noted()
    through = found.through(about, lambda: iter([Batch("users", ("email",), rows)]))
    assert [len(one.rows) for one in through if isinstance(one, Batch)] == [3_000]
    package = own.packages.get()
    package.others_sealed = found.sealed(package)
    assert len(channels.others(package)) == noted.MOST


def test_a_freeze_that_stands_already_is_not_set_twice(own: SubjectRequest, world: World, dana: Actor) -> None:
    made = given(own, world)
    holds.set_hold(own, FROZEN, by=dana, at=world.at)
    channels.stop(made.grant, grants.end, at=world.at)
    assert LegalHold.objects.count() == 1


def test_a_link_stops_once_and_what_staff_release_stays_released(
    own: SubjectRequest, world: World, dana: Actor
) -> None:
    made = given(own, world)
    channels.stop(made.grant, grants.end, at=world.at)
    world.later(seconds=60)
    holds.release(LegalHold.objects.get(), by=dana, at=world.at)
    channels.stop(made.grant, grants.end, at=world.at)
    assert not LegalHold.objects.filter(released_at=None).exists()
    channels.stop(given(own, world).grant, grants.end, at=world.at)
    assert LegalHold.objects.filter(released_at=None).count() == 1


def test_a_link_to_what_is_destroyed_freezes_nothing(own: SubjectRequest, world: World) -> None:
    made = given(own, world)
    own.packages.update(wrapped_key="")
    channels.stop(made.grant, grants.end, at=world.at)
    assert not LegalHold.objects.exists()


def test_where_a_freeze_stands_the_team_hears_of_the_stop_all_the_same(
    own: SubjectRequest, world: World, dana: Actor
) -> None:
    Staff.objects.filter(pk=dana.id).update(email="dana@joypix.example")
    made = given(own, world)
    world.letters()
    path = link()
    holds.set_hold(own, FROZEN, by=dana, at=world.at)
    with time_machine.travel(world.at, tick=False):
        assert b"We told our team" not in Client().get(path).content
    channels.stop(made.grant, grants.end, at=world.at)
    assert Event.objects.filter(subject_request=own, tag=channels.STOPPED).count() == 1
    assert Notice.objects.filter(letter=Letter.REPORT).count() == 1

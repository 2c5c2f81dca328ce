"""What was approved can be refused until it has begun: its owner objected, and nobody has to make up a word."""

import re
import sqlite3
from contextlib import closing

import pytest

from dsr.desk import review_acts
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State, allowed
from dsr.law.work import ItemState, Kind, Letter, NoticeState
from dsr.models import SubjectRequest
from dsr.steps import ledger
from dsr.steps.asking import verification
from dsr.steps.deciding import review
from dsr.steps.move import Conflict
from tests.life.scene import SAM
from tests.steps import scenes
from tests.steps.on_paper import Acme


def refuse(own: SubjectRequest, acme: Acme) -> None:
    review.refuse(own, ground=Ground.IDENTITY_NOT_PROVEN, words="Somebody else objected", by=acme.dana, at=acme.at)


def account(acme: Acme) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(acme.database)) as live:
        return live.execute("SELECT email, disabled FROM people WHERE id = '1'").fetchall()


def test_what_its_owner_objected_to_is_refused_after_the_approval_and_the_account_opened_again(acme: Acme) -> None:
    own = acme.stopped()
    report = acme.report(SAM)
    code = re.findall(r"^ +([2-9A-Z]{4}) ([2-9A-Z]{4})$", acme.sent_to(SAM)[-1], re.MULTILINE)[-1]
    verification.confirm(report, "".join(code), at=acme.at)
    refuse(own, acme)
    assert (own.state, own.ground) == (State.REFUSED, Ground.IDENTITY_NOT_PROVEN)
    assert account(acme) == [(SAM, 1)]
    assert own.items.filter(kind=Kind.RESUME).exists()
    acme.later(days=40)
    acme.work()
    assert account(acme) == [(SAM, 0)]


def test_the_letter_that_announced_what_is_refused_is_posted_no_more(acme: Acme) -> None:
    own = acme.approved()
    refuse(own, acme)
    assert own.notices.get(letter=Letter.APPROVED).state == NoticeState.FAILED
    assert not own.items.filter(kind=Kind.RESUME).exists()


def test_what_has_begun_is_refused_no_more(acme: Acme) -> None:
    own = acme.stopped()
    assert review_acts.refusable(own)  # the desk offers it until then
    with scenes.a_rival_before("SAVEPOINT", lambda: ledger.claim(at=acme.at)), pytest.raises(Conflict, match="begun"):
        refuse(own, acme)
    assert SubjectRequest.objects.get().state == State.APPROVED
    assert own.items.get(kind=Kind.ERASE).state == ItemState.RUNNING
    assert not review_acts.refusable(own)


def test_only_what_changes_something_is_refused_after_its_approval() -> None:
    able = {right for right in Right if allowed(right, State.APPROVED, State.REFUSED)}
    assert able == {Right.ERASURE, Right.RECTIFICATION}

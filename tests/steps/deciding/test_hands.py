"""Second hands where nobody proved a mailbox: who leaves a system out, and who ends an objection after years."""

import re
from datetime import date

import pytest

from dsr.datamap.schema import IdentityKind
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Channel, Kind
from dsr.models import Event, LegalHold, Notice, PlanItem, SubjectRequest
from dsr.steps.answering import keeping
from dsr.steps.asking import intake, verification, vouching
from dsr.steps.deciding import approval, blocking, holds, review
from dsr.steps.permissions import Forbidden
from dsr.steps.post import outbox
from tests.life.scene import POSTAL, SAM, SAMS_ACCOUNT
from tests.steps.on_paper import Acme

BY_ACCOUNT, BY_MAIL = (IdentityKind.ACCOUNT, SAMS_ACCOUNT), (IdentityKind.EMAIL, SAM)


def confirmed(acme: Acme, own: SubjectRequest) -> None:
    code = re.findall(r"^ +([2-9A-Z]{4}) ([2-9A-Z]{4})$", acme.sent_to(SAM)[-1], re.MULTILINE)[-1]
    verification.confirm(own, "".join(code), at=acme.at)
    own.refresh_from_db()


def accepted(acme: Acme, right: Right, *, mailbox: bool) -> SubjectRequest:
    """Dana entered and accepted it; without a mailbox Devi checked who asks."""
    scope = "everything" if right is Right.ERASURE else ""
    by_mail = intake.Intake("acme", right, (BY_MAIL,), channel=Channel.LETTER, scope=scope, region="eea")
    by_post = intake.Intake(
        "acme", right, (BY_ACCOUNT,), channel=Channel.LETTER, postal=POSTAL, scope=scope, region="eea"
    )
    own = intake.receive(by_mail if mailbox else by_post, by=acme.dana, at=acme.at)
    if mailbox:
        confirmed(acme, own)
    else:
        vouching.vouch(own, note="Called back", by=acme.devi, at=acme.at)
    review.accept(own, by=acme.dana, at=acme.at)
    return own


def failing(own: SubjectRequest) -> PlanItem:
    own.items.filter(kind=Kind.FIND).update(tries=1)
    return own.items.get(kind=Kind.FIND)


@pytest.mark.parametrize("right", [Right.ACCESS, Right.PORTABILITY])
def test_who_had_a_letter_in_hand_leaves_no_system_out_of_its_answer(acme: Acme, right: Right) -> None:
    item = failing(accepted(acme, right, mailbox=False))
    for first in (acme.dana, acme.devi):
        with pytest.raises(Forbidden, match="second person"):
            approval.exclude(item, reason="It does not answer", by=first, at=acme.at)
    approval.exclude(item, reason="It does not answer", by=acme.olga, at=acme.at)
    assert Event.objects.get(tag="item:excluded").actor == str(acme.olga)
    acme.work()
    assert not Notice.objects.filter(to=outbox.ON_FILE).exists()  # which is why it is for somebody else


def test_who_entered_and_accepted_it_for_somebody_with_a_mailbox_may_leave_a_system_out(acme: Acme) -> None:
    item = failing(accepted(acme, Right.ACCESS, mailbox=True))
    approval.exclude(item, reason="It does not answer", by=acme.dana, at=acme.at)
    assert Event.objects.get(tag="item:excluded").actor == str(acme.dana)


def reduced(acme: Acme, *, mailbox: bool) -> SubjectRequest:
    """An erasure of years ago: what proved who asked is forgotten, and some rows still wait for their date."""
    own = accepted(acme, Right.ERASURE, mailbox=mailbox)
    own.items.update(state="done")
    SubjectRequest.objects.filter(pk=own.pk).update(state=State.DELIVERED, closed_at=acme.at)
    PlanItem.objects.create(
        subject_request=own,
        kind=Kind.ERASE,
        system="database",
        until=date(2036, 1, 1),
        not_before=acme.at,
        created_at=acme.at,
    )
    assert keeping.reduce_next(at=acme.later(days=800))
    own.refresh_from_db()
    assert own.mailbox() is None
    return own


def frozen(acme: Acme, own: SubjectRequest) -> LegalHold:
    order = holds.Order("Its owner called", date(2030, 1, 1), LegalHold.FREEZE)
    return holds.set_hold(own, order, by=acme.olga, at=acme.at)[0]


def test_after_its_time_who_proved_a_mailbox_still_stands_for_the_request(acme: Acme) -> None:
    own = reduced(acme, mailbox=True)
    holds.release(frozen(acme, own), by=acme.dana, at=acme.at)
    assert not blocking.standing(own)


def test_after_its_time_who_had_a_letter_in_hand_still_waves_no_objection_aside(acme: Acme) -> None:
    own = reduced(acme, mailbox=False)
    hold = frozen(acme, own)
    for first in (acme.dana, acme.devi):
        with pytest.raises(Forbidden, match=own.reference):
            holds.release(hold, by=first, at=acme.at)
    holds.release(hold, by=acme.olga, at=acme.at)
    assert not blocking.standing(own)

"""What had to be kept until a day: on it the rules are asked again, what may go goes, and the person is told."""

from collections.abc import Callable

import pytest
import time_machine
from django.test import Client

from dsr.datamap.schema import Period
from dsr.law.work import ItemState, Letter, NoticeState, Outcome
from dsr.models import Event, Notice, SubjectRequest
from dsr.steps import maps
from dsr.steps.answering import keeping
from dsr.steps.fulfilling import afterwards
from dsr.steps.post import notices, resending, wording
from tests.steps import scenes
from tests.steps.answering.test_on_file_of_guardians import page
from tests.steps.fulfilling.shop import Shop

ORDERS, LINES, ACCOUNTS = "SELECT id FROM orders", "SELECT id FROM lines", "SELECT id FROM customers"


@pytest.fixture
def erased(shop: Shop) -> SubjectRequest:
    """Sam's erasure is carried out; two orders, their lines and the account's number wait for their days."""
    return shop.erasure()


@pytest.fixture
def longer(erased: SubjectRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The law was changed meanwhile: ten years."""
    rule = maps.controller("acme").controller.retention["books"]
    monkeypatch.setitem(rule.__dict__, "period", Period(years=10))


def letter(shop: Shop) -> str:
    """The letter of that day, with its subject."""
    before = len(scenes.outbox())
    while notices.send_next(at=shop.at):
        pass
    message = scenes.outbox()[before:][-1]
    return f"{message.subject}\n{' '.join(message.body.split())}"


def test_the_person_is_told_when_what_was_kept_is_erased(shop: Shop, erased: SubjectRequest) -> None:
    shop.on_its_day(shop.waiting()[0])
    assert shop.read(ORDERS) == [(11,), (20,)]
    text = letter(shop)
    assert "What we had to keep is erased now" in text
    assert "until Sunday 1 February 2032. That is erased now" in text
    assert not [word for word in ("Order", "Lamp", "customer") if word in text]
    assert Event.objects.filter(tag="kept:told", details__until="2032-02-01").count() == 1


def test_everything_goes_in_the_end_children_first(shop: Shop, erased: SubjectRequest) -> None:
    for item in shop.waiting():
        shop.on_its_day(item)
    assert (shop.read(ORDERS), shop.read(LINES), shop.read(ACCOUNTS)) == ([(20,)], [(200,)], [(2,)])
    assert [item.note for item in shop.waiting()] == []


def test_a_rule_that_was_lengthened_keeps_the_rows_and_the_person_is_told_until_when(
    shop: Shop, erased: SubjectRequest, longer: None
) -> None:
    item = shop.on_its_day(shop.waiting()[0])
    assert (shop.read(ORDERS), shop.read(LINES)) == ([(10,), (11,), (20,)], [(100,), (110,), (200,)])
    assert (item.state, item.outcome) == (ItemState.DONE, Outcome.KEPT)
    again = erased.items.get(source=item.part)
    assert again.until is not None
    assert again.until.isoformat() == "2034-02-01"
    text = letter(shop)
    assert "We have to keep something longer" in text
    assert f"Until {wording.day(again.until)}" in text
    assert "Tax law wants it kept." in text


def test_the_pages_name_the_new_day_of_what_stays_longer_and_forget_the_old_one(
    shop: Shop, erased: SubjectRequest, longer: None, sign_in: Callable[[str], Client]
) -> None:
    before = page(erased, Client())
    shop.on_its_day(shop.waiting()[0])
    with time_machine.travel(shop.at, tick=False):
        after = page(erased, Client())
        desk = sign_in("dana").get(f"/desk/requests/{erased.reference}/").content.decode()
    assert "1 February 2032" in before
    assert "1 February 2032" not in after
    assert after.count("1 February 2034") == 2  # the order, and its line
    assert after.count("Tax law wants it kept.") == before.count("Tax law wants it kept.")
    assert "kept until 1 Feb 2032, then erased" not in desk
    assert "kept until 1 Feb 2034, then erased" in desk


def test_the_page_says_nothing_of_what_is_gone_on_its_day(shop: Shop, erased: SubjectRequest) -> None:
    for item in shop.waiting():
        shop.on_its_day(item)
    with time_machine.travel(shop.at, tick=False):
        assert "What we keep, why and until when" not in page(erased, Client())


def test_what_stays_longer_goes_on_its_new_day_with_the_account_that_it_needed(
    shop: Shop, erased: SubjectRequest, longer: None
) -> None:
    for _ in range(2):
        for item in shop.waiting():
            shop.on_its_day(item)
    assert [item.note for item in shop.waiting()] == []
    assert (shop.read(ORDERS), shop.read(LINES), shop.read(ACCOUNTS)) == ([(20,)], [(200,)], [(2,)])


def test_a_date_that_moved_keeps_its_row_with_all_that_belongs_to_it(shop: Shop, erased: SubjectRequest) -> None:
    shop.write("UPDATE orders SET paid_at = '2027-05-05' WHERE id = 10")
    first, last = shop.waiting()
    shop.on_its_day(first)
    assert shop.read(LINES) == [(100,), (110,), (200,)]
    shop.on_its_day(last)  # the account's number was to go with the other order; the first one needs it still
    assert (shop.read(ORDERS), shop.read(LINES), shop.read(ACCOUNTS)) == (
        [(10,), (20,)],
        [(100,), (200,)],
        [(1,), (2,)],
    )
    assert {item.until.isoformat() for item in shop.waiting() if item.until} == {"2035-05-05"}
    assert "A part of it is erased now" in letter(shop)


def test_a_row_whose_date_is_gone_waits_for_a_person(shop: Shop, erased: SubjectRequest) -> None:
    shop.write("UPDATE orders SET paid_at = NULL WHERE id = 10")
    item = shop.on_its_day(shop.waiting()[0])
    assert item.state == ItemState.QUARANTINED
    assert "no day can be named: 1 of orders" in item.note
    assert shop.read(ORDERS) == [(10,), (11,), (20,)]
    assert not Notice.objects.filter(letter=Letter.KEPT_OVER).exists()


def test_a_row_whose_date_stood_in_one_that_is_gone_goes_on_the_day_that_was_told(
    shop: Shop, erased: SubjectRequest
) -> None:
    shop.write("DELETE FROM orders WHERE id = 10")
    item = shop.on_its_day(shop.waiting()[0])
    assert item.outcome == Outcome.ERASED
    assert shop.read(LINES) == [(110,), (200,)]


def test_once_the_address_is_forgotten_the_record_alone_says_it(shop: Shop, erased: SubjectRequest) -> None:
    SubjectRequest.objects.filter(pk=erased.pk).update(state="delivered", closed_at=shop.at)
    shop.at = shop.waiting()[0].not_before
    assert keeping.reduce_next(at=shop.at)
    shop.work()
    assert shop.read(ORDERS) == [(11,), (20,)]
    assert not Notice.objects.filter(letter=Letter.KEPT_OVER).exists()
    assert Event.objects.filter(tag="kept:untold").count() == 1


def test_the_letter_speaks_chinese_goes_on_paper_and_can_be_sent_again(shop: Shop, erased: SubjectRequest) -> None:
    SubjectRequest.objects.filter(pk=erased.pk).update(language="zh-hans", channel="letter")
    erased.identities.update(value_sealed="")
    erased.refresh_from_db()
    shop.on_its_day(shop.waiting()[0])
    notice = Notice.objects.get(letter=Letter.KEPT_OVER)
    assert notice.state == NoticeState.TO_POST
    written = notices.on_paper(notice)
    assert "现已删除" in written.subject
    assert "erased" not in written.text
    assert resending.FACTS[Letter.KEPT_OVER](erased, shop.at) == afterwards.told(erased)

"""A system calls back: it is asked sooner, and believed no more than before."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connections
from django.test import Client
from django.test.testcases import LiveServerThread
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import Event, PlanItem
from dsr.steps import ledger, work
from dsr.steps.fulfilling import calling
from tests.connectors.scripted import serving
from tests.steps.fulfilling import calls
from tests.steps.fulfilling.shop import Shop


@pytest.fixture
def slow() -> calls.Slow:
    return calls.Slow()


@pytest.fixture
def calling_shop(request: pytest.FixtureRequest, slow: calls.Slow, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """The shop is that service."""
    monkeypatch.setattr("tests.steps.fulfilling.shop.SYSTEM", calls.SYSTEM)
    monkeypatch.setenv("ACME_TOKEN", "t")
    with serving(slow.answer) as service:
        monkeypatch.setenv("ACME_SERVICE_URL", service.url)
        shop: Shop = request.getfixturevalue("shop")
        shop.at = timezone.now()  # what comes in over a line comes now
        yield shop


@pytest.fixture
def on_line(db: None, settings: Settings) -> Iterator[None]:
    """The portal serves at its own address."""
    connection = connections["default"]
    connection.inc_thread_sharing()
    portal = LiveServerThread("127.0.0.1", StaticFilesHandler, connections_override={"default": connection})
    portal.daemon = True
    portal.start()
    portal.is_ready.wait()
    settings.DSR_BASE_URL = f"http://127.0.0.1:{portal.port}"
    yield
    portal.terminate()
    connection.dec_thread_sharing()


def erasing(shop: Shop) -> PlanItem:
    """Sam's erasure: the service works on it, and is to be asked in an hour."""
    shop.erasure()
    item = PlanItem.objects.get(kind=Kind.ERASE)
    assert (item.state, item.not_before) == (ItemState.WAITING, shop.at + timedelta(hours=1))
    return item


def path_of(item: PlanItem) -> str:
    return urlsplit(calling.address(item)).path


def call(item: PlanItem, shop: Shop, **later: float) -> None:
    shop.at += timedelta(**later)
    calling.called(item.pk, path_of(item).split("/")[-2], at=shop.at)
    item.refresh_from_db()


def wakes() -> int:
    return Event.objects.filter(tag="item:called-back").count()


@pytest.mark.usefixtures("on_line")
def test_a_system_that_calls_when_it_is_done_is_asked_at_once(calling_shop: Shop, slow: calls.Slow) -> None:
    item = erasing(calling_shop)
    assert not work.do_next(at=calling_shop.at)
    slow.finish()
    slow.call()
    calling_shop.at = timezone.now()
    calling_shop.work()
    item.refresh_from_db()
    assert (item.state, item.outcome, slow.polls, wakes()) == (ItemState.DONE, Outcome.ERASED, 1, 1)
    ((status, headers),) = slow.told
    assert (status, "Set-Cookie" in headers) == (204, False)


@pytest.mark.usefixtures("on_line")
def test_a_call_that_is_faster_than_the_answer_that_names_the_job_is_not_lost(
    calling_shop: Shop, slow: calls.Slow
) -> None:
    slow.hasty = True
    calling_shop.erasure()
    item = PlanItem.objects.get(kind=Kind.ERASE)
    assert (item.state, slow.polls) == (ItemState.WAITING, 0)
    calling_shop.at = timezone.now()
    calling_shop.work()
    item.refresh_from_db()
    assert (item.state, item.outcome, slow.polls) == (ItemState.DONE, Outcome.ERASED, 1)


@pytest.mark.parametrize(("state", "ends"), [("RUNNING", ItemState.WAITING), ("FINISHED", ItemState.QUARANTINED)])
def test_a_strangers_word_never_says_erased(calling_shop: Shop, slow: calls.Slow, state: str, ends: ItemState) -> None:
    item = erasing(calling_shop)
    slow.state = state  # and Sam is still there
    call(item, calling_shop)
    calling_shop.work()
    item.refresh_from_db()
    assert (item.state, slow.polls) == (ends, 1)


def test_fifty_calls_have_the_system_asked_once(calling_shop: Shop, slow: calls.Slow) -> None:
    item = erasing(calling_shop)
    for _ in range(50):
        assert Client(enforce_csrf_checks=True).post(path_of(item), b"x", content_type="text/plain").status_code == 204
    calling_shop.at = timezone.now()
    calling_shop.work()
    assert (slow.polls, wakes()) == (1, 1)


def test_who_calls_after_each_look_waits_longer_each_time_and_is_not_forgotten(
    calling_shop: Shop, slow: calls.Slow
) -> None:
    item = erasing(calling_shop)
    first, pauses = calling_shop.at, []
    for _ in range(7):
        call(item, calling_shop)
        pauses.append((item.not_before - calling_shop.at).total_seconds())
        call(item, calling_shop)
        calling_shop.at = item.not_before
        calling_shop.work()
        item.refresh_from_db()
    assert (slow.polls, wakes()) == (7, 7)
    assert pauses[:2] == [0, 10]
    assert calling_shop.at - first >= timedelta(seconds=60)
    assert item.not_before == calling_shop.at + timedelta(hours=1)


def test_a_call_while_the_system_is_asked_counts_for_afterwards(calling_shop: Shop) -> None:
    item = erasing(calling_shop)
    claimed = ledger.claim(at=item.not_before)
    assert claimed is not None
    calling_shop.at = item.not_before
    for _ in range(3):
        call(item, calling_shop, seconds=1)
    ledger.wait(claimed, seconds=3600, handle="[]", at=calling_shop.at)
    assert (claimed.not_before, wakes()) == (calling_shop.at - timedelta(seconds=2), 1)


def test_a_call_has_no_system_asked_before_the_moment_that_it_named_itself(
    calling_shop: Shop, slow: calls.Slow
) -> None:
    item = erasing(calling_shop)
    slow.busy = 1800
    calling_shop.at = item.not_before
    calling_shop.work()
    call(item, calling_shop, minutes=1)
    assert (item.tries, slow.polls) == (1, 1)
    assert item.not_before == calling_shop.at + timedelta(minutes=29)


def test_a_call_while_the_system_is_asked_puts_off_who_comes_after_a_dead_worker_by_one_lease_at_most(
    calling_shop: Shop, settings: Settings
) -> None:
    item = erasing(calling_shop)
    settings.DSR_LEASE_SECONDS = 4
    call(item, calling_shop)
    assert ledger.claim(at=calling_shop.at) is not None
    call(item, calling_shop, seconds=1)
    assert (item.state, item.not_before) == (ItemState.RUNNING, calling_shop.at + timedelta(seconds=4))


def test_everybody_gets_the_same_answer_and_a_wrong_token_touches_nothing(
    calling_shop: Shop, slow: calls.Slow, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    item = erasing(calling_shop)
    right, client = path_of(item), Client(enforce_csrf_checks=True)
    other = right.replace(str(item.pk), str(uuid.uuid4()))
    with django_assert_num_queries(0):
        answers = [client.post(path) for path in (f"{right[:-9]}00000000/", other, f"{right[:-3]}é/")]
        assert [client.get(path).status_code for path in (right, other)] == [405, 405]
        assert [client.post(path, b"x" * 70_000, content_type="a/b").status_code for path in (right, other)] == [
            413
        ] * 2
        assert client.post(right, CONTENT_LENGTH="000000000070000").status_code == 413
    item.refresh_from_db()
    assert (item.not_before, slow.polls, wakes()) == (calling_shop.at + timedelta(hours=1), 0, 0)
    answers.append(client.post(right))
    assert len({(one.status_code, one.content, str(sorted(one.headers.items()))) for one in answers}) == 1
    assert not client.cookies
    assert wakes() == 1


def test_what_is_over_is_not_woken_by_its_token(calling_shop: Shop, slow: calls.Slow) -> None:
    item = erasing(calling_shop)
    slow.finish()
    call(item, calling_shop)
    calling_shop.work()
    item.refresh_from_db()
    before = PlanItem.objects.values().get(pk=item.pk)
    call(item, calling_shop, minutes=5)
    assert before["state"] == ItemState.DONE
    assert PlanItem.objects.values().get(pk=item.pk) == before
    assert (slow.polls, wakes()) == (1, 1)


def test_a_repeated_effect_names_the_same_address(calling_shop: Shop, slow: calls.Slow) -> None:
    item = erasing(calling_shop)
    first = slow.notify
    PlanItem.objects.filter(pk=item.pk).update(state=ItemState.READY, handle_sealed="", not_before=calling_shop.at)
    slow.notify = ""
    calling_shop.work()
    assert slow.notify == first == calling.address(item)


def test_no_token_of_a_callback_reaches_the_log(calling_shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    item = erasing(calling_shop)
    Client().get(path_of(item))
    assert f"/callbacks/{item.pk}/…/" in caplog.text
    assert path_of(item).split("/")[-2] not in caplog.text


def overdue(shop: Shop) -> PlanItem:
    """Nobody called in all the days that the service has."""
    item = erasing(shop)
    shop.at += timedelta(days=31)
    shop.work()
    item.refresh_from_db()
    assert (item.state, item.note) == (ItemState.QUARANTINED, ledger.STILL_WORKING)
    return item


def test_a_call_that_comes_when_the_answer_is_overdue_still_ends_it(calling_shop: Shop, slow: calls.Slow) -> None:
    item = overdue(calling_shop)
    slow.finish()
    call(item, calling_shop, days=2)
    calling_shop.work()
    item.refresh_from_db()
    assert (item.state, item.outcome) == (ItemState.DONE, Outcome.ERASED)


def test_a_call_gives_nobody_more_days(calling_shop: Shop, slow: calls.Slow) -> None:
    item, polls = overdue(calling_shop), slow.polls
    call(item, calling_shop, days=2)
    calling_shop.work()
    item.refresh_from_db()
    assert (item.state, item.note, slow.polls) == (ItemState.QUARANTINED, ledger.STILL_WORKING, polls + 1)

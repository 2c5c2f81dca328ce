"""Between the manifest and the first effect days pass: what the rules keep by then is not erased."""

from datetime import date, timedelta

import pytest

from dsr.law.actors import Actor
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import PlanItem, SubjectRequest
from dsr.portal import journey
from dsr.steps import maps, work
from dsr.steps.answering import packaging
from dsr.steps.fulfilling import reading_back
from tests.conftest import SAM, World
from tests.steps import scenes
from tests.steps.fulfilling.shop import Shop

NEW_ORDER = (
    "INSERT INTO orders (id, user_id, product, amount_cents, currency, status, invoice_name, created_at) "
    "VALUES (990001, (SELECT id FROM users WHERE email = ?), 'Pro', 999, 'USD', 'created', 'Sam', "
    "'2026-11-01T10:00:00Z')"
)
PAID = "UPDATE orders SET status = 'paid', completed_at = '2026-11-04T10:00:00Z' WHERE id = 990001"


def who_has_paid_nothing(world: World) -> str:
    """An address."""
    with scenes.live(world) as database:
        paid = "SELECT user_id FROM orders WHERE status = 'paid'"
        found = database.execute(f"SELECT email FROM users WHERE email <> '' AND id NOT IN ({paid})").fetchone()
    return str(found[0])


def erased(world: World, dana: Actor, eli: Actor, email: str) -> SubjectRequest:
    """An order is open when it is listed, and paid in the days of grace."""
    with scenes.live(world) as database:
        database.execute(NEW_ORDER, (email,))
    subject_request = scenes.approved(world, dana, eli, email=email)
    world.later(days=1)
    with scenes.live(world) as database:
        database.execute(PAID)
    world.later(days=3)
    world.work(State.PACKAGED, subject_request)
    return subject_request


@pytest.fixture
def order_of_sam(world: World, dana: Actor, eli: Actor) -> SubjectRequest:
    return erased(world, dana, eli, SAM)


def test_what_the_law_keeps_since_it_was_listed_is_kept_until_its_day(
    world: World, order_of_sam: SubjectRequest
) -> None:
    with scenes.live(world) as database:
        assert database.execute("SELECT status FROM orders WHERE id = 990001").fetchone() == ("paid",)
    days = order_of_sam.items.filter(kind=Kind.ERASE, system="app-database").exclude(until=None)
    assert "2029-11-04" in {str(item.until) for item in days}


def test_the_answer_names_the_rule_that_keeps_it(world: World, order_of_sam: SubjectRequest) -> None:
    systems = packaging.answer_to(order_of_sam, at=world.at).systems
    orders = next(
        each
        for system in systems
        if system.system == "app-database"
        for each in system.collections
        if each.collection == "orders"
    )
    late = next(rows for rows in orders.kept if str(rows.until) == "2029-11-04")
    others = [rows for rows in orders.kept if rows is not late]
    assert others
    assert {(rows.ground, rows.citation) for rows in others} == {(late.ground, late.citation)}


def test_the_page_of_the_request_names_the_rule_as_well(world: World, order_of_sam: SubjectRequest) -> None:
    about = maps.controller("joypix")
    rule = about.controller.retention["paid-orders"]
    said = {(row.until, row.ground, row.citation) for row in journey.kept(order_of_sam, about)}
    assert (date(2029, 11, 4), rule.ground, rule.citation) in said


def test_an_account_to_which_such_a_row_points_stays_as_long(world: World, dana: Actor, eli: Actor) -> None:
    email = who_has_paid_nothing(world)
    erased(world, dana, eli, email)
    with scenes.live(world) as database:
        owner = "SELECT count(*) FROM users WHERE id = (SELECT user_id FROM orders WHERE id = 990001)"
        assert database.execute(owner).fetchone() == (1,)


def test_an_account_to_which_such_a_row_points_stays_as_a_number_alone(world: World, dana: Actor, eli: Actor) -> None:
    email = who_has_paid_nothing(world)
    subject_request = erased(world, dana, eli, email)
    with scenes.live(world) as database:
        account = database.execute("SELECT * FROM users WHERE id = (SELECT user_id FROM orders WHERE id = 990001)")
        assert [cell for cell in account.fetchone()[1:] if cell is not None] == []
    day = next(item for item in subject_request.items.all() if str(item.until) == "2029-11-04")
    world.at = day.not_before
    scenes.work_on(world, subject_request, Kind.ERASE)
    day.refresh_from_db()
    assert (day.state, day.outcome) == (ItemState.DONE, Outcome.ERASED), day.note
    with scenes.live(world) as database:
        assert database.execute("SELECT count(*) FROM orders WHERE id = 990001").fetchone() == (0,)


def test_an_account_that_is_not_emptied_after_all_is_not_said_to_be_a_number(
    world: World, dana: Actor, eli: Actor
) -> None:
    email = who_has_paid_nothing(world)
    with scenes.live(world) as database:
        quiet = "CREATE TRIGGER quiet BEFORE UPDATE OF nickname ON users BEGIN SELECT RAISE(IGNORE); END"
        database.execute(quiet)
        database.execute(NEW_ORDER, (email,))
    subject_request = scenes.approved(world, dana, eli, email=email)
    world.later(days=4)
    with scenes.live(world) as database:
        database.execute(PAID)
    scenes.work_on(world, subject_request, Kind.ERASE)
    item = scenes.item_of(subject_request, Kind.ERASE, "app-database")
    assert item.state == ItemState.QUARANTINED


def test_a_second_attempt_goes_on_where_an_account_is_a_number_already(world: World, dana: Actor, eli: Actor) -> None:
    email = who_has_paid_nothing(world)
    with scenes.live(world) as database:
        database.execute(NEW_ORDER, (email,))
    subject_request = scenes.approved(world, dana, eli, email=email)
    world.later(days=4)
    with scenes.live(world) as database:
        database.execute(PAID)
    with scenes.dying(reading_back, "survivors"):
        scenes.work_on(world, subject_request, Kind.ERASE)
    PlanItem.objects.filter(state=ItemState.RUNNING).update(lease_until=scenes.LONG_AGO)
    scenes.work_on(world, subject_request, Kind.ERASE)
    item = scenes.item_of(subject_request, Kind.ERASE, "app-database")
    assert (item.state, item.outcome) == (ItemState.DONE, Outcome.KEPT), item.note


def test_of_two_lists_that_end_on_the_same_day_what_is_pointed_at_goes_last(shop: Shop) -> None:
    shop.erasure()
    shop.write("UPDATE orders SET paid_at = '2026-05-01' WHERE id = 10")  # it stays longer, and later its account does
    work.advance(SubjectRequest.objects.get(), at=shop.at)
    for _ in range(2):
        shop.on_its_day(shop.waiting()[0])
    orders, account = sorted(shop.waiting(), key=lambda item: item.created_at)
    assert orders.until == account.until == date(2034, 5, 1)
    others = PlanItem.objects.filter(pk=orders.pk)
    others.update(state=ItemState.RUNNING, lease_until=shop.at.replace(year=2099))  # another worker is slow
    assert shop.on_its_day(account).state == ItemState.READY
    others.update(state=ItemState.READY, lease_until=None)
    shop.work()
    shop.at += timedelta(minutes=1)
    assert shop.on_its_day(account).outcome == Outcome.ERASED
    assert shop.read("SELECT id FROM customers") == [(2,)]

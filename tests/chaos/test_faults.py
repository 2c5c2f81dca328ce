"""Every way in which a system fails while it erases: nothing is called erased that is still there."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from accounts import staff
from accounts.models import Role, Staff
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor, ActorKind
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.management import demo
from dsr.models import PlanItem, SubjectRequest
from dsr.package import report
from dsr.steps import ledger, work
from dsr.steps.asking import intake, verification
from dsr.steps.deciding import approval, review
from tests.chaos import people, targets
from tests.chaos.scene import HERE

# What stands in the way of the shop's erasure, and whether somebody has to look before it is tried again.
SHOP_FAULTS = {
    "refused": "CREATE TRIGGER fault BEFORE DELETE ON orders BEGIN SELECT RAISE(ABORT, 'no'); END",
    "ignored": "CREATE TRIGGER fault BEFORE DELETE ON orders BEGIN SELECT RAISE(IGNORE); END",
    "ignored at last": "CREATE TRIGGER fault BEFORE DELETE ON customers BEGIN SELECT RAISE(IGNORE); END",
    "not overwritten": "CREATE TRIGGER fault BEFORE UPDATE ON reviews BEGIN SELECT RAISE(IGNORE); END",
    "brought back": "CREATE TRIGGER fault AFTER DELETE ON orders BEGIN "
    "INSERT INTO orders VALUES (OLD.id, OLD.customer_id, OLD.item); END",
    "brought back under a new number": "CREATE TRIGGER fault AFTER DELETE ON orders BEGIN "
    "INSERT INTO orders VALUES (OLD.id + 1000, OLD.customer_id, OLD.item); END",
    "gone": "ALTER TABLE orders RENAME TO elsewhere",
}
MENDED = {"gone": "ALTER TABLE elsewhere RENAME TO orders"}
NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)


@dataclass
class Erasing:
    """One person's erasure, approved, with both systems at hand."""

    folder: Path
    courier: targets.Courier
    subject_request: SubjectRequest
    dana: Actor
    at: datetime

    def work(self, times: int = 6) -> None:
        """Do what is due, and what is due in the next minutes."""
        for _ in range(times):
            while work.do_next(at=self.at):
                pass
            self.at += timedelta(seconds=30)

    def item(self, system: str) -> PlanItem:
        """The item that erases."""
        return self.subject_request.items.get(kind=Kind.ERASE, system=system)

    def shop(self, statement: str) -> list[tuple[int]]:
        """Ask or change the shop behind the portal's back."""
        with closing(sqlite3.connect(self.folder / "shop.sqlite3")) as shop, shop:
            return shop.execute(statement).fetchall()

    def left_at_the_courier(self) -> int:
        """How many rows of the person are there."""
        return sum(row["customer_id"] == "0" for rows in self.courier.rows.values() for row in rows.values())

    def left_in_the_shop(self) -> int:
        """The same; words of a review count, its row stays."""
        asked = (
            "SELECT count(*) FROM customers WHERE id = 0 UNION ALL SELECT count(*) FROM orders WHERE customer_id = 0"
        )
        words = "UNION ALL SELECT count(*) FROM reviews WHERE id = 0 AND words <> 'erased'"
        return sum(number for (number,) in self.shop(f"{asked} {words}"))

    def try_again(self, system: str) -> None:
        """Somebody has looked."""
        if self.item(system).state == ItemState.QUARANTINED:
            ledger.retry(self.item(system), by=self.dana, at=self.at)
        self.at += timedelta(hours=2)  # the longest pause is over
        self.work()


@contextmanager
def serving(folder: Path) -> Iterator[targets.Courier]:
    courier = targets.Courier(folder / "effects.jsonl", "", 0, 2)
    thread = threading.Thread(target=courier.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield courier
    courier.shutdown()
    thread.join()
    courier.server_close()


@pytest.fixture
def erasing(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Erasing]:
    """A person's rows are found, and Eli has approved that they go."""
    people.seed(tmp_path / "shop.sqlite3", 2)
    monkeypatch.setattr(report, "render", str.encode)  # typesetting takes a second, and is other tests' matter
    monkeypatch.setattr(settings, "DSR_CONTROLLERS", HERE / "controllers")
    with serving(tmp_path) as courier:
        monkeypatch.setenv("REEF_SHOP_URL", f"sqlite:///{tmp_path / 'shop.sqlite3'}")
        monkeypatch.setenv("REEF_COURIER_URL", f"http://127.0.0.1:{courier.server_address[1]}")
        monkeypatch.setenv("REEF_COURIER_TOKEN", targets.TOKEN)
        staff.add("dana", "Dana", [("reef", Role.AGENT)])
        staff.add("eli", "Eli", [("reef", Role.APPROVER)])
        dana, eli = (Actor(ActorKind.STAFF, str(one.pk)) for one in Staff.objects.order_by("username"))
        asked = intake.Intake("reef", Right.ERASURE, ((IdentityKind.EMAIL, people.email(0)),))
        subject_request = intake.receive(asked, by=SUBJECT, at=NOW)
        verification.confirm(subject_request, demo.code_of(subject_request), at=NOW)
        review.accept(subject_request, by=dana, at=NOW)
        made = Erasing(tmp_path, courier, subject_request, dana, NOW)
        made.work()
        subject_request.refresh_from_db()
        approval.approve(subject_request, digest=subject_request.manifest.digest, by=eli, at=made.at)
        yield made


def told_truly(item: PlanItem, left: int) -> bool:
    """Erased and gone; or neither."""
    return (item.outcome == Outcome.ERASED) == (item.state == ItemState.DONE) and (
        item.state != ItemState.DONE or not left
    )


@pytest.mark.parametrize("fault", targets.FAULTS)
def test_a_service_that_fails_is_never_said_to_have_erased_what_is_there(erasing: Erasing, fault: str) -> None:
    erasing.courier.always = fault
    erasing.work(2 if fault != "slow" else 4)
    assert told_truly(erasing.item("courier"), erasing.left_at_the_courier())
    assert (erasing.item("courier").state == ItemState.DONE) == (fault == "slow")
    erasing.courier.always = ""
    erasing.try_again("courier")
    assert erasing.item("courier").outcome == Outcome.ERASED
    assert erasing.left_at_the_courier() == 0
    effects = [json.loads(line) for line in (erasing.folder / "effects.jsonl").read_text().splitlines()]
    assert sorted(one for effect in effects for one in effect["ids"]) == ["l0", "p0"]


@pytest.mark.parametrize("fault", SHOP_FAULTS)
def test_a_database_that_fails_is_never_said_to_have_erased_what_is_there(erasing: Erasing, fault: str) -> None:
    erasing.shop(SHOP_FAULTS[fault])
    erasing.work()
    assert erasing.item("shop").state != ItemState.DONE
    erasing.shop(MENDED.get(fault, "DROP TRIGGER IF EXISTS fault"))
    erasing.try_again("shop")
    erasing.subject_request.refresh_from_db()
    assert told_truly(erasing.item("shop"), erasing.left_in_the_shop())
    if "new number" not in fault:  # these rows nobody has approved
        assert erasing.subject_request.state == State.PACKAGED
        assert erasing.left_in_the_shop() == 0

"""One person's erasure, approved, in this process: the next thing to be done is that something fails."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from accounts import staff
from accounts.models import Role, Staff
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor, ActorKind
from dsr.law.rights import Right
from dsr.law.work import ItemState, Kind, Outcome
from dsr.management import demo
from dsr.models import PlanItem, SubjectRequest
from dsr.steps import ledger, work
from dsr.steps.asking import intake, verification
from dsr.steps.deciding import approval, review
from tests.chaos import people, targets

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
        """The item that erases; of two the one for what the system has kept until a day."""
        items = self.subject_request.items.filter(kind=Kind.ERASE, system=system)
        return max(items, key=lambda one: one.until or date.min)

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

    def try_again(self, *systems: str) -> None:
        """Somebody has looked."""
        for system in systems:
            if self.item(system).state == ItemState.QUARANTINED:
                ledger.retry(self.item(system), by=self.dana, at=self.at)
        self.at += timedelta(hours=2)  # the longest pause is over
        self.work()


@contextmanager
def serving(folder: Path) -> Iterator[targets.Courier]:
    """The courier, until the block ends."""
    courier = targets.Courier(folder / "effects.jsonl", "", 0, 2)
    thread = threading.Thread(target=courier.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield courier
    courier.shutdown()
    thread.join()
    courier.server_close()


def approved(folder: Path, courier: targets.Courier) -> Erasing:
    """A person's rows are found, and Eli has approved that they go."""
    staff.add("dana", "Dana", [("reef", Role.AGENT)])
    staff.add("eli", "Eli", [("reef", Role.APPROVER)])
    dana, eli = (Actor(ActorKind.STAFF, str(one.pk)) for one in Staff.objects.order_by("username"))
    asked = intake.Intake("reef", Right.ERASURE, ((IdentityKind.EMAIL, people.email(0)),))
    subject_request = intake.receive(asked, by=SUBJECT, at=NOW)
    verification.confirm(subject_request, demo.code_of(subject_request), at=NOW)
    review.accept(subject_request, by=dana, at=NOW)
    made = Erasing(folder, courier, subject_request, dana, NOW)
    made.work()
    subject_request.refresh_from_db()
    approval.approve(subject_request, digest=subject_request.manifest.digest, by=eli, at=made.at)
    return made


def told_truly(item: PlanItem, left: int) -> bool:
    """Erased and gone; or neither."""
    return (item.outcome == Outcome.ERASED) == (item.state == ItemState.DONE) and (
        item.state != ItemState.DONE or not left
    )

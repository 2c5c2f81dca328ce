"""Requests at the points of the walk where these tests begin, and what stands in the live systems."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection, transaction

from dsr.connectors.contract import Batch, Cell
from dsr.law.actors import PORTAL, Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind
from dsr.models import Correction, Package, PlanItem, Proposal, SubjectRequest, sealed
from dsr.sealing import files
from dsr.steps import work
from dsr.steps.answering import delivery
from dsr.steps.deciding import approval, review
from dsr.steps.fulfilling import correctable, parts
from dsr.steps.move import move
from tests.conftest import SAM, World

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
OVER = [ItemState.DONE, ItemState.QUARANTINED]


def accepted(world: World, dana: Actor, right: Right, controller: str = "joypix", email: str = SAM) -> SubjectRequest:
    """Sam has proven the mailbox, Dana accepted."""
    subject_request = world.file(right, controller, email)
    world.prove(subject_request)
    review.accept(subject_request, by=dana, at=world.at)
    return subject_request


def address_proposed(world: World, by: Actor, new: str) -> SubjectRequest:
    """A rectification with a new address of Sam's account, sent while the map still offered that."""
    subject_request = accepted(world, by, Right.RECTIFICATION)
    world.work(State.SEARCHED, subject_request)
    propose_address(subject_request, new, world.at)
    subject_request.refresh_from_db()
    return subject_request


def propose_address(subject_request: SubjectRequest, new: str, at: datetime) -> None:
    """A new address as it was kept then."""
    account = next(row for row in correctable.rows(subject_request) if row.collection == "users")
    row = Correction(subject_request=subject_request, system=account.system, collection=account.collection)
    row.field, row.place, row.proposed_at = "email", account.place, at
    row.seal("key", account.key)
    row.seal("before", correctable.as_json(SAM))
    row.seal("proposed", new)
    row.save(force_insert=True)
    Proposal.objects.filter(subject_request=subject_request).update(sent_at=at)


def searched(world: World, dana: Actor, controller: str = "joypix", email: str = SAM) -> SubjectRequest:
    """An erasure whose manifest is closed and waits for a second person."""
    subject_request = accepted(world, dana, Right.ERASURE, controller, email)
    world.work(State.SEARCHED, subject_request)
    return subject_request


def approved(world: World, dana: Actor, eli: Actor, controller: str = "joypix", email: str = SAM) -> SubjectRequest:
    """An erasure that Eli approved; its grace period begins."""
    subject_request = searched(world, dana, controller, email)
    approval.approve(subject_request, digest=subject_request.manifest.digest, by=eli, at=world.at)
    return subject_request


def work_on(world: World, subject_request: SubjectRequest, kind: Kind) -> None:
    """Do items of one kind until each is done, quarantined or not due; nothing of the package is built."""
    for _ in range(100):
        due = subject_request.items.filter(kind=kind, not_before__lte=world.at).exclude(state__in=OVER)
        if not due.exists() or not work.do_next(at=world.at):
            return
    message = f"{kind} never comes to rest"
    raise AssertionError(message)


def item_of(subject_request: SubjectRequest, kind: Kind, system: str = "") -> PlanItem:
    """One item of the plan, as it stands now."""
    return subject_request.items.get(kind=kind, system=system, until=None)


def found(subject_request: SubjectRequest) -> dict[str, list[dict[str, Cell]]]:
    """Every row in the Parts of a request, by 'system.collection'."""
    rows: dict[str, list[dict[str, Cell]]] = {}
    for item in subject_request.items.filter(kind=Kind.FIND).exclude(part=None):
        assert item.part is not None
        for batch in parts.found_in(item.part):
            if isinstance(batch, Batch):
                named = [dict(zip(batch.fields, row, strict=True)) for row in batch.rows]
                rows.setdefault(f"{item.system}.{batch.collection}", []).extend(named)
    return rows


@contextmanager
def live(world: World, name: str = "joypix/database.sqlite3") -> Iterator[sqlite3.Connection]:
    """A live system, past the portal."""
    with closing(sqlite3.connect(world.systems.folder / name)) as database, database:
        yield database


def state_of(database: Path) -> list[str]:
    """Everything that stands in an SQLite file."""
    with closing(sqlite3.connect(database)) as opened:
        return list(opened.iterdump())


def seconds_until(moment: datetime, world: World) -> float:
    """From now on the tests' clock."""
    return (moment - world.at).total_seconds()


@contextmanager
def a_rival_before(word: str, act: Callable[[], object]) -> Iterator[None]:
    """Another process writes just before our first statement that holds the word."""
    waiting = [act]

    def wrapper(execute: Callable[..., object], sql: str, *rest: object) -> object:
        if word in sql and waiting:
            waiting.pop()()
        return execute(sql, *rest)

    with connection.execute_wrapper(wrapper):
        yield
    assert not waiting


class Died(BaseException):
    """As a worker that is killed: nothing catches it."""


@contextmanager
def dying(module: object, name: str) -> Iterator[None]:
    """A worker dies just before it calls this function: what it had done outside stays done."""
    original = getattr(module, name)

    def die(*_: object, **__: object) -> None:
        raise Died

    setattr(module, name, die)
    try:
        yield
    except Died:
        return
    finally:
        setattr(module, name, original)
    message = "it never came so far"
    raise AssertionError(message)


def packaged(world: World, content: bytes = b"PK, and what was found of sam@example.com") -> SubjectRequest:
    """A proven request whose package has just been offered; the package holds this content."""
    subject_request = world.file(Right.ACCESS)
    world.prove(subject_request)
    SubjectRequest.objects.filter(pk=subject_request.pk).update(state=State.CARRIED_OUT)
    subject_request.refresh_from_db()
    package = Package(subject_request=subject_request, released_at=world.at)
    place, ring = sealed.file_place(package.pk), package.ring()

    def fill(out: BinaryIO) -> None:
        out.write(content)

    done = files.write(sealed.file_spot(package.pk), place, ring, fill)
    package.wrapped_key, package.sha256, package.size = done.wrapped_key, done.sha256, done.size
    with transaction.atomic():
        package.save(force_insert=True)
        columns: dict[str, object] = {"answered_at": world.at}
        move(subject_request, State.PACKAGED, by=PORTAL, at=world.at, event="package:released", columns=columns)
        delivery.offer(subject_request, at=world.at)
    return subject_request


def outbox() -> list[EmailMessage]:
    """Everything that left us so far."""
    sent: list[EmailMessage] = mail.outbox
    return sent

"""What must be so after a run, whatever happened in it. Django is set up by who imports this."""

import json
import os
import sqlite3
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path

from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count

from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, NoticeState, Outcome
from dsr.models import Event, Notice, Package, PlanItem, SubjectRequest
from dsr.package.brought import Broken
from dsr.package.verification import verify
from dsr.sealing.fields import Unsealable
from dsr.steps.answering import delivery
from dsr.steps.move import Conflict
from tests.chaos.people import erasing, orders_of

ONCE_PER_REQUEST = (
    *("request:received", "request:accepted", "plan:made", "request:searched", "plan:approved"),
    *("request:carried-out", "package:released", "package:offered", "manifest:closed"),
)
ENDS = ("item:found", "item:erased", "item:kept", "item:failed")
MOST = 8  # examples of one kind of violation


def violations(folder: Path, many: int) -> list[str]:
    """Every way in which the promise was broken, in words."""
    checks: tuple[Callable[[Path, int], Iterator[str]], ...] = (
        _lost,
        _recorded_twice,
        _fences,
        _packages,
        _effects_of_the_courier,
        _effects_in_the_shop,
        _letters,
        _audit,
    )
    found = []
    for check in checks:
        told = list(check(folder, many))
        found += told[:MOST]
        if len(told) > MOST:
            found.append(f"… and {len(told) - MOST} more of {check.__name__[1:]}")
    return found


def _lost(_folder: Path, many: int) -> Iterator[str]:
    """Each request has its answer; none stands still without a failed item that names why."""
    if (filed := SubjectRequest.objects.count()) != many:
        yield f"lost: {many} requests were filed, and {filed} are there"
    for one in SubjectRequest.objects.exclude(state=State.PACKAGED):
        items = [f"{item} {item.state}" for item in one.items.exclude(state=ItemState.DONE)]
        yield f"lost: {one.reference} is {one.state}, with {items or 'nothing left to do'}"
    for item in PlanItem.objects.exclude(state=ItemState.DONE):
        yield f"lost: {item} is left {item.state}"


def _recorded_twice(_folder: Path, _many: int) -> Iterator[str]:
    moves = Event.objects.filter(tag__in=ONCE_PER_REQUEST).values("subject_request", "tag")
    for row in moves.annotate(times=Count("id")).filter(times__gt=1):
        yield f"twice: {row['tag']} is recorded {row['times']} times"
    ends: Counter[tuple[object, ...]] = Counter(
        (one.subject_request_id, one.details["item"]) for one in Event.objects.filter(tag__in=ENDS)
    )
    yield from (f"twice: {item} has ended {times} times" for (_, item), times in ends.items() if times > 1)
    for found in SubjectRequest.objects.annotate(times=Count("packages")).exclude(times=1):
        yield f"twice: {found.reference} has {found.times} packages" if found.times else f"lost: a package of {found}"


def _fences(folder: Path, _many: int) -> Iterator[str]:
    """No fence goes back, nothing that is done is done again, and nobody wrote behind another's fence."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT item, was, became, old, new FROM chaos_change WHERE became < was OR old = 'done'")
        for item, was, became, old, new in cursor.fetchall():
            if became < was or new != old:
                yield f"stale: {item} went from {old} under fence {was} to {new} under {became}"
    yield from (f"stale: a write behind the fence: {line.strip()}" for line in _lines(folder / "stale"))


def _packages(_folder: Path, _many: int) -> Iterator[str]:
    """Each opens, and each of its files is as it was packed."""
    for package in Package.objects.select_related("subject_request"):
        portable = package.subject_request.right == Right.PORTABILITY
        try:
            with tempfile.TemporaryFile() as plain:
                plain.writelines(delivery.opened(package))
                with zipfile.ZipFile(plain) as archive:
                    broken = archive.testzip() if portable else None
                    count = len(archive.namelist()) if portable else verify(archive)
            if broken or not count:
                yield f"bad package: {package.subject_request.reference}, {broken or 'empty'}"
        except (OSError, zipfile.BadZipFile, zlib.error, Broken, Unsealable, Conflict) as error:
            yield f"bad package: {package.subject_request.reference}, {type(error).__name__}"


def _effects_of_the_courier(folder: Path, many: int) -> Iterator[str]:
    """Each row is erased once, by one key; nobody else's is; and what is recorded as erased is gone."""
    effects = [json.loads(line) for line in _lines(folder / "effects.jsonl")]
    yield from ("doubled: a key was used for other rows" for effect in effects if "reused" in effect)
    times = Counter(one for effect in effects for one in effect.get("ids", ()))
    yield from (f"doubled: the courier was told {n} times to erase {one}" for one, n in times.items() if n > 1)
    asked = {f"{table}{number}" for table in "pl" for number in erasing(many)}
    yield from (f"somebody else's: {one} is erased" for one in sorted(set(times) - asked))
    if _recorded_erased("courier") == len(erasing(many)):
        yield from (f"false 'erased': {one}" for one in sorted(asked - set(times)))


def _effects_in_the_shop(_folder: Path, many: int) -> Iterator[str]:
    with closing(sqlite3.connect(os.environ["REEF_SHOP_URL"].removeprefix("sqlite:///"))) as shop:
        times = Counter(shop.execute("SELECT collection, id FROM gone").fetchall())
        left = {number for (number,) in shop.execute("SELECT id FROM customers")}
    yield from (f"doubled: {row} was erased {n} times in the shop" for row, n in times.items() if n > 1)
    asked = {(table, number) for table in ("customers", "reviews") for number in erasing(many)}
    asked |= {("orders", order) for number in erasing(many) for order in orders_of(number)}
    yield from (f"somebody else's: {row} is erased in the shop" for row in sorted(set(times) - asked))
    if _recorded_erased("shop") == len(erasing(many)):
        yield from (f"false 'erased': {row}" for row in sorted(asked - set(times)))
        yield from (f"false 'erased': customer {number}" for number in sorted(left & erasing(many)))


def _recorded_erased(system: str) -> int:
    return PlanItem.objects.filter(kind=Kind.ERASE, system=system, outcome=Outcome.ERASED).count()


def _letters(folder: Path, _many: int) -> Iterator[str]:
    """Whatever is called sent has arrived once; what is in doubt, at most once; nothing waits."""
    arrived = Counter(json.loads(line).strip("<>").partition("@")[0] for line in _lines(folder / "letters.jsonl"))
    yield from (f"doubled: a letter came {n} times" for n in arrived.values() if n > 1)
    for notice in Notice.objects.all():
        if notice.state == NoticeState.SENT and not arrived[str(notice.pk)]:
            yield f"lost: the letter {notice.letter} never arrived"
        if notice.state in {NoticeState.QUEUED, NoticeState.SENDING}:
            yield f"lost: the letter {notice.letter} is left {notice.state}"


def _audit(_folder: Path, _many: int) -> Iterator[str]:
    try:
        call_command("verify_audit", stdout=StringIO())
    except CommandError as error:
        yield f"audit: {error}"


def figures(folder: Path) -> dict[str, int]:
    """What the run was made of."""
    retried = Counter(json.loads(line) for line in _lines(folder / "sent-back.jsonl"))
    claims = sum(PlanItem.objects.values_list("fence", flat=True))
    states = Counter(Notice.objects.values_list("state", flat=True))
    return {
        "requests": SubjectRequest.objects.count(),
        "packages": Package.objects.count(),
        "items": PlanItem.objects.count(),
        "claims": claims,
        "events": Event.objects.count(),
        "effects": sum(1 for _ in _lines(folder / "effects.jsonl")),
        "sent back by staff": retried.total(),
        **{f"letters {state}": n for state, n in sorted(states.items())},
    }


def _lines(path: Path) -> Iterator[str]:
    if path.exists():
        with path.open() as lines:
            yield from lines

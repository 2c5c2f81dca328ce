"""One package, or one lent task, taken by many at the same moment. Django is set up by who imports."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from typing import BinaryIO

from django.db import transaction

from dsr.law.actors import PORTAL, Actor
from dsr.law.states import State
from dsr.law.work import ItemState, Kind
from dsr.management import demo
from dsr.models import Download, Errand, Grant, Package, Proof, SubjectRequest, TaskLink, sealed
from dsr.sealing import files
from dsr.steps.answering import delivery, grants
from dsr.steps.asking import verification
from dsr.steps.asking.verification import Confirmation
from dsr.steps.errands import lending, links
from dsr.steps.move import Conflict, move
from tests.postgresql import threads
from tests.steps.taking import opened

CONTENT = b"PK, and what was found" * 20_000


def offered(own: SubjectRequest, at: datetime) -> None:
    """Its package lies there."""
    SubjectRequest.objects.filter(pk=own.pk).update(state=State.CARRIED_OUT)
    own.refresh_from_db()
    package = Package(subject_request=own, released_at=at)

    def fill(out: BinaryIO) -> None:
        out.write(CONTENT)

    done = files.write(sealed.file_spot(package.pk), sealed.file_place(package.pk), package.ring(), fill)
    package.wrapped_key, package.sha256, package.size = done.wrapped_key, done.sha256, done.size
    with transaction.atomic():
        package.save(force_insert=True)
        move(own, State.PACKAGED, by=PORTAL, at=at, event="package:released", columns={"answered_at": at})
        delivery.offer(own, at=at)


def one_grant(own: SubjectRequest, many: int, at: datetime) -> dict[str, object]:
    """So many uses of one grant."""
    return _at_once([opened(own, at=at)] * many, at)


def one_program(own: SubjectRequest, many: int, at: datetime) -> dict[str, object]:
    """So many programs with one token, each of which wants the whole."""
    grant, secret = opened(own, at=at)
    Grant.objects.filter(pk=grant.pk).update(purpose=Grant.PROGRAM)
    return _at_once([(grant, secret)] * many, at, goes_on=False)


def one_each(own: SubjectRequest, many: int, at: datetime) -> dict[str, object]:
    """So many grants, each used once."""
    return _at_once([opened(own, at=at) for _ in range(many)], at)


def one_code(own: SubjectRequest, many: int, at: datetime) -> dict[str, int]:
    """So many tries at the right code in the same moment."""
    verification.ask_download(own, at=at)
    code = demo.code_of(own)

    def type_it() -> str:
        mine = SubjectRequest.objects.get(pk=own.pk)
        with transaction.atomic():
            return str(verification.spend_download(mine, code, at=at)[0])

    outcomes = together([type_it] * many)
    refused = {str(each) for each in (Confirmation.NONE, Confirmation.USED_UP)}
    return {
        "confirmed": outcomes.count(Confirmation.CONFIRMED),
        "refused": sum(each in refused for each in outcomes),
        "spent": Proof.objects.filter(purpose=Proof.DOWNLOAD).exclude(spent_at=None).count(),
    }


def one_task_code(own: SubjectRequest, many: int, dana: Actor, at: datetime) -> dict[str, object]:
    """So many browsers in which the right code of one lent task is typed in the same moment."""
    item = own.items.create(
        kind=Kind.FIND, system="app-database", state=ItemState.WAITING, not_before=at, created_at=at
    )
    errand = Errand.objects.create(item=item, created_at=at, due_on=at.date())
    link = TaskLink.objects.create(errand=errand, made_by_id=int(dana.id), made_at=at, expires_at=at + links.LASTS)
    code = links.code(str(link.pk), at=at) or ""
    seats = together([lambda: lending.enter(TaskLink.objects.get(pk=link.pk), code, at=at)] * many)
    link.refresh_from_db()
    open_in = [seat for seat in seats if seat and links.seated(link, seat, at=at)]
    return {"empty": seats.count(""), "open": len(open_in), "events": own.events.filter(tag="task:opened").count()}


def _at_once(secrets: Sequence[tuple[Grant, str]], at: datetime, *, goes_on: bool = True) -> dict[str, object]:
    def use(grant: Grant, secret: str) -> str:
        mine = Grant.objects.select_related("package__subject_request").get(pk=grant.pk)
        whole = b"".join(grants.use(mine, secret, at=at, goes_on=goes_on)) == CONTENT
        return "whole" if whole else "cut"

    outcomes = together([partial(use, *one) for one in secrets])
    counted = {each: outcomes.count(each) for each in sorted(set(outcomes))}
    return {"outcomes": counted, "downloads": Download.objects.count(), "taken": Package.objects.get().taken}


def together(acts: Sequence[Callable[[], str]]) -> list[str]:
    """What each says that is done in the same moment, with a connection of its own; what stopped it, in its place."""
    return [_said(ended) for ended in threads.at_once(acts)]


def _said(ended: Future[str]) -> str:
    error = ended.exception()
    if error is None:
        return ended.result()
    return str(error) if isinstance(error, Conflict) else repr(error)

"""One package, taken by many at the same moment. Django is set up by who imports."""

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from django.db import connection, transaction

from dsr.law.actors import PORTAL
from dsr.law.states import State
from dsr.management import demo
from dsr.models import Download, Grant, Package, Proof, SubjectRequest, sealed
from dsr.sealing import files
from dsr.steps.answering import delivery, grants
from dsr.steps.asking import verification
from dsr.steps.asking.verification import Confirmation
from dsr.steps.move import Conflict, move
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
    together, outcomes = threading.Barrier(many), list[str]()

    def type_it() -> None:
        mine = SubjectRequest.objects.get(pk=own.pk)
        together.wait()
        try:
            with transaction.atomic():
                outcomes.append(verification.spend_download(mine, code, at=at)[0])
        except Exception as error:  # noqa: BLE001 — a thread tells what stopped it
            outcomes.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=type_it) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = {str(each) for each in (Confirmation.NONE, Confirmation.USED_UP)}
    return {
        "confirmed": outcomes.count(Confirmation.CONFIRMED),
        "refused": sum(each in refused for each in outcomes),
        "spent": Proof.objects.filter(purpose=Proof.DOWNLOAD).exclude(spent_at=None).count(),
    }


def _at_once(secrets: Sequence[tuple[Grant, str]], at: datetime, *, goes_on: bool = True) -> dict[str, object]:
    together, outcomes = threading.Barrier(len(secrets)), list[str]()

    def use(grant: Grant, secret: str) -> None:
        mine = Grant.objects.select_related("package__subject_request").get(pk=grant.pk)
        together.wait()
        try:
            whole = b"".join(grants.use(mine, secret, at=at, goes_on=goes_on)) == CONTENT
            outcomes.append("whole" if whole else "cut")
        except Conflict as conflict:
            outcomes.append(str(conflict))
        except Exception as error:  # noqa: BLE001 — a thread tells what stopped it
            outcomes.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=use, args=one) for one in secrets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted = {each: outcomes.count(each) for each in sorted(set(outcomes))}
    return {"outcomes": counted, "downloads": Download.objects.count(), "taken": Package.objects.get().taken}

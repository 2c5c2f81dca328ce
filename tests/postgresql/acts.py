"""What tests do in a portal on PostgreSQL: `python -m tests.postgresql.acts NAME …` prints what it found as JSON."""

import json
import os
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dsr.settings")
django.setup()

from django.db import connection, transaction
from django.utils import timezone

from accounts import staff
from accounts.models import Role, Staff
from controllers.sample_people import population
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor, ActorKind
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.management import demo
from dsr.models import PlanItem, SubjectRequest
from dsr.steps import ledger, sweeping
from dsr.steps.answering import partly
from dsr.steps.asking import cancellation, intake, verification
from dsr.steps.deciding import approval, review
from tests.postgresql import endings, lookings, plans, releases, reminding, sequences, takings, threads, timetable
from tests.steps import taking

SAM = "sam@example.com"
PAUSE = threading.Event()


def member(username: str, role: Role) -> Actor:
    """A staff member for both controllers."""
    staff.add(username, username.title(), [("joypix", role), ("pixplus", role)])
    return Actor(ActorKind.STAFF, str(Staff.objects.get(username=username).pk))


def proven(controller: str, right: Right, email: str, at: datetime) -> SubjectRequest:
    """A request that was filed and proven."""
    asked = intake.Intake(controller, right, ((IdentityKind.EMAIL, email),))
    subject_request = intake.receive(asked, by=SUBJECT, at=at)
    verification.confirm(subject_request, demo.code_of(subject_request), at=at)
    subject_request.refresh_from_db()
    return subject_request


def accepted(controller: str, right: Right, email: str, dana: Actor, at: datetime) -> SubjectRequest:
    """A request that was filed and proven, and that Dana has accepted."""
    subject_request = proven(controller, right, email, at)
    review.accept(subject_request, by=dana, at=at)
    return subject_request


def work_until(subject_request: SubjectRequest, state: State) -> None:
    """Sweep as a worker does."""
    for _ in range(200):
        sweeping.sweep(timezone.now)
        subject_request.refresh_from_db()
        if subject_request.state == state:
            return
        PAUSE.wait(0.1)  # for the asynchronous services
    message = f"still {subject_request.state}: {[(str(i), i.state, i.note) for i in subject_request.items.all()]}"
    raise AssertionError(message)


def walk(right: str, package: str) -> dict[str, object]:
    """Sam's request from the form to the package; an erasure's first half happened nine days ago."""
    dana, eli = member("dana", Role.AGENT), member("eli", Role.APPROVER)
    at = timezone.now() - timedelta(days=9 if right == Right.ERASURE else 0)
    subject_request = accepted("joypix", Right(right), SAM, dana, at)
    if right == Right.ERASURE:
        work_until(subject_request, State.SEARCHED)
        digest = subject_request.manifest.digest
        approval.approve(subject_request, digest=digest, by=eli, at=at)
    work_until(subject_request, State.PACKAGED)
    Path(package).write_bytes(b"".join(taking.taken(subject_request, at=timezone.now())))
    subject_request.refresh_from_db()
    items = [(str(item), item.state, item.outcome) for item in subject_request.items.filter(until=None)]
    return {"state": subject_request.state, "items": items}


def file(many: str, known: str) -> dict[str, object]:
    """As many accepted access requests as asked for, each of another person; so many of them are known here."""
    dana = member("dana", Role.AGENT)
    mailboxes = [person.email for person in population(7, "jp", int(known))]
    mailboxes += [f"stranger.{number}@example.com" for number in range(int(many) - int(known))]
    for number, mailbox in enumerate(mailboxes):
        accepted(("joypix", "pixplus")[number % 2], Right.ACCESS, mailbox, dana, timezone.now())
    return {"requests": SubjectRequest.objects.count(), "items": PlanItem.objects.count()}


def claim_beside_a_lock() -> dict[str, object]:
    """One worker holds the row that is due first, its claim not committed; another one claims."""
    dana = member("dana", Role.AGENT)
    for controller in ("joypix", "pixplus"):
        accepted(controller, Right.ACCESS, SAM, dana, timezone.now())
    at, first, second, waited = timezone.now(), [], [], []

    def other() -> None:
        began = timezone.now()
        second.extend([ledger.claim(at=at)])
        waited.append((timezone.now() - began).total_seconds())
        connection.close()

    with transaction.atomic():
        first.append(ledger.claim(at=at))
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    names = {"first": str(first[0]), "second": str(second[0])}
    ids = {"first_id": first[0] and str(first[0].pk), "second_id": second[0] and str(second[0].pk)}
    return {**names, **ids, "seconds": waited[0]}


def at_once(act: str, many: str) -> dict[str, object]:
    """So many clicks on one decision at the same moment, each on a connection of its own; what came of it."""
    dana, eli = member("dana", Role.AGENT), member("eli", Role.APPROVER)
    at = timezone.now()
    subject_request = proven("joypix", Right.ACCESS if act == "part" else Right.ERASURE, SAM, at)
    if act == "part":
        review.accept(subject_request, by=dana, at=at)
        subject_request.items.filter(kind=Kind.FIND).update(tries=1)
        first = subject_request.items.filter(kind=Kind.FIND)[:1].values("pk")
        PlanItem.objects.filter(pk__in=first).update(state=ItemState.DONE, outcome=Outcome.FOUND)
    if act == "approve":
        review.accept(subject_request, by=dana, at=at)
        work_until(subject_request, State.SEARCHED)
    digest = subject_request.manifest.digest if act == "approve" else ""
    clicks: dict[str, Callable[[SubjectRequest], None]] = {
        "accept": lambda mine: review.accept(mine, by=dana, at=at),
        "approve": lambda mine: approval.approve(mine, digest=digest, by=eli, at=at),
        "part": lambda mine: partly.deliver_part(mine, by=dana, at=at),
        "cancel": lambda mine: cancellation.cancel(mine, by=SUBJECT, at=at),
    }

    mine = [SubjectRequest.objects.get(pk=subject_request.pk) for _ in range(int(many))]
    ended = threads.at_once([partial(clicks[act], each) for each in mine])
    tags = {"accept": "request:accepted", "approve": "plan:approved", "cancel": "request:cancelled"}
    tags["part"] = "package:part-asked"
    letters = {"accept": "accepted", "approve": "approved", "cancel": "cancelled"}
    return {
        "outcomes": threads.counted(ended),
        "events": subject_request.events.filter(tag=tags[act]).count(),
        "letters": subject_request.notices.filter(letter=letters.get(act, "accepted")).count(),
        "plans": subject_request.events.filter(tag="plan:made").count(),
    }


def look_at_once(many: str) -> dict[str, object]:
    """So many looks at one answer in the same moment, by five people."""
    dana, at = member("dana", Role.AGENT), timezone.now()
    subject_request = accepted("pixplus", Right.PORTABILITY, SAM, dana, at)
    return lookings.at_once(subject_request, [member(f"looker{each}", Role.REDACTOR) for each in range(5)], int(many))


def end_in_a_moment() -> dict[str, object]:
    """What is approved is cancelled or refused while its one item changes hands."""
    dana, at = member("dana", Role.AGENT), timezone.now()
    moments = {"put back": endings.while_put_back, "claimed": endings.while_claimed}
    ended = {f"{how}, {when}": end(how, dana, at) for how in endings.endings(dana, at) for when, end in moments.items()}
    return {**ended, "cancel, posted": endings.while_posted(dana, at)}


def release_in_a_moment() -> dict[str, object]:
    """Holds are released, and what is kept is reduced, beside who has the same request just then."""
    olga, at = member("olga", Role.PRIVACY_OFFICER), timezone.now()
    return {
        "reduction": releases.beside_a_reduction(at),
        "cancellation": releases.beside_a_cancellation(olga, at),
        "search": releases.beside_a_search(olga, at),
    }


def take_at_once(many: str) -> dict[str, object]:
    """One package, by so many at the same moment: with one grant, then one each, then one program's token."""
    own, at = proven("joypix", Right.ACCESS, SAM, timezone.now()), timezone.now()
    done: dict[str, object] = {"one code": takings.one_code(own, int(many), at)}
    takings.offered(own, at)
    done |= {"one grant": takings.one_grant(own, int(many), at), "one each": takings.one_each(own, 12, at)}
    own.packages.update(taken=0)
    return {**done, "one program": takings.one_program(own, 12, at)}


def open_a_task_at_once(many: str) -> dict[str, object]:
    """The code of one lent task, typed so often at the same moment."""
    own, at = proven("joypix", Right.ACCESS, SAM, timezone.now()), timezone.now()
    return takings.one_task_code(own, int(many), member("dana", Role.PRIVACY_OFFICER), at)


def remind_at_once(each: str, workers: str) -> dict[str, object]:
    """So many workers, and so many requests of two mailboxes that nobody has proven for a day."""
    return reminding.at_once([SAM, "nobody@example.com"], int(each), int(workers), timezone.now())


def seek_at_once(workers: str) -> dict[str, object]:
    """So many workers, and one who looks for a request by its reference and address."""
    return reminding.sought_at_once(SAM, int(workers), timezone.now())


def settings_in_force() -> dict[str, object]:
    """What the server says about the connection the portal has opened."""
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "transaction_isolation")
    with connection.cursor() as cursor:
        found = {}
        for name in names:
            cursor.execute(f"SHOW {name}")
            found[name] = cursor.fetchone()[0]
    return found


def plans_kept() -> dict[str, object]:
    """How many plans the server keeps for a connection that asked one thing ten times, and what it saw of the value."""
    for _ in range(10):
        SubjectRequest.objects.filter(reference="R-ASKED-OFTEN").exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements WHERE generic_plans > 0")
        kept = [statement for (statement,) in cursor.fetchall()]
    return {"kept": len(kept), "named": sum("R-ASKED-OFTEN" in statement for statement in kept)}


def claim_plan(finished: str) -> dict[str, object]:
    """How the database finds the next item beside so many finished ones."""
    return dict(plans.of_claim(int(finished), timezone.now()))


def write_and_sequence(threads: str, each: str) -> dict[str, object]:
    """Several sequencers on one record."""
    return {"events": sequences.beside_each_other(int(threads), int(each))}


def prove_beside_others(threads: str, each: str) -> dict[str, object]:
    """Events that are proven in the moment they are written, while others get their places."""
    return sequences.proven_beside_others(int(threads), int(each))


def commit_late() -> dict[str, object]:
    """Ids and commits in two orders."""
    return {**sequences.committed_late()}


ACTS: dict[str, Callable[..., dict[str, object]]] = {
    act.__name__: act
    for act in (
        walk,
        file,
        at_once,
        claim_beside_a_lock,
        end_in_a_moment,
        release_in_a_moment,
        look_at_once,
        take_at_once,
        open_a_task_at_once,
        remind_at_once,
        seek_at_once,
        settings_in_force,
        claim_plan,
        plans_kept,
        write_and_sequence,
        commit_late,
        prove_beside_others,
    )
}

ACTS |= {
    act.__name__: act
    for act in (timetable.file_late, timetable.tell, timetable.count_daily, timetable.told, timetable.recount)
}

if __name__ == "__main__":
    print(json.dumps(ACTS[sys.argv[1]](*sys.argv[2:])))  # noqa: T201 — for the test that started this process

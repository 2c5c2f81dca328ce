"""A second channel: a code to another address that was on file already, for who proved the mailbox.

Nobody names that address here, neither the person nor staff: a worker reads it from what the proven mailbox leads to,
and it is shown on no page. One code at a time goes out; another one goes to the next address.

The same look reads when the mailbox was last seen, where the map asks for that; a second channel may follow from it.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime

from django.db import transaction

from dsr.connectors import sharing
from dsr.connectors.contract import Batch, Rejected
from dsr.datamap.ladder import Unseen
from dsr.datamap.narrow import narrowed
from dsr.datamap.plan import compile_plan
from dsr.datamap.route import Route
from dsr.datamap.schema import IdentityKind, SystemMap
from dsr.law import moments
from dsr.law.actors import SUBJECT
from dsr.law.identifiers import one_mailbox
from dsr.law.ladder import Rung
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import Identity, PlanItem, Proof, SubjectRequest
from dsr.steps import ledger, maps
from dsr.steps.answering import on_file
from dsr.steps.asking import ladder, unseen, verification
from dsr.steps.asking.verification import Confirmation
from dsr.steps.errands import bound
from dsr.steps.fulfilling import search, travel
from dsr.steps.move import lock
from dsr.steps.recording import record

MOST = 5  # addresses
CONFIRMED = "identity:second-confirmed"


def item(subject_request: SubjectRequest) -> PlanItem | None:
    """That look; None where none is needed."""
    return subject_request.items.filter(kind=Kind.ADDRESSES).first()


def looked(subject_request: SubjectRequest) -> bool:
    """Whether it is done."""
    found = item(subject_request)
    return found is not None and found.state == ItemState.DONE


def look(found: PlanItem, *, at: datetime) -> None:
    """Read what is asked now: when the mailbox was last seen, and where more is needed, the other addresses.

    They are sealed until somebody decides. Raises Unreachable, Rejected, Fenced.
    """
    subject_request = found.subject_request
    own = subject_request.own_mailbox()
    told, raised, addresses = None, False, list[str]()
    if own is not None and subject_request.state == State.VERIFIED:
        told = unseen.asked(subject_request)
        raised = told is not None and _unseen(subject_request, told)
        if raised or ladder.waits(subject_request):
            # The mailbox in another spelling is the same channel: who reads it by stealth would read this code as well.
            on_rows = sorted(set(_addresses(subject_request)))
            addresses = [each for each in on_rows if not one_mailbox(each, own.value())][:MOST]
    with transaction.atomic():
        lock(subject_request)
        now = SubjectRequest.objects.get(pk=subject_request.pk)
        if now.proof_needed != subject_request.proof_needed:
            ledger.postpone(found, note="What is needed has changed meanwhile: look again.", at=at)
            return
        ledger.finish(found, Outcome.FOUND if addresses else Outcome.NOTHING, at=at, counts={})
        if now.state != State.VERIFIED:
            return
        SubjectRequest.objects.filter(pk=now.pk).update(others_sealed=now.sealed_others(addresses))
        if raised and told is not None:
            ladder.raise_unseen(now, told.months, at=at)


def _unseen(subject_request: SubjectRequest, told: Unseen) -> bool:
    """Whether rows are there, and the latest moment in them is too old. Without a row or a moment nobody can say so."""
    controller_map = maps.controller(subject_request.controller)
    latest: date | datetime | None = None
    for _, batch in _found(subject_request, Right.ACCESS, told):
        place = batch.fields.index(told.field)
        for cell in (row[place] for row in batch.rows):
            moment = moments.read(cell)
            if moment is None and not moments.blank(cell):
                message = f"{told.collection}: '{told.field}' holds what is no moment, so nobody knows who was there."
                raise Rejected(message)
            if moment is not None and (latest is None or moments.instant(moment) > moments.instant(latest)):
                latest = moment
    zone = controller_map.systems[told.system].zone
    return latest is not None and unseen.too_long(subject_request, told.months, latest, zone)


def _addresses(subject_request: SubjectRequest) -> Iterator[str]:
    """What the proven mailbox leads to carries them; nothing else of it is kept."""
    for system, batch in _found(subject_request, Right.RECTIFICATION, None):
        yield from on_file.carried(system, batch)


def _found(subject_request: SubjectRequest, right: Right, told: Unseen | None) -> Iterator[tuple[SystemMap, Batch]]:
    """Rows that the proven mailbox leads to: with `told` that moment and nothing else, without it their addresses."""
    controller_map = maps.controller(subject_request.controller)
    known = search.values_of(subject_request.identities.filter(kind=IdentityKind.EMAIL))
    whole = compile_plan(controller_map, known)
    only = (f"{told.system}.{told.collection}",) if told else ()
    plan = narrowed(whole, controller_map, right, only, addresses=told is None)
    wanted = {told.system} if told else {one.system for one in plan.systems}
    identities = travel.gathered(plan, known, lambda slug: search.connect(controller_map.systems[slug]), wanted)
    for one in (each for each in plan.systems if each.system in wanted):
        system = controller_map.systems[one.system]
        with closing(search.connect(system)) as connector:
            if bound.uncounted(connector) and told is None:
                continue  # a person would have to look
            for route in one.routes:
                if told is None:
                    asked = route
                elif route.name == told.collection:
                    asked = _bare(route, told.field)
                else:
                    continue  # it only leads there
                batches = sharing.found(connector, asked, identities)
                yield from ((system, batch) for batch in batches if isinstance(batch, Batch))


def _bare(route: Route, field: str) -> Route:
    """The same way, to the key and one field."""
    collection = route.collection
    fields = {name: collection.fields[name] for name in (*collection.key, field) if name in collection.fields}
    bare = collection.model_copy(update={"fields": fields, "files": ""})
    return Route(route.name, bare, route.seeds, route.hops, route.loops)


def possible(subject_request: SubjectRequest) -> bool:
    """Whether a code can go to another address on file."""
    return ladder.waits(subject_request) and bool(subject_request.others_sealed)


def sent(subject_request: SubjectRequest) -> bool:
    """Whether a code went there, and was not spent."""
    mine = Proof.objects.filter(identity__subject_request=subject_request, purpose=Proof.SECOND)
    return mine.filter(spent_at=None).exists()


def ask(subject_request: SubjectRequest, *, at: datetime) -> bool:
    """Send a code to the next address on file; False when there is none, or too many were sent within the hour."""
    mailbox = subject_request.own_mailbox()
    if mailbox is None or not possible(subject_request):
        return False
    return verification.send_elsewhere(mailbox, subject_request.others(), Proof.SECOND, at=at)


def confirm(subject_request: SubjectRequest, code: str, *, at: datetime) -> Confirmation:
    """Spend that code once: the mailbox is then known by two channels."""
    if not ladder.waits(subject_request):
        return Confirmation.NONE
    with transaction.atomic():
        result, proof = verification.spend_for(subject_request, Proof.SECOND, code, at=at)
        if proof is not None:
            Identity.objects.filter(pk=proof.identity_id, rung=Rung.MAILBOX).update(rung=Rung.SECOND)
            record.write(subject_request, CONFIRMED, by=SUBJECT, at=at)
    return result

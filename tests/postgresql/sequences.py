"""Sequencers beside each other, and Events that are committed late. Django is set up by who imports this."""

import threading
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from dsr.law.actors import PORTAL
from dsr.models import Event
from dsr.record.proof import Proof
from dsr.steps.recording import record, sequencer, signing


def written() -> Event:
    """Something happens that is about no request."""
    return record.write_for("joypix", "test:happened", by=PORTAL, at=timezone.now())


def beside_each_other(threads: int, each: int) -> int:
    """Every thread writes Events and sequences after each of them; one last look signs the rest."""
    start = threading.Barrier(threads)

    def run() -> None:
        start.wait()
        for number in range(each):
            written()
            # Clocks that run ahead: a checkpoint is due nearly every time.
            sequencer.sequence(at=timezone.now() + timedelta(seconds=11 * number))
        connection.close()

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    at = timezone.now() + timedelta(hours=1)
    sequencer.sequence_late(at=at, within=None)
    sequencer.sequence(at=at + timedelta(hours=1))
    return Event.objects.count()


def proven_beside_others(threads: int, each: int) -> dict[str, object]:
    """Whether each proof is right; the first is of an Event that younger ones have overtaken."""
    proofs: list[tuple[Event, Proof]] = []

    def run() -> None:
        for _ in range(each):
            with transaction.atomic():
                event = written()
                proofs.append((event, sequencer.prove_now(event, at=timezone.now())))
        connection.close()

    with transaction.atomic():
        late = written()
        running = [threading.Thread(target=run) for _ in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        proofs.append((late, sequencer.prove_now(late, at=timezone.now())))
    keys = signing.log_keys()
    sizes = [proof.require(event.leaf, keys).size for event, proof in proofs]
    return {"proven": len(sizes), "last": proofs[-1][1].position, "events": Event.objects.count()}


def committed_late() -> dict[str, int]:
    """One Event gets its id first and is committed last; the other has its place by then."""
    early: list[Event] = []

    def other() -> None:
        early.append(written())
        sequencer.sequence(at=timezone.now())
        connection.close()

    with transaction.atomic():
        late = written()
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    sequencer.sequence_late(at=timezone.now() + timedelta(seconds=11))
    return {"late": late.pk, "early": early[0].pk}

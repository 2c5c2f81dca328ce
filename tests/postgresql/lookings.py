"""One answer, looked at by many at the same moment. Django is set up by who imports."""

import threading
from collections.abc import Sequence

from django.db import connection
from django.utils import timezone

from dsr.law.actors import Actor
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import PlanItem, SubjectRequest
from dsr.steps import work
from dsr.steps.deciding import looking
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden


def at_once(own: SubjectRequest, people: Sequence[Actor], many: int) -> dict[str, object]:
    """Nothing was found, and the package waits; so many looks, and what came of each."""
    own.items.filter(kind=Kind.FIND).update(state=ItemState.DONE, outcome=Outcome.NOTHING)
    work.advance(own, at=timezone.now())
    while not looking.waits(own):
        work.do_next(at=timezone.now())
    digest, together, outcomes = looking.seen(own), threading.Barrier(many), []

    def click(by: Actor) -> None:
        together.wait()
        try:
            looking.look(SubjectRequest.objects.get(pk=own.pk), digest=digest, by=by, at=timezone.now())
            outcomes.append("done")
        except (Conflict, Forbidden):
            outcomes.append("conflict")
        except Exception as error:  # noqa: BLE001 — a thread tells what stopped it
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=click, args=(people[place % len(people)],)) for place in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    looks = own.looks.filter(void_at=None).order_by("number")
    return {
        "outcomes": {each: outcomes.count(each) for each in sorted(set(outcomes))},
        "looks": [each.number for each in looks],
        "people": len({each.by_id for each in looks}),
        "events": own.events.filter(tag="release:looked").count(),
        "item": PlanItem.objects.get(subject_request=own, kind=Kind.LOOK).state,
    }

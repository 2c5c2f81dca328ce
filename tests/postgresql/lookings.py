"""One answer, looked at by many at the same moment. Django is set up by who imports."""

from collections.abc import Sequence
from functools import partial

from django.utils import timezone

from dsr.law.actors import Actor
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import PlanItem, SubjectRequest
from dsr.steps import work
from dsr.steps.deciding import looking
from tests.postgresql import threads


def at_once(own: SubjectRequest, people: Sequence[Actor], many: int) -> dict[str, object]:
    """Nothing was found, and the package waits; so many looks, and what came of each."""
    own.items.filter(kind=Kind.FIND).update(state=ItemState.DONE, outcome=Outcome.NOTHING)
    work.advance(own, at=timezone.now())
    while not looking.waits(own):
        work.do_next(at=timezone.now())
    digest = looking.seen(own)

    def look(by: Actor) -> None:
        looking.look(SubjectRequest.objects.get(pk=own.pk), digest=digest, by=by, at=timezone.now())

    ended = threads.at_once([partial(look, people[place % len(people)]) for place in range(many)])
    looks = own.looks.filter(void_at=None).order_by("number")
    return {
        "outcomes": threads.counted(ended),
        "looks": [each.number for each in looks],
        "people": len({each.by_id for each in looks}),
        "events": own.events.filter(tag="release:looked").count(),
        "item": PlanItem.objects.get(subject_request=own, kind=Kind.LOOK).state,
    }

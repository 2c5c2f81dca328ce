"""What of a look before the release other pages show: the card of a request, and its state in words."""

from dsr.desk import people
from dsr.law.actors import Actor
from dsr.law.states import State
from dsr.models import SubjectRequest
from dsr.steps.deciding import looking, redacting
from dsr.steps.permissions import Duty, may

TO_LOOK = "To look at"
NEXT = (
    "Everything is found. {people} what goes out, before the package is put together. The dates run on, and the "
    "person can still cancel."
)
SENTENCES = {
    "release:waits": "The answer waits until it was looked at",
    "release:opened": "Looked at what would go out: {part}",
    "release:left-out": "Left something out of the answer, of {part}: {ground}",
    "release:put-back": "Put back what was left out, of {part}",
    "release:looked": "Look {number}: said yes to what goes out",
}
_PEOPLE = {1: "Somebody looks at", 2: "Two people look, one after the other, at"}


def waits(subject_request: SubjectRequest) -> bool:
    """Whether its answer waits for a look; of most requests their state says that it does not."""
    # Accepted still, where a worker died between the last search and the move.
    between = subject_request.state in {State.ACCEPTED, State.APPROVED, State.CARRIED_OUT}
    return between and subject_request.right in redacting.COPIES and looking.waits(subject_request)


def next_of(subject_request: SubjectRequest) -> str:
    """What happens next."""
    return NEXT.format(people=_PEOPLE[max(looking.asked(subject_request), 1)])


def card(subject_request: SubjectRequest, by: Actor) -> dict[str, object]:
    """Who has looked so far, and whether this member of staff can look."""
    if not waits(subject_request):
        return {}
    return {
        "look_waits": True,
        "look_wanted": max(looking.asked(subject_request), 1),
        "looks": [(each, people.name_of(each.by)) for each in looking.standing_looks(subject_request)],
        "may_look": may(by, Duty.RELEASE, subject_request),
    }

"""Hands: who had a request in hand before. Where nobody proved a mailbox, the second pair of eyes is another's."""

from dsr.law.actors import Actor
from dsr.models import SubjectRequest

# Who enters it says where the answer goes.
FIRST = (
    *("request:received", "identity:vouched", "representative:checked"),
    *("request:accepted", "correction:entered"),
)


def in_hand(subject_request: SubjectRequest, by: Actor) -> bool:
    """Whether this member of staff entered, checked or accepted it."""
    return subject_request.events.filter(tag__in=FIRST, actor=str(by)).exists()

"""The states of a request and the moves between them; a state says only where it stands in law."""

from enum import StrEnum

from dsr.law.rights import Right


class State(StrEnum):
    """Where a request stands in its walk."""

    RECEIVED = "received"
    VERIFIED = "verified"
    ACCEPTED = "accepted"
    SEARCHED = "searched"
    APPROVED = "approved"
    CARRIED_OUT = "carried-out"
    PACKAGED = "packaged"
    DELIVERED = "delivered"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


CLOSED = frozenset({State.DELIVERED, State.REFUSED, State.CANCELLED, State.LAPSED})
OPEN = frozenset(State) - CLOSED

MOVES: dict[State, frozenset[State]] = {
    State.RECEIVED: frozenset({State.VERIFIED, State.DELIVERED, State.REFUSED, State.CANCELLED, State.LAPSED}),
    State.VERIFIED: frozenset({State.ACCEPTED, State.REFUSED, State.CANCELLED}),
    State.ACCEPTED: frozenset({State.SEARCHED, State.REFUSED, State.CANCELLED, State.DELIVERED}),
    State.SEARCHED: frozenset({State.APPROVED, State.REFUSED, State.CANCELLED}),
    State.APPROVED: frozenset({State.CARRIED_OUT, State.CANCELLED}),
    State.CARRIED_OUT: frozenset({State.PACKAGED}),
    State.PACKAGED: frozenset({State.DELIVERED}),
    State.DELIVERED: frozenset(),
    State.REFUSED: frozenset(),
    State.CANCELLED: frozenset(),
    State.LAPSED: frozenset(),
}


def allowed(right: Right, old: State, new: State) -> bool:
    """Whether the walk of this right may go from old to new."""
    if new not in MOVES[old]:
        return False
    if old is State.RECEIVED and new is State.DELIVERED:
        return right is Right.PROCESSING_INFORMATION
    return True

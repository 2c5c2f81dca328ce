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
    State.VERIFIED: frozenset({State.ACCEPTED, State.REFUSED, State.CANCELLED, State.DELIVERED}),
    State.ACCEPTED: frozenset({State.SEARCHED, State.APPROVED, State.REFUSED, State.CANCELLED, State.DELIVERED}),
    State.SEARCHED: frozenset({State.APPROVED, State.REFUSED, State.CANCELLED, State.DELIVERED}),
    State.APPROVED: frozenset({State.CARRIED_OUT, State.REFUSED, State.CANCELLED}),
    State.CARRIED_OUT: frozenset({State.PACKAGED, State.DELIVERED}),
    State.PACKAGED: frozenset({State.DELIVERED, State.CANCELLED}),  # where nobody can be handed it
    State.DELIVERED: frozenset(),
    State.REFUSED: frozenset(),
    State.CANCELLED: frozenset(),
    State.LAPSED: frozenset(),
}


# Moves that only some rights know.
ONLY: dict[tuple[State, State], frozenset[Right]] = {
    (State.RECEIVED, State.DELIVERED): frozenset({Right.PROCESSING_INFORMATION}),
    (State.ACCEPTED, State.APPROVED): frozenset({Right.CONSENT_WITHDRAWAL}),  # nothing is searched for
    # What changes something, until it has begun: its owner may have said that somebody else asks.
    (State.APPROVED, State.REFUSED): frozenset({Right.ERASURE, Right.RECTIFICATION}),
    (State.SEARCHED, State.DELIVERED): frozenset({Right.RECTIFICATION}),  # nothing to correct, or nothing proposed
    # What was changed is answered by a letter; there is no package.
    (State.CARRIED_OUT, State.DELIVERED): frozenset({Right.RECTIFICATION, Right.CONSENT_WITHDRAWAL}),
}


def allowed(right: Right, old: State, new: State) -> bool:
    """Whether the walk of this right may go from old to new."""
    return new in MOVES[old] and right in ONLY.get((old, new), frozenset(Right))

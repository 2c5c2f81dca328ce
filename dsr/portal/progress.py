"""How far the work on a request is, in words: what a person who waits sees moving."""

from dataclasses import dataclass

from dsr.law.rights import SEARCHED, Right
from dsr.law.states import CLOSED, State
from dsr.law.work import ItemState, Kind
from dsr.models import SubjectRequest
from dsr.steps import gates

LOOKS = 15  # seconds until the page looks again, while something moves
_WORKED = (Kind.FIND, Kind.STOP, Kind.ERASE, Kind.CORRECT, Kind.LOOK, Kind.ASSEMBLE)
_MOVES = frozenset({ItemState.READY, ItemState.RUNNING})


@dataclass(frozen=True, slots=True)
class Progress:
    """What is done, of how much, and what goes on now."""

    searched: int
    systems: int
    looked_at: bool  # a person looks at the answer before it leaves
    assembling: bool
    moving: bool  # it goes on by itself within moments, so the page looks again
    paused: bool  # one of the systems is left alone, and what is asked waits for it


def of(own: SubjectRequest) -> Progress | None:
    """While systems are searched, the answer is put together, or one of them is paused; None before and after."""
    if own.state in CLOSED | {State.RECEIVED, State.VERIFIED, State.PACKAGED}:
        return None
    columns = ("kind", "state", "tries", gates.left_alone())
    items = list(own.items.filter(kind__in=_WORKED, until=None).values_list(*columns))
    finds = [state for kind, state, _, _ in items if kind == Kind.FIND]
    done = sum(state == ItemState.DONE for state in finds)
    searching = done < len(finds)
    open_ = {kind for kind, state, _, _ in items if state != ItemState.DONE}
    paused = any(left and state != ItemState.DONE for _, state, _, left in items)
    if not searching and not paused and Kind.ASSEMBLE not in open_:
        return None
    looked_at = Kind.LOOK in open_
    assembling = not searching and open_ == {Kind.ASSEMBLE}
    first = Kind.FIND if searching else Kind.ASSEMBLE
    moving = any(kind == first and state in _MOVES and not tries for kind, state, tries, _ in items)
    shown = Right(own.right) in SEARCHED or assembling or paused  # a withdrawal searches nothing
    moving = moving and not looked_at and not paused
    return Progress(done, len(finds), looked_at, assembling, moving, paused) if shown else None

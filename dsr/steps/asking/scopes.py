"""How much an erasure takes: everything, or the collections of the scope that the person chose (P8)."""

from dsr.connectors.contract import Rejected
from dsr.datamap.schema import Controller, Scope
from dsr.law.rights import Right
from dsr.models import SubjectRequest
from dsr.steps import maps


def problem(facts: Controller, scope: str) -> str:
    """What is wrong with a scope that was asked for; empty when nothing is."""
    return "" if not scope or scope in facts.scopes else "Choose from the list how much we should erase."


def scope_of(subject_request: SubjectRequest) -> Scope | None:
    """The scope that was chosen; None: everything, as it is where a controller offers no choice.

    Raises Rejected, once the map offers it no more: nobody can tell then how much was asked for.
    """
    if subject_request.right != Right.ERASURE or not subject_request.scope:
        return None
    offered = maps.controller(subject_request.controller).controller.scopes
    if (scope := offered.get(subject_request.scope)) is None:
        message = f"The map offers no scope '{subject_request.scope}' any more, which was chosen. Put it back."
        raise Rejected(message)
    return None if scope.everything else scope


def of_part(subject_request: SubjectRequest) -> bool:
    """Whether an erasure of less than everything was asked for, by a scope that the map may offer no more."""
    offered = maps.controller(subject_request.controller).controller.scopes
    scope = offered.get(subject_request.scope)
    return subject_request.right == Right.ERASURE and bool(subject_request.scope) and not (scope and scope.everything)


def takes_everything(subject_request: SubjectRequest) -> bool:
    """Whether this erasure ends the account."""
    return subject_request.right == Right.ERASURE and scope_of(subject_request) is None


def within(subject_request: SubjectRequest, system: str, collection: str) -> bool:
    """Whether rows of this collection belong to what is asked; routes go through others all the same."""
    scope = scope_of(subject_request)
    return scope is None or f"{system}.{collection}" in scope.collections


def only(subject_request: SubjectRequest) -> tuple[str, ...]:
    """The collections that are asked for, each 'system.collection'; empty: all."""
    scope = scope_of(subject_request)
    return scope.collections if scope else ()

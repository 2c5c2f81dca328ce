"""Systems that do not answer, or are paused: in the queue, and beside the items that wait for them."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Staff
from dsr.desk import people
from dsr.models import SubjectRequest
from dsr.steps import gates, maps
from dsr.steps.permissions import Duty


@dataclass(frozen=True, slots=True)
class Silent:
    """One of them, and when it is tried next."""

    controller: str
    system: str
    since: datetime
    next_try: datetime | None


@dataclass(frozen=True, slots=True)
class Paused:
    """A system that staff have left alone."""

    controller: str
    system: str
    since: datetime
    by: str
    reason: str


def title(controller: str, system: str) -> str:
    """As the map calls it; one that left the map has its slug alone."""
    about = maps.controllers().get(controller)
    known = about.systems.get(system) if about else None
    return known.title if known else system


def known_to(staff: Staff) -> list[Silent]:
    """Those of the controllers this staff member works for, for the longest time first."""
    served = maps.controllers()
    listed = []
    for gate in gates.silent([slug for slug in people.controllers_of(staff) if slug in served]):
        system = served[gate.controller].systems.get(gate.system)
        if system and gate.silent_since:
            name = served[gate.controller].controller.name
            listed.append(Silent(name, system.title, gate.silent_since, gate.not_before))
    return listed


def paused_to(staff: Staff) -> list[Paused]:
    """Those that staff have paused, for the longest time first; the map may have lost one since.

    Why is told to whoever finds it on the page of the systems, too.
    """
    served, told = maps.controllers(), people.controllers_of(staff, Duty.OPERATE)
    known = gates.paused([slug for slug in people.controllers_of(staff) if slug in served])
    return [
        Paused(
            served[gate.controller].controller.name,
            title(gate.controller, gate.system),
            gate.paused_at,
            people.name_of(gate.paused_by),
            gate.reason() if gate.controller in told else "",
        )
        for gate in known
        if gate.paused_at
    ]


def paused_since(subject_request: SubjectRequest) -> dict[str, datetime]:
    """The systems of this request's controller that are paused, and since when."""
    return {gate.system: gate.paused_at for gate in gates.paused([subject_request.controller]) if gate.paused_at}


def since(subject_request: SubjectRequest) -> dict[str, datetime]:
    """The systems of this request's controller that do not answer, and since when."""
    silent = gates.silent([subject_request.controller])
    return {gate.system: gate.silent_since for gate in silent if gate.silent_since}

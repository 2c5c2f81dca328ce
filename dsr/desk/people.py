"""Who sits at the desk, and the names behind the actors of the record."""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import Membership, Role, Staff
from dsr.law.actors import Actor, ActorKind
from dsr.steps import maps
from dsr.steps.permissions import DUTIES, Duty

_OTHERS = {
    ActorKind.SUBJECT: "The person who asks",
    ActorKind.TOKEN: "A system of the controller",
    ActorKind.RECIPIENT: "A recipient of the data",
    ActorKind.COLLEAGUE: "A colleague without an account",
    ActorKind.PORTAL: "Rightful",
}


def staff_of(request: HttpRequest) -> Staff:
    """The staff member behind a page of the desk."""
    if not isinstance(request.user, Staff):
        raise PermissionDenied
    return request.user


def actor_of(request: HttpRequest) -> Actor:
    """The same, as steps know them."""
    return Actor(ActorKind.STAFF, str(staff_of(request).pk))


def controllers_of(staff: Staff, duty: Duty | None = None) -> list[str]:
    """Slugs of the controllers where this staff member has a role, or a duty; read anew each time."""
    held = Membership.objects.filter(staff=staff).values_list("controller", "role")
    slugs = {slug for slug, role in held if duty is None or duty in DUTIES[Role(role)]}
    return sorted(slugs & maps.controllers().keys())  # accounts cannot know which controllers there are


def name_of(staff: Staff | None) -> str:
    """As colleagues know them; empty for nobody."""
    return (staff.get_full_name() or staff.get_username()) if staff else ""


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """A name for each actor as it is written in Events."""
    names = {}
    for text in actors:
        kind, _, number = text.partition(":")
        if kind == ActorKind.STAFF:
            names[text] = name_of(Staff.objects.filter(pk=number).first()) or "Somebody who worked here"
        else:
            names[text] = _OTHERS[ActorKind(kind)]
    return names

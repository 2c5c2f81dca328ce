"""Who saw a person's data, as that person reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Role
from dsr.datamap.schema import ControllerMap
from dsr.law.actors import ActorKind
from dsr.models import SubjectRequest
from dsr.portal.words import Text
from dsr.steps.recording import lookers
from dsr.steps.recording.lookers import Look

AT_WHAT: Mapping[str, Text] = {
    lookers.REQUEST: gettext_lazy("the request, with what you wrote"),
    lookers.DOCUMENT: gettext_lazy("a document that was sent with it"),
    lookers.FOUND: gettext_lazy("data that we found"),
    lookers.PACKAGE: gettext_lazy("our answer, as a file"),
    lookers.TASK: gettext_lazy("whom a search by hand is about"),
    lookers.TIMELINE: gettext_lazy("everything that happened with it, as a file"),
    lookers.IDS: gettext_lazy("the numbers by which they know you"),
}
ROLES: Mapping[Role, Text] = {
    Role.AGENT: gettext_lazy("who answers requests"),
    Role.APPROVER: gettext_lazy("who approves erasures"),
    Role.PRIVACY_OFFICER: gettext_lazy("privacy officer"),
    Role.ENGINEER: gettext_lazy("who looks after our systems"),
    Role.AUDITOR: gettext_lazy("who checks our work"),
    Role.REDACTOR: gettext_lazy("who looks at answers before they leave"),
}
OTHER = gettext_lazy("who does something with your data here")


@dataclass(frozen=True, slots=True)
class Row:
    """One look in words."""

    at: datetime
    reference: str
    who: str
    what: Text
    yours: bool


def rows(requests: list[SubjectRequest], about: ControllerMap) -> list[Row]:
    """The newest looks, newest first."""
    found = lookers.of(requests, named=about.controller.staff_shown_by == "name")
    return [
        Row(look.at, look.reference, _who(look, about), AT_WHAT[look.at_what], look.by is ActorKind.SUBJECT)
        for look in found
    ]


def _who(look: Look, about: ControllerMap) -> str:
    if look.by is ActorKind.SUBJECT:
        return _("You, or whoever had a code from your mailbox")
    if look.by is ActorKind.RECIPIENT or look.recipient:
        known = about.controller.recipients.get(look.recipient)
        return known.title if known else _("A recipient of your data")
    if look.by is ActorKind.COLLEAGUE:
        return _("A colleague, who did this one task for us")
    if look.by is not ActorKind.STAFF:
        return _("The portal itself")
    as_what = _(", ").join(str(ROLES.get(role, OTHER)) for role in look.roles)
    if not as_what:
        return _("{name}, who worked here then").format(name=look.name or _("Somebody"))
    return _("{name}: {role}").format(name=look.name or _("Somebody who works here"), role=as_what)

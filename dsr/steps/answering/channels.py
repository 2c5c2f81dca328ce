"""Other channels: whoever else is on file for the person is told before a package opens, and can stop it.

A code from one mailbox opens a download. The other e-mail addresses that the found rows carry, or that were proven,
get a letter in the same transaction. The download opens when each letter was handed to a mail server or has failed
for good; a mail server that takes nothing holds it back for WAIT, and no longer.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.crypto import constant_time_compare

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import PORTAL
from dsr.law.work import Letter
from dsr.models import Grant, Notice, Package, sealed
from dsr.models.notice import OPEN
from dsr.sealing.fields import keyed_hashes
from dsr.sealing.keyring import Role
from dsr.steps.answering import stopping_link
from dsr.steps.deciding import holds
from dsr.steps.move import lock
from dsr.steps.post import outbox, team
from dsr.steps.recording import record

WAIT = timedelta(minutes=15)
STOPPED = "package:stopped"


def others(package: Package) -> list[str]:
    """Whom to tell before it opens: on file or proven, and not the mailbox that the code went to."""
    subject_request = package.subject_request
    if Notice.objects.filter(subject_request=subject_request, letter=Letter.ON_FILE).exists():
        return []  # they had their days to object
    proven = subject_request.identities.filter(kind=IdentityKind.EMAIL).exclude(proven_at=None)
    mailbox = subject_request.mailbox()
    own = mailbox.value() if mailbox else ""
    return [each for each in dict.fromkeys([*package.others(), *(one.value() for one in proven)]) if each != own]


def tell(grant: Grant, addresses: list[str], *, at: datetime) -> None:
    """Write to each. Call it in the transaction that makes the grant."""
    said: dict[str, Any] = {"stopping": str(grant.pk), outbox.TO_FILE: True}
    for address in addresses:
        outbox.queue(grant.package.subject_request, Letter.OPENING, at=at, to_address=address, **said)


def waits(grant: Grant, *, at: datetime) -> bool:
    """Whether a letter about it is still on its way; never for longer than WAIT."""
    if grant.tells_until is None or at >= grant.tells_until:
        return False
    told = Notice.objects.filter(subject_request=grant.package.subject_request_id, letter=Letter.OPENING)
    return told.filter(state__in=OPEN, created_at__gte=grant.asked_at).exists()


def named(pk: str, token: str) -> Grant | None:
    """The download that this link is about."""
    known = keyed_hashes(sealed.ring(Role.CODES), stopping_link.PLACE, pk)
    if not any(constant_time_compare(token, each) for each in known):
        return None
    return Grant.objects.filter(pk=pk).select_related("package__subject_request").first()


def stop(grant: Grant, ended: Callable[..., None], *, at: datetime) -> None:
    """Whoever reads an address on file says no: no download is open, the request is frozen, and staff look at it.

    Its link says so once, and nothing when no package is left: what staff released stays released, and a closed
    request is not held for ever. `ended` ends its grants (see grants.end).
    """
    subject_request = grant.package.subject_request
    with transaction.atomic():
        lock(subject_request)
        if stopped(grant) or gone(grant):
            return
        ended(subject_request, at=at)
        holds.freeze_request(subject_request, at=at)  # or it is frozen already: the team hears of this all the same
        record.write(subject_request, STOPPED, by=PORTAL, at=at, version=grant.package.version)
        told_to = [*team.answerable(subject_request), *team.officers(subject_request)]
        team.tell(subject_request, Letter.REPORT, told_to, at=at, stopped=True)


def stopped(grant: Grant) -> bool:
    """Whether somebody said no to it: this download is over for good."""
    return grant.package.subject_request.events.filter(tag=STOPPED, at__gte=grant.asked_at).exists()


def gone(grant: Grant) -> bool:
    """Whether no package of its request can be opened any more, this one or a newer."""
    return not grant.package.subject_request.packages.exclude(wrapped_key="").exists()

"""Links for recipients: a token opens one acknowledgement page. It is made for the letter; here its hash is kept."""

from datetime import datetime, timedelta

from django.conf import settings

from dsr.law.deadlines import local_day
from dsr.models import Telling, sealed
from dsr.sealing.fields import keyed_hash, keyed_hashes
from dsr.sealing.keyring import Role
from dsr.steps import maps

DAYS_LATE = 90  # after the day it was to answer by, a link opens nothing any more


def make(telling_id: str) -> str | None:
    """The link for a letter that goes out now; None for a recipient that has answered meanwhile.

    The token follows from our key and the row, so a reminder carries the same link as the first letter.
    """
    telling = Telling.objects.filter(pk=telling_id, answered_at=None).select_related("subject_request").first()
    if telling is None:
        return None
    token = keyed_hash(sealed.ring(Role.CODES), "recipient", str(telling.pk))
    Telling.objects.filter(pk=telling.pk).update(token_hash=keyed_hash(sealed.ring(Role.LOOKUP), "recipient", token))
    return f"{settings.DSR_BASE_URL}/{telling.subject_request.controller}/recipients/{token}/"


def find(controller: str, token: str) -> Telling | None:
    """What this token was made for, if anything; a reduced request's tokens are forgotten."""
    hashes = keyed_hashes(sealed.ring(Role.LOOKUP), "recipient", token)
    known = Telling.objects.filter(token_hash__in=hashes, subject_request__controller=controller)
    return known.select_related("subject_request").first()


def over(telling: Telling, *, at: datetime) -> bool:
    """Whether its link opens nothing any more: long after it was due, or when its request was reduced."""
    calendar = maps.calendar(telling.subject_request.controller)
    due_on = telling.due_on or local_day(telling.created_at, calendar)
    late = local_day(at, calendar) > due_on + timedelta(days=DAYS_LATE)
    return late or telling.subject_request.reduced_at is not None

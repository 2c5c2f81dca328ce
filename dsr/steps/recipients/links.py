"""Links for recipients: a token opens one acknowledgement page. It is made for the letter; here its hash is kept."""

from datetime import datetime, timedelta

from django.conf import settings

from dsr.law.deadlines import local_day
from dsr.models import Telling, sealed
from dsr.sealing.fields import keyed_hash, keyed_hash_by, keyed_hashes
from dsr.sealing.keyring import Role
from dsr.steps import maps

DAYS_LATE = 90  # after the day it was to answer by, a link opens nothing any more


def make(telling_id: str) -> str | None:
    """The link for a letter that goes out now; None for a recipient that has answered meanwhile.

    The token follows from a key of ours and the row, and stays what it was when keys change, so a reminder carries
    the same link as the first letter.
    """
    telling = Telling.objects.filter(pk=telling_id, answered_at=None).select_related("subject_request").first()
    if telling is None:
        return None
    codes, row = sealed.ring(Role.CODES), str(telling.pk)
    tokens = [keyed_hash_by(codes, kid, "recipient", row) for kid in (codes.current, *codes.keys)]
    token = next((one for one in tokens if telling.token_hash in _hashes(one)), tokens[0])
    Telling.objects.filter(pk=telling.pk).update(token_hash=keyed_hash(sealed.ring(Role.LOOKUP), "recipient", token))
    return f"{settings.DSR_BASE_URL}/{telling.subject_request.controller}/recipients/{token}/"


def find(controller: str, token: str) -> Telling | None:
    """What this token was made for, if anything; a reduced request's tokens are forgotten."""
    known = Telling.objects.filter(token_hash__in=_hashes(token), subject_request__controller=controller)
    return known.select_related("subject_request").first()


def _hashes(token: str) -> tuple[str, ...]:
    return keyed_hashes(sealed.ring(Role.LOOKUP), "recipient", token)


def over(telling: Telling, *, at: datetime) -> bool:
    """Whether its link opens nothing any more: long after it was due, or when its request was reduced."""
    calendar = maps.calendar(telling.subject_request.controller)
    due_on = telling.due_on or local_day(telling.created_at, calendar)
    late = local_day(at, calendar) > due_on + timedelta(days=DAYS_LATE)
    return late or telling.subject_request.reduced_at is not None

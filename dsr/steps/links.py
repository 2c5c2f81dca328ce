"""Links for recipients: a token opens one acknowledgement page. It is made for the letter; here its hash is kept."""

from django.conf import settings

from dsr.models import Telling, sealed
from dsr.sealing.fields import keyed_hash, keyed_hashes
from dsr.sealing.keyring import Role


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
    """What this token opens, if anything."""
    hashes = keyed_hashes(sealed.ring(Role.LOOKUP), "recipient", token)
    known = Telling.objects.filter(token_hash__in=hashes, subject_request__controller=controller)
    return known.select_related("subject_request").first()

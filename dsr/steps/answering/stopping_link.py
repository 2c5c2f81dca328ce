"""The link by which an address on file stops a download: it follows from our key and the row, and is kept nowhere."""

from django.conf import settings

from dsr.models import Grant, sealed
from dsr.sealing.fields import keyed_hash
from dsr.sealing.keyring import Role

PLACE = "stopping"


def make(grant_id: str) -> str | None:
    """For a letter that goes out now; None when the download is forgotten."""
    grant = Grant.objects.filter(pk=grant_id).select_related("package__subject_request").first()
    if grant is None:
        return None
    token = keyed_hash(sealed.ring(Role.CODES), PLACE, str(grant.pk))
    return f"{settings.DSR_BASE_URL}/{grant.package.subject_request.controller}/downloads/{grant.pk}/{token}/"

"""Sam takes the package, as the page and a worker do it together; the code in between is another story."""

from datetime import datetime

from dsr.models import Grant, Proof, SubjectRequest
from dsr.sealing import pairs
from dsr.steps.answering import delivery, grants
from dsr.steps.answering.delivery import Standing
from dsr.steps.move import Conflict


def granted(own: SubjectRequest, *, at: datetime) -> tuple[Grant, str]:
    """A download that a code has just opened, and the secret in Sam's browser."""
    package = delivery.newest(own)
    if package is None or (stands := delivery.standing(package, at=at)) is not Standing.OPEN:
        raise Conflict(stands if package else "not there")
    secret, public = pairs.pair()
    ends = at + grants.LASTS
    proof = Proof.objects.create(
        identity=own.identities.exclude(proven_at=None)[0],
        purpose=Proof.DOWNLOAD,
        created_at=at,
        expires_at=at,
        spent_at=at,
    )
    grant = Grant.objects.create(package=package, proof=proof, public_key=public, asked_at=at, expires_at=ends)
    return grant, secret


def opened(own: SubjectRequest, *, at: datetime) -> tuple[Grant, str]:
    """The same, once a worker came by."""
    grant, secret = granted(own, at=at)
    while grants.rewrap_next(at=at):
        pass
    grant.refresh_from_db()
    return grant, secret


def taken(own: SubjectRequest, *, at: datetime) -> delivery.Stream:
    """The package in Sam's hands. Raises Conflict where the page offers none."""
    grant, secret = opened(own, at=at)
    return grants.use(grant, secret, at=at)

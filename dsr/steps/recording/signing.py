"""The keys that sign the record and its certificates, and the name they sign under."""

from django.conf import settings

from dsr.models import Checkpoint, sealed
from dsr.record import certificate
from dsr.record.note import SigningKey, VerifierKey
from dsr.sealing.keyring import Role


def origin() -> str:
    """The record's own name. The first checkpoint fixes it: another name would be another log."""
    first = Checkpoint.objects.order_by("size").first()
    return first.note.partition("\n")[0] if first else str(settings.DSR_AUDIT_ORIGIN)


def log_key() -> SigningKey:
    """What signs checkpoints now."""
    return _current(Role.CHECKPOINTS, origin())


def log_keys() -> list[VerifierKey]:
    """By what checkpoints of this installation are known, older keys included."""
    return _public(Role.CHECKPOINTS, origin())


def certificate_key() -> SigningKey:
    """What signs certificates now."""
    return _current(Role.CERTIFICATES, _certificates())


def certificate_keys() -> list[VerifierKey]:
    """By what certificates of this installation are known, older keys included."""
    return _public(Role.CERTIFICATES, _certificates())


def _certificates() -> str:
    return certificate.issuer_of(origin())


def _current(role: Role, name: str) -> SigningKey:
    ring = sealed.ring(role)
    return SigningKey(name, ring.key(ring.current))


def _public(role: Role, name: str) -> list[VerifierKey]:
    return [SigningKey(name, seed).verifier for seed in sealed.ring(role).keys.values()]

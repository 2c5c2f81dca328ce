"""The keys that sign the record and its certificates, and the name they sign under."""

from django.conf import settings

from dsr.models import Checkpoint, sealed
from dsr.record import certificate
from dsr.record.note import SigningKey, VerifierKey
from dsr.sealing.keyring import Role


def origin() -> str:
    """The record's own name. The first checkpoint fixes it: another name would be another log."""
    first = Checkpoint.objects.order_by("size").first()
    return first.origin if first else str(settings.DSR_AUDIT_ORIGIN)


def log_key(name: str = "") -> SigningKey:
    """What signs checkpoints now; `name` is the record's, where it is known already."""
    return _current(Role.CHECKPOINTS, name or origin())


def log_keys(name: str = "") -> list[VerifierKey]:
    """By what checkpoints of this installation are known, older keys included."""
    return _public(Role.CHECKPOINTS, name or origin())


def certificate_key(name: str = "") -> SigningKey:
    """What signs certificates and packages now."""
    return _current(Role.CERTIFICATES, certificate.issuer_of(name or origin()))


def certificate_keys() -> list[VerifierKey]:
    """By what certificates and packages of this installation are known, older keys included."""
    return _public(Role.CERTIFICATES, certificate.issuer_of(origin()))


def _current(role: Role, name: str) -> SigningKey:
    ring = sealed.ring(role)
    return SigningKey(name, ring.key(ring.current))


def _public(role: Role, name: str) -> list[VerifierKey]:
    return [SigningKey(name, seed).verifier for seed in sealed.ring(role).keys.values()]

"""One-time codes. A code exists in the letter that carries it; here only its keyed hash is kept."""

from datetime import datetime, timedelta

from dsr.law.references import new_code, read_code
from dsr.models import Proof, sealed
from dsr.sealing.fields import keyed_hash, keyed_hashes
from dsr.sealing.keyring import Role

MINUTES = 10  # ASVS V6.5.5; from the moment of sending


def make(proof_id: str, *, at: datetime) -> str | None:
    """Make the code of a proof for the letter that goes out now; None when a newer proof or a spent one ended it.

    Every attempt at sending makes a new one: what an attempt that failed had carried opens nothing any more.
    """
    proof = Proof.objects.filter(pk=proof_id, spent_at=None).first()
    if proof is None:
        return None
    newer = Proof.objects.filter(identity=proof.identity_id, purpose=proof.purpose, created_at__gt=proof.created_at)
    if newer.exists():
        return None
    code = new_code()
    made = keyed_hash(sealed.ring(Role.CODES), _place(proof), code)
    expires_at = at + timedelta(minutes=MINUTES)
    rows = Proof.objects.filter(pk=proof.pk, spent_at=None).update(code_hash=made, expires_at=expires_at, tries=0)
    if not rows:
        return None
    return f"{code[:4]} {code[4:]}"


def keep(proof: Proof) -> str:
    """Give that proof a code that is in no letter; what is returned is for the page that shows it, once."""
    code = new_code()
    made = keyed_hash(sealed.ring(Role.CODES), _place(proof), code)
    Proof.objects.filter(pk=proof.pk).update(code_hash=made)
    return f"{code[:4]} {code[4:]}"


def hashes(proof: Proof, typed: str) -> tuple[str, ...]:
    """What the proof's hash would be, had this code been sent."""
    return keyed_hashes(sealed.ring(Role.CODES), _place(proof), read_code(typed))


def _place(proof: Proof) -> str:
    return f"proof:{proof.pk}:{proof.purpose}"

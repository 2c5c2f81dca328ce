"""The certificate inside a package: what was done and read back, with counts, signed before the request is closed.

The package's seal covers it by its digest, so it needs no proof of its own. The certificate of the closed request,
which stands in the record by itself, is made afterwards.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from dsr.record import jws as signed
from dsr.record.note import SigningKey, VerifierKey

KIND = "answer"


def build(statement: Mapping[str, object], key: SigningKey) -> str:
    """The signed statement in compact form."""
    return signed.sign(KIND, statement, key)


def verify(jws: str, keys: Iterable[VerifierKey]) -> dict[str, Any]:
    """What it states, when we signed it. Raises Unverified."""
    return signed.signed_by(jws.strip(), KIND, keys)[0]

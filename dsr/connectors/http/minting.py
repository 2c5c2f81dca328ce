"""Tokens that we sign ourselves for each call: JWT (RFC 7519) as compact JWS, with HS256, RS256 or ES256 (RFC 7518)."""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from dsr.connectors.http.reading import Given, choice, number, word

ALGORITHMS = ("HS256", "RS256", "ES256")
NEEDED = ("algorithm", "key", "issuer", "audience")
OPTIONAL = ("subject", "key_id", "lives")
CLAIM = "claim."  # begins the names of further claims
LONGEST = 300  # seconds; whoever reads a token in a log has little of it
_OWN = ("iss", "aud", "sub", "iat", "nbf", "exp", "jti")
_SHORTEST_SECRET = 32  # bytes (RFC 7518, 3.2)
_SHORTEST_RSA = 2048  # bits (RFC 7518, 3.3)
_COORDINATE = 32  # bytes of each half of a signature (RFC 7518, 3.4)

Sign = Callable[[bytes], bytes]


def read(given: Given) -> None:
    """Check what shows without the key. Raises SettingError."""
    given.read("algorithm", choice(*ALGORITHMS), "")
    given.read("lives", number(1, LONGEST), str(LONGEST))
    for name in ("issuer", "audience", "subject", "key_id"):
        if name in given:
            given.read(name, word, "")
    for name in given.values:
        if name.startswith(CLAIM) and name.removeprefix(CLAIM) in ("", *_OWN):
            raise given.error(name, f"setting '{name}' would take the place of a claim that has its own setting")


class Minted:
    """A new token with each call: nothing is kept, so nothing outlives its time."""

    def __init__(self, values: Mapping[str, str], place: str, clock: Callable[[], float]) -> None:
        """Raises ValueError: the key is none for the algorithm. It is never quoted."""
        self._values = values
        self._clock = clock
        try:
            self._sign = _signer(values["algorithm"], values["key"].encode())
        except ValueError as error:
            raise ValueError(f"{place}: setting 'key' {error}") from None

    def headers(self, _: object) -> dict[str, str]:
        """The token of this call."""
        return {"Authorization": f"Bearer {self._token(int(self._clock()))}"}

    def renew(self) -> bool:
        """It was new already."""
        return False

    def _token(self, now: int) -> str:
        values = self._values
        head = {"alg": values["algorithm"], "typ": "JWT"} | ({"kid": values["key_id"]} if "key_id" in values else {})
        claims: dict[str, object] = {
            name.removeprefix(CLAIM): text for name, text in values.items() if name.startswith(CLAIM)
        }
        claims |= {"sub": values["subject"]} if "subject" in values else {}
        claims |= {"iss": values["issuer"], "aud": values["audience"]}
        claims |= {"iat": now, "exp": now + int(values.get("lives", LONGEST)), "jti": str(uuid.uuid4())}
        signed = f"{_part(json.dumps(head).encode())}.{_part(json.dumps(claims).encode())}"
        return f"{signed}.{_part(self._sign(signed.encode()))}"


def _signer(algorithm: str, key: bytes) -> Sign:
    if algorithm == "HS256":
        if len(key) < _SHORTEST_SECRET or key.startswith(b"-----BEGIN"):
            raise ValueError(f"must be a secret of at least {_SHORTEST_SECRET} bytes for HS256 (RFC 7518, 3.2)")
        return lambda text: hmac.new(key, text, hashlib.sha256).digest()
    try:
        private = load_pem_private_key(key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("must be a private key in PEM, without a password") from None
    if algorithm == "RS256" and isinstance(private, rsa.RSAPrivateKey) and private.key_size >= _SHORTEST_RSA:
        return lambda text: private.sign(text, padding.PKCS1v15(), hashes.SHA256())
    if algorithm == "ES256" and isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name == "secp256r1":
        return lambda text: _two_halves(private.sign(text, ec.ECDSA(hashes.SHA256())))
    raise ValueError(f"is no key for {algorithm}: RS256 wants RSA of {_SHORTEST_RSA} bits or more, ES256 P-256")


def _two_halves(signature: bytes) -> bytes:
    """As JOSE has it, not as DER."""
    return b"".join(number.to_bytes(_COORDINATE, "big") for number in decode_dss_signature(signature))


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")

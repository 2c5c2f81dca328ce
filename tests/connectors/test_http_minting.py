"""Tokens that we mint, read by another library; and keys that are none."""

import time
from collections.abc import Mapping

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from dsr.connectors import registry
from dsr.connectors.http import HttpService
from dsr.connectors.http.config import http_flaws, http_settings
from tests.connectors.declared import PEOPLE, declared, people_map, people_route
from tests.connectors.maps import rows
from tests.connectors.scripted import Call, Reply

SECRET = "a secret of thirty-two bytes and more"
RSA = rsa.generate_private_key(65537, 2048)
P256 = ec.generate_private_key(ec.SECP256R1())
OWN = {"auth": "jwt", "issuer": "https://portal.example", "audience": "crm", "key": "${KEY}", "key_id": "k1"}
OWN |= {"subject": "rightful", "lives": "60", "claim.scope": "erase"}
ROUTE = people_route(people_map("https://x.example", {}, PEOPLE))
SAM = {"email": (("sam@example.com",),)}


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b"") -> str:
    sealed = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed).decode()


def public(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


KEYS: dict[str, tuple[str, OctKey | RSAKey | ECKey]] = {
    "HS256": (SECRET, OctKey.import_key(SECRET)),
    "RS256": (pem(RSA), RSAKey.import_key(public(RSA))),
    "ES256": (pem(P256), ECKey.import_key(public(P256))),
}


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_service_knows_us_by_a_token_of_our_own_for_each_call(algorithm: str) -> None:
    ours, theirs = KEYS[algorithm]
    claims: list[Mapping[str, object]] = []

    def answer(call: Call) -> Reply:
        scheme, _, text = call.headers["Authorization"].partition(" ")
        token = jwt.decode(text, theirs, algorithms=[algorithm])
        rules = jwt.JWTClaimsRegistry(
            iss={"value": "https://portal.example"}, aud={"value": "crm"}, exp={"essential": True}
        )
        rules.validate(token.claims)
        assert (scheme, token.header) == ("Bearer", {"alg": algorithm, "typ": "JWT", "kid": "k1"})
        claims.append(token.claims)
        return Reply(200, {"people": []})

    own = OWN | {"algorithm": algorithm}
    with declared(answer, own=own, environ={"KEY": ours}) as (connector, service):
        rows(connector, ROUTE, SAM)
        rows(connector, ROUTE, SAM)
        assert ours not in repr(http_settings(people_map(service.url, own, PEOPLE), {"KEY": ours}))
    first, second = claims
    assert (first["sub"], first["scope"], set(first)) == (
        *("rightful", "erase"),
        {"iss", "aud", "sub", "iat", "exp", "jti", "scope"},
    )
    issued, ends = first["iat"], first["exp"]
    assert isinstance(issued, int)
    assert ends == issued + 60
    assert abs(time.time() - issued) < 10
    assert first["jti"] != second["jti"]


def test_a_token_lives_five_minutes_unless_less_is_said() -> None:
    own = {name: text for name, text in OWN.items() if name not in ("lives", "subject", "key_id", "claim.scope")}
    with declared(lambda _: Reply(200, {"people": []}), own=own | {"algorithm": "HS256"}, environ={"KEY": SECRET}) as (
        connector,
        service,
    ):
        rows(connector, ROUTE, SAM)
        told = service.calls[0].headers["Authorization"].removeprefix("Bearer ")
    token = jwt.decode(told, KEYS["HS256"][1])
    assert set(token.claims) == {"iss", "aud", "iat", "exp", "jti"}
    assert (token.claims["exp"] - token.claims["iat"], token.header) == (300, {"alg": "HS256", "typ": "JWT"})


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("HS256", "short"),
        ("HS256", pem(P256)),
        ("RS256", SECRET),
        ("RS256", pem(P256)),
        ("RS256", pem(RSA, b"password")),
        ("RS256", public(RSA).decode()),
        ("RS256", pem(rsa.generate_private_key(65537, 1024))),  # noqa: S505 — too short, as it must not be
        ("ES256", pem(RSA)),
        ("ES256", pem(ec.generate_private_key(ec.SECP384R1()))),
    ],
)
def test_a_key_that_is_none_for_its_algorithm_is_refused_and_not_shown(algorithm: str, key: str) -> None:
    found = people_map("https://x.example", OWN | {"algorithm": algorithm}, PEOPLE)
    with pytest.raises(ValueError, match="setting 'key'") as refused:
        HttpService.from_map(found, {"KEY": key})
    assert key.strip()[-60:-30] not in str(refused.value) or key == "short"


@pytest.mark.parametrize(
    ("change", "setting", "message"),
    [
        ({"key": SECRET}, "key", "must not stand in a map"),
        ({"algorithm": "none"}, "algorithm", "must be one of HS256, RS256, ES256"),
        ({"lives": "301"}, "lives", "from 1 to 300"),
        ({"claim.exp": "9999999999"}, "claim.exp", "has its own setting"),
        ({"claim.": "x"}, "claim.", "has its own setting"),
        ({"issuer": ""}, "issuer", "is empty"),
        ({"auth": "bearer", "token": "${T}"}, "issuer", "unknown setting"),
    ],
)
def test_a_wrong_setting_of_a_token_is_named(change: dict[str, str], setting: str, message: str) -> None:
    (flaw, *_) = registry.flaws(people_map("https://x.example", OWN | {"algorithm": "HS256"} | change, PEOPLE))
    assert (flaw.where[-1], message in flaw.message) == (setting, True)


def test_the_key_may_be_a_reference_and_so_may_the_rest() -> None:
    own = OWN | {"algorithm": "${A}", "key": "${file:/run/secrets/key.pem}", "lives": "${L}", "issuer": "${I}"}
    assert list(http_flaws(people_map("https://x.example", own, PEOPLE))) == []

"""A certificate is believed when its issuer signed it and the signed record holds its entry; nothing else is."""

import base64
import hmac
import json
import warnings
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc.jwk import OKPKey
from joserfc.jws import deserialize_compact

from dsr.record import certificate, note, proof, tree
from dsr.record.note import Head, SigningKey, Unverified
from tests.record.vectors import leaves

LOG = SigningKey("example.com/audit", bytes(range(32)))
ISSUER = SigningKey("example.com/audit/certificates", bytes(range(1, 33)))
LEAVES = leaves(8)
SIGNED = note.sign(Head("example.com/audit", 8, tree.root(LEAVES)).text(), LOG)
PROOF = proof.Proof(5, tuple(tree.inclusion(5, 8, tree.over(LEAVES))), SIGNED)
STATEMENT = {"reference": "R3K-2WN-P5M", "right": "erasure"}
JWS = certificate.build(STATEMENT, LEAVES[5], PROOF, ISSUER)


def encoded(content: object) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def part(number: int) -> Any:  # noqa: ANN401 — JSON
    text = JWS.split(".")[number]
    return json.loads(base64.urlsafe_b64decode(text + "=="))


def signed(header: object, content: object, key: SigningKey = ISSUER) -> str:
    text = f"{encoded(header)}.{encoded(content)}"
    return f"{text}.{encoded(key.sign(text.encode()))}"


def test_it_states_what_was_stated_and_where_it_stands_in_the_record() -> None:
    genuine = certificate.verify(JWS + "\n", [ISSUER.verifier], [LOG.verifier])
    assert STATEMENT.items() <= genuine.statement.items()
    assert (genuine.head.size, genuine.statement["record"]["position"]) == (8, 5)
    assert genuine.issuer == ISSUER.verifier


def test_it_is_a_jws_that_anybody_can_check_with_the_public_key() -> None:
    head, content, signature = JWS.split(".")
    public = Ed25519PublicKey.from_public_bytes(ISSUER.verifier.public)
    public.verify(base64.urlsafe_b64decode(signature + "=="), f"{head}.{content}".encode())
    assert part(0) == {"alg": "EdDSA", "typ": "rightful-certificate", "kid": ISSUER.verifier.kid}


def test_another_library_reads_it_with_the_public_key() -> None:
    public: dict[str, str | list[str]] = {"kty": "OKP", "crv": "Ed25519", "x": encoded(ISSUER.verifier.public)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it would rather see 'Ed25519', the newer name of the algorithm (RFC 9864)
        read = deserialize_compact(JWS, OKPKey.import_key(public), algorithms=["EdDSA"])
    assert STATEMENT.items() <= json.loads(read.payload).items()


def test_its_proof_is_a_tlog_proof() -> None:
    text = part(1)["record"]["proof"]
    assert text.startswith("c2sp.org/tlog-proof@v1\nindex 5\n")
    assert proof.read(text) == PROOF


HEADERS: list[object] = [
    {**part(0), "alg": "none"},
    {**part(0), "alg": "HS256"},
    {**part(0), "alg": "ES256"},
    {**part(0), "alg": "eddsa"},
    {**part(0), "crit": ["exp"]},
    {**part(0), "jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}},
    {**part(0), "typ": "JWT"},
    {**part(0), "kid": LOG.verifier.kid},
    {name: part(0)[name] for name in ("alg", "typ")},
    [],
    "EdDSA",
]


@pytest.mark.parametrize("header", HEADERS)
def test_the_header_chooses_nothing(header: object) -> None:
    with pytest.raises(Unverified):
        certificate.verify(signed(header, part(1)), [ISSUER.verifier], [LOG.verifier])


def test_a_public_key_taken_for_a_shared_secret_signs_nothing() -> None:
    text = f"{encoded({**part(0), 'alg': 'HS256'})}.{encoded(part(1))}"
    forged = hmac.digest(ISSUER.verifier.public, text.encode(), "sha256")
    with pytest.raises(Unverified):
        certificate.verify(f"{text}.{encoded(forged)}", [ISSUER.verifier], [LOG.verifier])


def test_a_changed_letter_anywhere_is_found() -> None:
    for position in range(0, len(JWS), 7):
        letter = "A" if JWS[position] != "A" else "B"
        with pytest.raises(Unverified):
            certificate.verify(JWS[:position] + letter + JWS[position + 1 :], [ISSUER.verifier], [LOG.verifier])


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a.b", JWS + ".", JWS.replace(".", " "), "ä.ö.ü", "=.=.=", "A" * 400_000]
)
def test_what_is_no_certificate_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Unverified):
        certificate.verify(text, [ISSUER.verifier], [LOG.verifier])


def test_the_issuers_signature_alone_does_not_put_it_into_the_record() -> None:
    elsewhere = note.sign(Head("example.com/audit", 8, tree.root(LEAVES)).text(), SigningKey(LOG.name, bytes(32)))
    moved = certificate.build(STATEMENT, LEAVES[5], proof.Proof(4, PROOF.path, SIGNED), ISSUER)
    other = certificate.build(STATEMENT, LEAVES[4], PROOF, ISSUER)
    unsigned = certificate.build(STATEMENT, LEAVES[5], proof.Proof(5, PROOF.path, elsewhere), ISSUER)
    for jws in (moved, other, unsigned):
        with pytest.raises(Unverified):
            certificate.verify(jws, [ISSUER.verifier], [LOG.verifier])


def test_a_proof_of_another_entry_than_the_one_named_is_not_taken() -> None:
    content = part(1)
    content["record"]["position"] = 4
    with pytest.raises(Unverified, match="another entry"):
        certificate.verify(signed(part(0), content), [ISSUER.verifier], [LOG.verifier])


def test_a_key_of_ours_issues_for_its_own_record_alone() -> None:
    elsewhere = SigningKey("elsewhere.example/audit", LOG.seed)
    theirs = note.sign(Head(elsewhere.name, 8, tree.root(LEAVES)).text(), elsewhere)
    jws = certificate.build(STATEMENT, LEAVES[5], proof.Proof(5, PROOF.path, theirs), ISSUER)
    with pytest.raises(Unverified, match="does not issue for the record"):
        certificate.verify(jws, [ISSUER.verifier], [LOG.verifier, elsewhere.verifier])


def test_a_certificate_has_one_spelling() -> None:
    """64 bytes of signature leave spare bits in the last letter; nobody makes a second text of the same certificate."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = JWS[:-1] + letters[letters.index(JWS[-1]) + 1]
    assert base64.urlsafe_b64decode(twin.split(".")[2] + "==") == base64.urlsafe_b64decode(JWS.split(".")[2] + "==")
    for text in (twin, JWS + "=="):
        with pytest.raises(Unverified):
            certificate.verify(text, [ISSUER.verifier], [LOG.verifier])


def test_a_certificate_of_no_length_that_we_issue_is_not_even_read() -> None:
    key, content = ISSUER, {**part(1), "padding": "a" * certificate.LONGEST}
    with pytest.raises(Unverified, match="three parts"):
        certificate.verify(signed(part(0), content, key), [ISSUER.verifier], [LOG.verifier])


def test_a_form_of_the_future_is_not_guessed_at() -> None:
    with pytest.raises(Unverified, match="does not know"):
        certificate.verify(signed(part(0), {**part(1), "format": 2}), [ISSUER.verifier], [LOG.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v2\nindex 5\n\n" + SIGNED,
        "c2sp.org/tlog-proof@v1\n\n" + SIGNED,
        "c2sp.org/tlog-proof@v1\nindex 05\n\n" + SIGNED,
        "c2sp.org/tlog-proof@v1\nindex 5\nAAAA\n\n" + SIGNED,
    ],
)
def test_a_proof_that_cannot_be_read_proves_nothing(text: str) -> None:
    with pytest.raises(Unverified):
        proof.read(text)


def test_a_proof_may_carry_something_extra() -> None:
    text = PROOF.text().replace("\nindex", "\nextra QUJD\nindex", 1)
    assert proof.read(text) == PROOF

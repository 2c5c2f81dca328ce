"""What an app signs counts for one portal, for five minutes, and as it was signed."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dsr.record import assertion, jws
from dsr.record.note import SigningKey, Unverified

AT = datetime(2026, 11, 3, 9, tzinfo=UTC)
KEY = SigningKey("app", bytes(range(32)))
PORTAL = "https://privacy.example.com"
NONCE = "abcdefghijklmnopqrstuv"
SAM = {"account": "jp000001"}


def read(text: str, at: datetime = AT) -> assertion.Vouched:
    """As the portal reads it."""
    return assertion.read(text, "joypix", PORTAL, [KEY.verifier], at=at)


def claimed(**claims: Any) -> str:
    """Signed by the right key, with these claims."""
    now = int(AT.timestamp())
    said = {"iss": "joypix", "aud": PORTAL, "iat": now, "exp": now + 300, "jti": NONCE, "identifiers": SAM}
    return jws.sign(assertion.KIND, said | claims, KEY)


def test_what_was_signed_is_read_again() -> None:
    text = assertion.make("joypix", PORTAL, SAM, KEY, nonce=NONCE, at=AT)
    assert read(text) == assertion.Vouched(SAM, NONCE, AT + timedelta(minutes=5))
    assert read(text, AT + timedelta(minutes=4, seconds=59)).identifiers == SAM


@pytest.mark.parametrize("after", [timedelta(minutes=5), timedelta(days=1), -timedelta(seconds=31)])
def test_before_its_time_and_after_five_minutes_it_counts_for_nothing(after: timedelta) -> None:
    with pytest.raises(Unverified, match="time"):
        read(claimed(), AT + after)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "pixplus"},
        {"aud": "https://evil.example"},
        {"exp": int(AT.timestamp()) + 301},
        {"exp": int(AT.timestamp()) - 1},
        {"exp": True},
        {"iat": "now"},
        {"jti": "short"},
        {"jti": None},
        {"identifiers": {}},
        {"identifiers": {"account": 7}},
        {"identifiers": [*SAM]},
        {"identifiers": {str(number): "x" for number in range(6)}},
        {"admin": True},
    ],
)
def test_other_claims_than_these_are_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(Unverified):
        read(claimed(**claims))


def test_of_a_changed_one_not_a_letter_counts() -> None:
    text = claimed()
    for place in range(0, len(text), 7):
        bent = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(Unverified):
            read(bent)


def test_no_other_key_no_other_kind_and_no_missing_signature_is_taken() -> None:
    stranger = SigningKey("app", secrets.token_bytes(32))
    certificate = jws.sign("certificate", {"iss": "joypix"}, KEY)
    for text in (
        assertion.make("joypix", PORTAL, SAM, stranger, nonce=NONCE, at=AT),
        certificate,
        claimed().rpartition(".")[0] + ".",
        "",
    ):
        with pytest.raises(Unverified):
            read(text)

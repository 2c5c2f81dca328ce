"""Checkpoints are C2SP signed notes, so that anybody's tool can check them; nothing else passes for one."""

import base64

import pytest

from dsr.record import note
from dsr.record.note import Head, SigningKey, Unverified

# The example that Go's sumdb/note publishes: key, text, and the one right signature.
VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNED = (
    f"{TEXT}\n— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
KEY = SigningKey("example.com/audit", bytes(range(32)))
OTHER = SigningKey("example.com/audit", bytes(32))
WITNESS = SigningKey("witness.example", bytes(range(1, 33)))
HEAD = Head("example.com/audit", 7, "ab" * 32)


def test_key_and_signature_are_those_of_the_published_example() -> None:
    key = SigningKey("PeterNeumann", SEED)
    assert str(key.verifier) == VERIFIER
    assert note.sign(TEXT, key) == SIGNED
    assert note.verified(SIGNED, [note.read_key(VERIFIER)]) == TEXT


def test_a_checkpoint_says_log_size_and_root() -> None:
    signed = note.sign(HEAD.text(), KEY)
    assert signed.split("\n")[:2] == ["example.com/audit", "7"]
    assert note.verified_head(signed, [KEY.verifier]) == HEAD


def test_a_witness_may_sign_below_us() -> None:
    signed = note.sign(HEAD.text(), KEY)
    beside = note.sign(HEAD.text(), WITNESS).splitlines(keepends=True)[-1]
    assert note.verified_head(signed + beside, [KEY.verifier]) == HEAD
    assert note.verified_head(signed + beside, [KEY.verifier, WITNESS.verifier]) == HEAD


def test_a_witness_alone_vouches_for_no_checkpoint() -> None:
    """Its name is not the log's: whoever we trust to look is not trusted to write."""
    with pytest.raises(Unverified):
        note.verified_head(note.sign(HEAD.text(), WITNESS), [KEY.verifier, WITNESS.verifier])


def test_a_key_of_before_still_verifies_beside_the_new_one() -> None:
    assert note.verified_head(note.sign(HEAD.text(), OTHER), [KEY.verifier, OTHER.verifier]) == HEAD


@pytest.mark.parametrize(
    "bent",
    [
        lambda text: text.replace("\n7\n", "\n8\n"),
        lambda text: text.replace("example.com/audit\n", "example.org/audit\n"),
        lambda text: text.replace("— example.com/audit", "— example.org/audit"),
        lambda text: text.replace("— ", "- "),
        lambda text: text.replace("\n\n", "\n"),
        lambda text: text.rstrip("\n"),
        lambda text: text + "\n",
        lambda text: text.replace("=\n", "\n"),
        lambda text: text[:-10] + "AAAAAAAA=\n",
        lambda text: text + text.splitlines()[-1][:-6] + "AAAA=\n",
        lambda _: note.sign(HEAD.text(), OTHER),
        lambda _: note.sign(HEAD.text(), WITNESS),
        lambda _: "",
        lambda _: "\n\n",
        lambda text: text * 2000,
    ],
)
def test_nothing_but_the_signed_text_is_taken(bent: object) -> None:
    assert callable(bent)
    with pytest.raises(Unverified):
        note.verified_head(bent(note.sign(HEAD.text(), KEY)), [KEY.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "example.com/audit\n7\n",
        "example.com/audit\n07\n" + "A" * 43 + "=\n",
        "example.com/audit\n-7\n" + "A" * 43 + "=\n",
        "example.com/audit\n٧\n" + "A" * 43 + "=\n",
        "example.com/audit\n7\nAAAA\n",
        "example.com/audit\n7\n" + "A" * 42 + "B=\n",
        "example.com/audit\n7\n" + "A" * 43 + "=\n\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_not_read_as_one(text: str) -> None:
    with pytest.raises(Unverified):
        note.read_head(text)


def test_a_note_that_is_longer_than_any_of_ours_is_not_even_read() -> None:
    most = note.LONGEST - len(note.sign("\n", KEY))
    assert note.verified(note.sign("a" * most + "\n", KEY), [KEY.verifier])
    with pytest.raises(Unverified):
        note.verified(note.sign("a" * (most + 1) + "\n", KEY), [KEY.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        VERIFIER.replace("c74f20a3", "c74f20a4"),
        VERIFIER.replace("PeterNeumann", "PeterNewmann"),
        VERIFIER[:-4],
        VERIFIER.replace("+ARpc", "+AhpC"),
        VERIFIER.replace("PeterNeumann", "Peter Neumann"),
    ],
)
def test_a_verifier_key_that_was_miscopied_is_not_used(text: str) -> None:
    with pytest.raises(Unverified):
        note.read_key(text)

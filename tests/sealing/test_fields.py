"""What a sealed column promises: it opens in its place only, and not at all once changed."""

import secrets

import pytest

from dsr.sealing.fields import Unsealable, keyed_hash, keyed_hashes, seal, unseal
from dsr.sealing.keyring import KeysMissing, Ring

RING = Ring("k1", {"k1": secrets.token_bytes(32)})
ROTATED = Ring("k2", {**RING.keys, "k2": secrets.token_bytes(32)})


def test_a_sealed_text_opens_in_its_place() -> None:
    assert unseal(RING, seal(RING, "Zoë".encode(), "identity/1/value"), "identity/1/value") == "Zoë".encode()


@pytest.mark.parametrize("place", ["identity/2/value", "notice/1/value", "identity/1/other", ""])
def test_a_sealed_text_opens_nowhere_else(place: str) -> None:
    text = seal(RING, b"sam@example.com", "identity/1/value")
    with pytest.raises(Unsealable):
        unseal(RING, text, place)


def test_two_texts_that_were_swapped_open_no_more() -> None:
    mine, other = seal(RING, b"sam", "row/1"), seal(RING, b"mallory", "row/2")
    for text, place in ((other, "row/1"), (mine, "row/2")):
        with pytest.raises(Unsealable):
            unseal(RING, text, place)


def test_no_change_of_any_character_goes_unseen() -> None:
    text = seal(RING, b"sam@example.com", "row/1")
    opened = []
    for place in range(len(text)):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        try:
            opened.append(unseal(RING, changed, "row/1"))
        except (Unsealable, KeysMissing):
            continue
    # Base64's last character holds spare bits that mean nothing; what opens is at least the same.
    assert set(opened) <= {b"sam@example.com"}
    assert len(opened) <= 2


@pytest.mark.parametrize(
    "text", ["x", "v2.k1.AAAA.AAAA", "v1.k1..", "v1.k1.AAAA", "v1.k1.é.é", "v1.k1.AAAAAAAAAAAAAAAA."]
)
def test_what_we_never_sealed_is_refused_in_plain_words(text: str) -> None:
    with pytest.raises(Unsealable):
        unseal(RING, text, "row/1")


def test_the_same_text_never_looks_the_same_twice() -> None:
    assert len({seal(RING, b"sam", "row/1") for _ in range(100)}) == 100


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    old, new = seal(RING, b"old", "row/1"), seal(ROTATED, b"new", "row/1")
    assert (unseal(ROTATED, old, "row/1"), unseal(ROTATED, new, "row/1")) == (b"old", b"new")
    assert new.startswith("v1.k2.")


def test_a_text_whose_key_is_gone_says_which_key() -> None:
    with pytest.raises(KeysMissing, match="k2"):
        unseal(RING, seal(ROTATED, b"new", "row/1"), "row/1")


def test_a_hash_tells_values_and_purposes_apart() -> None:
    hashes = {keyed_hash(RING, purpose, value) for purpose in ("a", "b") for value in ("a", "b", "ab")}
    assert len(hashes) == 6


def test_the_border_between_purpose_and_value_cannot_be_moved() -> None:
    assert keyed_hash(RING, "identity:email", "x") != keyed_hash(RING, "identity:", "emailx")


def test_after_a_change_of_keys_an_old_hash_is_still_found() -> None:
    assert keyed_hash(RING, "identity:email", "sam") in keyed_hashes(ROTATED, "identity:email", "sam")
    assert keyed_hash(ROTATED, "identity:email", "sam") in keyed_hashes(ROTATED, "identity:email", "sam")

"""Identifiers are kept exactly as they are, and look-alikes are refused (M6)."""

import random

import pytest

from dsr.law.identifiers import clean, one_mailbox


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("sam@example.com", "sam@example.com"),
        ("  sam@example.com\n", "sam@example.com"),
        ("Sam.Smith+tag@Example.COM", "Sam.Smith+tag@example.com"),
        ("o'neil@example.co.uk", "o'neil@example.co.uk"),
        ("sam@münchen.de", "sam@münchen.de"),
        ("sam@München.de", "sam@münchen.de"),
        ("sam@xn--mnchen-3ya.de", "sam@xn--mnchen-3ya.de"),
        ("sam@1and1.com", "sam@1and1.com"),
        ("a..b@docomo.example.jp", "a..b@docomo.example.jp"),
    ],
)
def test_an_address_is_kept_as_its_owner_writes_it(typed: str, kept: str) -> None:
    assert clean("email", typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "sam＠example.com",  # full-width @
        "sam@example．com",  # full-width full stop
        "sam@example。com",  # ideographic full stop, a dot for IDNA
        "sam@example｡com",
        "sam@ｅxample.com",
        "ｓam@example.com",
        "sam@e\u212aample.com",  # Kelvin sign
        "\u212aate@example.com",
        "\u017fam@example.com",  # long s
        "sam@\u017fample.com",
        "sam@ex\u00aample.com",  # feminine ordinal
        "sam@\ufb01sh.example",  # ligature fi
        "\ufb01sh@example.com",
        "sam@example.c\u2092m",  # subscript o
        "sam@\u2460.example",  # circled one
        "sam@\U0001d41axample.com",  # mathematical bold a
        "\u2148@example.com",  # double-struck i
        "sam@stra\u00dfe.example",  # sharp s, which IDNA turns into ss
        "sam@STRA\u1e9eE.example",
        "sam@\u0130stanbul.example",  # capital i with a dot
        "sam@\u212bngstrom.example",  # Angstrom sign
        "ju\u0308rgen@example.com",  # two characters for one ü
    ],
)
def test_a_form_that_would_turn_into_another_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"looks like another|form name@"):
        clean("email", typed)


@pytest.mark.parametrize(
    "hidden",
    list("\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\u2066\u200f\u061c\x00\x07\x1b\u2028\ud800\ue000\U000e0041\n"),
)
@pytest.mark.parametrize("kind", ["email", "account", "social", "device", "phone"])
def test_characters_that_cannot_be_seen_are_refused(kind: str, hidden: str) -> None:
    with pytest.raises(ValueError, match="cannot be seen"):
        clean(kind, f"sa{hidden}m@example.com")


@pytest.mark.parametrize("hidden", ["\u034f", "\u115f", "\u3164", "\ufe0f", "\uffa0", "\u180b"])
@pytest.mark.parametrize("address", ["sa{}m@example.com", "sam@exam{}ple.com"])
def test_fillers_are_refused_in_an_address(address: str, hidden: str) -> None:
    with pytest.raises(ValueError, match="looks like another"):
        clean("email", address.format(hidden))


@pytest.mark.parametrize(
    "typed",
    [
        "sam",
        "@example.com",
        "sam@",
        "sam@@example.com",
        "sam@evil@example.com",
        "sam@localhost",
        "sam@.example.com",
        "sam@example..com",
        "sam@example.com.",
        "sam@-example.com",
        "sam@example-.com",
        "sam@exa_mple.com",
        "sam@127.0.0.1",
        "sam@[127.0.0.1]",
        "sam smith@example.com",
        "sam@exam ple.com",
        '"sam"@example.com',
        "Sam <sam@example.com>",
        "sam,mallory@example.com",
        "sam;mallory@example.com",
        "sam\\@example.com",
        f"{'a' * 65}@example.com",
        f"sam@{'a' * 64}.com",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"form name@|not a domain"):
        clean("email", typed)


def test_mallorys_cyrillic_domain_is_never_sams() -> None:
    assert clean("email", "sam@ex\u0430mple.org") != clean("email", "sam@example.org")


@pytest.mark.parametrize("local", ["m\u0131ke", "张伟", "мама", "é" * 32, "=?utf-8?q?sam?=", "=?utf-8?q?=ff?="])
def test_an_address_that_a_mail_header_would_change_is_refused(local: str) -> None:
    with pytest.raises(ValueError, match="We cannot write to an address"):
        clean("email", f"{local}@example.com")


def test_10000_aliases_stay_10000_addresses() -> None:
    chance = random.Random(7)
    letters = "abcdefghijklmnop"
    aliases: set[str] = set()
    while len(aliases) < 10_000:
        name = "".join(chance.choice([letter, letter + "."]) for letter in letters)
        aliases.add(f"{name}+{chance.choice(['', 'shop', 'news'])}@example.com")
    assert {clean("email", alias) for alias in aliases} == aliases


@pytest.mark.parametrize(("length", "fits"), [(254, True), (255, False)])
def test_an_address_fits_into_a_mails_envelope(length: int, fits: bool) -> None:
    domain = ".".join(["d" * 60] * 4)
    typed = f"{'a' * (length - len(domain) - 1)}@{domain}"
    try:
        accepted = clean("email", typed) == typed
    except ValueError:
        accepted = False
    assert (len(typed), accepted) == (length, fits)


@pytest.mark.parametrize("kind", ["account", "social", "device", "phone"])
@pytest.mark.parametrize("typed", ["42", "google-oauth2|1182", "A1B2-C3D4", "+86 19241509232", "ｆｕｌｌ", "x" * 200])
def test_other_identifiers_are_kept_exactly(kind: str, typed: str) -> None:
    assert clean(kind, f" {typed} ") == typed


@pytest.mark.parametrize("kind", ["account", "social", "device", "phone"])
def test_other_identifiers_have_a_length(kind: str) -> None:
    with pytest.raises(ValueError, match="too long"):
        clean(kind, "x" * 201)


@pytest.mark.parametrize("kind", ["email", "account"])
@pytest.mark.parametrize("typed", ["", "   ", "\t\n"])
def test_nothing_is_no_identifier(kind: str, typed: str) -> None:
    with pytest.raises(ValueError, match="Enter"):
        clean(kind, typed)


def test_an_unknown_kind_is_said() -> None:
    with pytest.raises(ValueError, match="do not know"):
        clean("passport", "C01X00T47")


def test_one_mailbox_in_another_spelling_is_seen_and_two_mailboxes_stay_two() -> None:
    for spelling in ("SAM.ORTIZ@example.com", "samortiz@example.com", "sam.ortiz+second@EXAMPLE.com"):
        assert one_mailbox(spelling, "sam.ortiz@example.com")
    assert one_mailbox("sam@googlemail.com", "s.am@gmail.com")
    for other in ("sam.ortiz@example.org", "sam@example.com", "mallory+sam.ortiz@example.com"):
        assert not one_mailbox(other, "sam.ortiz@example.com")

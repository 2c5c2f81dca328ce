"""Passwords: long, in nobody's list, kept by Argon2id."""

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts import staff
from accounts.hashers import Argon2id
from accounts.models import Role, Staff
from dsr import settings


def refused(password: str, user: Staff | None = None) -> list[str | None]:
    try:
        validate_password(password, user)
    except ValidationError as wrong:
        return [error.code for error in wrong.error_list]
    return []


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "Password12345678",
        "!!qwertyuiop1234567",
        "1q2w3e4r5t6y7u8i",
        "123456789123456789",
        "dragon-1234567890",
        "aaaaaaaaaaaaaaaaaa",
        "Rightful-2026-2026",
    ],
)
def test_what_is_guessed_first_is_taken_by_nobody_however_long(password: str) -> None:
    assert "password_too_common" in refused(password)


@pytest.mark.django_db
def test_eight_characters_are_enough_beside_a_second_factor_and_fifteen_without() -> None:
    staff.add("dana", "Dana Reyes", [("joypix", Role.AGENT)], email="dana.reyes@example.com")
    dana = Staff.objects.get()
    assert [refused(text, dana) for text in ("gn7#kwq", "gn7#kwq2")] == [["too_short"], []]
    assert [refused(text) for text in ("gn7#kwq2", "heron bog trams")] == [["too_short"], []]
    assert "too_long" in refused("heron bog trams " * 17)
    assert "password_too_similar" in refused("dana.reyes@example", dana)


def test_passwords_are_kept_by_argon2id_and_older_ones_are_hashed_anew() -> None:
    assert settings.PASSWORD_HASHERS[0] == "accounts.hashers.Argon2id"
    hasher = Argon2id()
    kept = hasher.encode("heron bog trams", hasher.salt())
    assert kept.startswith("argon2id$argon2id$v=19$m=19456,t=2,p=1$")
    assert len(kept) <= 128
    assert (hasher.verify("heron bog trams", kept), hasher.verify("heron bog tram", kept)) == (True, False)
    assert (hasher.must_update(kept), hasher.must_update(kept.replace("t=2", "t=1"))) == (False, True)
    assert PBKDF2PasswordHasher.__module__ in settings.PASSWORD_HASHERS[1]

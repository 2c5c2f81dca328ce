"""References and codes that can be read aloud, such as R3K-2WN-P5M."""

import re
import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 O 1 I L U: none is taken for another
LENGTH = 9


def new_reference() -> str:
    """Nine random characters (44 bits) in three groups."""
    return grouped("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))


CODE = 8  # characters: a million tries succeed with 1 in 650,000


def new_code() -> str:
    """A one-time code of the same characters, which are hard to take for others."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE))


def read_code(text: str) -> str:
    """A typed code without what separates its characters, in capitals."""
    return "".join(character for character in text if character.isalnum()).upper()


def read_reference(text: str) -> str | None:
    """The reference a person typed, whatever its case and separators; None when it cannot be one."""
    bare = re.sub(r"[\s\-‐‑–—.]", "", text).upper()
    return grouped(bare) if len(bare) == LENGTH and set(bare) <= set(ALPHABET) else None


def grouped(bare: str) -> str:
    """Three characters at a time, joined by hyphens."""
    return "-".join(bare[place : place + 3] for place in range(0, len(bare), 3))

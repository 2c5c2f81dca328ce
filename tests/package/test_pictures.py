"""The page shows a picture only when it can tell that the reader's memory will hold it."""

from collections.abc import Callable
from struct import pack

import pytest

from dsr.package.naming import sniffed
from dsr.package.pictures import MOST


def png(wide: int, high: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + pack(">II", wide, high)


def gif(wide: int, high: int) -> bytes:
    """A small screen, colours, a comment, and then the picture."""
    return (
        b"GIF89a" + pack("<HHBBB", 1, 1, 0x81, 0, 0) + bytes(12) + b"!\xfe\x03abc\0," + pack("<HHHH", 0, 0, wide, high)
    )


def screen(wide: int, high: int) -> bytes:
    return b"GIF87a" + pack("<HHBBB", wide, high, 0, 0, 0) + b"," + pack("<HHHH", 0, 0, 1, 1)


def jpeg(wide: int, high: int) -> bytes:
    """Behind what a camera tells of itself, and a table that looks like a frame."""
    told = b"\xff\xe1" + pack(">H", 60_002) + b"\xff\xc0" * 30_000
    return b"\xff\xd8" + told * 2 + b"\xff\xff\xff\xc4\0\4ab\xff\xc2\0\x11\x08" + pack(">HH", high, wide)


def webp(wide: int, high: int) -> bytes:
    size = (wide - 1).to_bytes(3, "little") + (high - 1).to_bytes(3, "little")
    return b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + size


def lossless(wide: int, high: int) -> bytes:
    return b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0/" + pack("<I", wide - 1 | high - 1 << 14) + bytes(5)


def lossy(wide: int, high: int) -> bytes:
    return b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a" + pack("<HH", wide, high | 0x4000)


def shown(content: bytes) -> bool:
    """As it arrives in small pieces."""
    found = sniffed(content[at : at + 1000] for at in range(0, len(content), 1000))
    assert b"".join(found.chunks) == content
    return found.picture


ALL = pytest.mark.parametrize("made", [png, gif, screen, jpeg, webp, lossless, lossy])


@ALL
def test_a_picture_that_unpacks_to_more_than_a_screen_can_use_is_not_shown(made: Callable[[int, int], bytes]) -> None:
    assert shown(made(8_192, 6_144))
    assert shown(made(8_192, 6_144) + bytes(300_000))
    assert not shown(made(8_192, 6_145))
    assert not shown(made(16_000, 16_000))


@ALL
def test_a_picture_that_hides_its_size_is_not_shown(made: Callable[[int, int], bytes]) -> None:
    whole = made(640, 480)
    assert not any(shown(whole[:length]) for length in {*range(1, min(60, len(whole))), len(whole) - 7})


@pytest.mark.parametrize("content", [b"", b"<svg onload=alert(1)>", b"%PDF-1.7", b"\x1a\x45\xdf\xa3webm", b"MZ\x90\0"])
def test_what_is_no_picture_is_not_shown_as_one(content: bytes) -> None:
    assert not shown(content)


def test_the_largest_that_is_shown_is_what_a_telephone_takes() -> None:
    assert 50_000_000 < MOST < 51_000_000

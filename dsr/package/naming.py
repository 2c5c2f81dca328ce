"""Names of ours for files of theirs: what a file is shows in its first bytes, never in its name."""

from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import NamedTuple

from dsr.package import pictures

# The formats name themselves within their first bytes; WebM within the first block.
HEAD = 64
PICTURES = frozenset({"png", "jpg", "gif", "webp"})
PACKED = PICTURES | {"mp4", "webm", "pdf"}  # deflating them would save nothing

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"%PDF-", "pdf"),
)
_MP4_BRANDS = (b"iso", b"mp4", b"avc1", b"M4V", b"MSNV", b"dash")


def extension(head: bytes) -> str:
    """The extension for content that starts with `head`; 'bin' for all that we do not know."""
    for start, name in _STARTS:
        if head.startswith(start):
            return name
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp" and head[8:12].startswith(_MP4_BRANDS):
        return "mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head:
        return "webm"
    return "txt" if _is_text(head) else "bin"


def _is_text(head: bytes) -> bool:
    """Whether it is UTF-8 without control characters; the last character may be cut off."""
    try:
        text = getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return bool(text) and all(sign.isprintable() or sign in "\t\r\n\ufeff" for sign in text)


class Sniffed(NamedTuple):
    """A file's extension, whether it is a picture that a page may show, and all of its chunks again."""

    extension: str
    picture: bool
    chunks: Iterator[bytes]


def sniffed(chunks: Iterator[bytes]) -> Sniffed:
    """Look at the first bytes."""
    head = _head(b"", chunks, HEAD)
    name = extension(head[:HEAD])
    if name in PICTURES:
        head = _head(head, chunks, pictures.HEAD)
    return Sniffed(name, pictures.showable(name, head), _again(head, chunks))


def _head(head: bytes, chunks: Iterator[bytes], length: int) -> bytes:
    taken = bytearray(head)
    while len(taken) < length and (chunk := next(chunks, None)) is not None:
        taken += chunk
    return bytes(taken)


def _again(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest

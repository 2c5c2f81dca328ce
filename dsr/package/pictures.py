"""How large a picture would be on the screen, by its first bytes: a small file can take all of a reader's memory."""

from collections.abc import Callable

HEAD = 1 << 18  # bytes; in a JPEG the size stands behind what the camera tells of itself
MOST = 8_192 * 6_144  # pixels: what the best telephones take

_MARKER = 0xFF
_STANDALONE = frozenset({0x01, *range(0xD0, 0xDA)})  # markers without a length
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCREEN = 13  # bytes of a GIF before its colours


def showable(extension: str, head: bytes) -> bool:
    """Whether a page may show it. A picture that does not say its size is none, or wants to hide it."""
    if extension not in _PIXELS:
        return False
    length, pixels = _PIXELS[extension]
    return len(head) >= length and 0 < pixels(head) <= MOST


def _png(head: bytes) -> int:
    return int.from_bytes(head[16:20], "big") * int.from_bytes(head[20:24], "big")


def _gif(head: bytes) -> int:
    """The screen, or its first picture, for which a reader makes the screen larger."""
    screen = _little(head, 6) * _little(head, 8)
    at = _SCREEN + (3 << (head[10] & 7) + 1 if head[10] & 0x80 else 0)
    while head[at : at + 1] == b"!":  # extensions, in blocks that each begin with their length
        at += 2
        while at < len(head) and head[at]:
            at += head[at] + 1
        at += 1
    if head[at : at + 1] != b"," or len(head) < at + 9:
        return 0
    return max(
        screen, (_little(head, at + 1) + _little(head, at + 5)) * (_little(head, at + 3) + _little(head, at + 7))
    )


def _webp(head: bytes) -> int:
    if head[12:16] == b"VP8X":
        return (1 + int.from_bytes(head[24:27], "little")) * (1 + int.from_bytes(head[27:30], "little"))
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (1 + (bits & 0x3FFF)) * (1 + (bits >> 14 & 0x3FFF))
    return (_little(head, 26) & 0x3FFF) * (_little(head, 28) & 0x3FFF)


def _jpeg(head: bytes) -> int:
    at = 2
    while at + 9 <= len(head) and head[at] == _MARKER:
        marker = head[at + 1]
        if marker in _FRAMES:
            return int.from_bytes(head[at + 5 : at + 7], "big") * int.from_bytes(head[at + 7 : at + 9], "big")
        if marker == _MARKER:  # a filling byte
            at += 1
        else:
            at += 2 if marker in _STANDALONE else 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return 0


def _little(head: bytes, at: int) -> int:
    return int.from_bytes(head[at : at + 2], "little")


# With the length that each looks at anyhow.
_PIXELS: dict[str, tuple[int, Callable[[bytes], int]]] = {
    "png": (24, _png),
    "gif": (_SCREEN, _gif),
    "webp": (30, _webp),
    "jpg": (2, _jpeg),
}

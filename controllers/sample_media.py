"""Small real files for the sample media stores: pictures, sound and text, from the standard library."""

import io
import os
import random
import struct
import wave
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

# Names people really give to files, and some that they should not.
NAMES = (
    "portrait.png",
    "IMG_2041.png",
    "我的照片.png",
    "صورة العائلة.png",
    "🎉 birthday.png",
    "=SUM(A1).png",
    "<b>cat<b>.png",
    "..hidden..png",
    "naïve file (1).png",
    "\u202egnp.fox.png",
)


def picture(chance: random.Random, side: int = 48) -> bytes:
    """A PNG: two colours melting into one another, with a disc."""
    first, last = (tuple(chance.randrange(256) for _ in range(3)) for _ in range(2))
    centre, radius = (chance.randrange(side), chance.randrange(side)), chance.randrange(4, side // 2)
    tones = [
        bytes(int(one + (two - one) * (x / side)) for one, two in zip(first, last, strict=True))
        for x in range(side + 1)
    ]
    rows = bytearray()
    for y in range(side):
        rows.append(0)  # filter type of the row: none
        for x in range(side):
            inside = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < radius**2
            rows += tones[side - x if inside else x]
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)  # 8 bits, RGB
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(kind, content) for kind, content in parts)


def _part(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def voice(chance: random.Random) -> bytes:
    """A WAV of a quarter of a second: one saw-tooth tone."""
    step = chance.randrange(2, 9)
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(bytes((place * step) % 256 for place in range(2000)))
    return file.getvalue()


def name_of(chance: random.Random, number: int) -> str:
    """A file name, unique by its number."""
    return f"{number:03d} {chance.choice(NAMES)}"


@dataclass(frozen=True, slots=True)
class Store:
    """A folder that plays a media store: <prefix>/<account>/<name>."""

    root: Path

    def prepare(self, *prefixes: str) -> None:
        """Make the folders of the store, so that even an empty collection exists."""
        for prefix in prefixes:
            (self.root / prefix).mkdir(parents=True, exist_ok=True)

    def put(self, prefix: str, account: str, name: str, content: bytes, at: datetime) -> None:
        """Write a file, as old as `at` says."""
        folder = self.root / prefix / account
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_bytes(content)
        os.utime(path, (at.timestamp(), at.timestamp()))

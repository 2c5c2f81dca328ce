"""The ZIP opens everywhere: by its directory, as a stream, with one file or with as many and as large as there are."""

import io
import random
import re
import shutil
import subprocess
import sys
import zlib
from datetime import UTC, datetime
from pathlib import Path
from struct import unpack
from zipfile import ZIP_STORED, ZipFile

import pytest

from dsr.package.zipping import BLOCK, SHORT, Waiting, Zip

AT = datetime(2026, 3, 12, 9, 30, 58, tzinfo=UTC)
NOISE = random.Random(3).randbytes(300_000)
LINES = b"".join(b"%d,2026-03-12,/create,Pixel 9\r\n" % number for number in range(9_000))
READERS = {"unzip": ("unzip", "-t", "-qq"), "7z": ("7z", "t"), "bsdtar": ("bsdtar", "-tf"), "jar": ("jar", "-tf")}
Contents = dict[str, tuple[bool, bytes]]

CONTENTS: Contents = {
    "R/empty": (False, b""),
    "R/short.txt": (False, b"Sam " * 100),
    "R/short.bin": (False, NOISE[:900]),
    "R/short.png": (True, b"Sam " * 100),
    **{f"R/{size}.csv": (False, LINES[:size]) for size in (SHORT - 1, SHORT, SHORT + 1)},
    **{f"R/{size}.png": (True, NOISE[:size]) for size in (SHORT, SHORT + 1, 2 * BLOCK, 2 * BLOCK + 1)},
    "R/long.csv": (False, LINES),
    "R/long.bin": (False, NOISE),
    "R/long.mp4": (True, NOISE),
}


def zipped(contents: Contents, piece: int = 50_000, *, first: str = "") -> bytes:
    out = io.BytesIO()
    whole = Zip(out, AT)
    for name, (packed, content) in contents.items():
        with whole.member(name, packed=packed, first=name == first) as member:
            for at in range(0, len(content), piece):
                member.write(content[at : at + piece])
    whole.folder("R/data")
    whole.close()
    return out.getvalue()


def streamed(content: bytes) -> dict[str, bytes]:
    """What a reader finds that knows no directory, and goes from member to member."""
    found, at = {}, 0
    while content[at : at + 4] == b"PK\3\4":
        flags, method = unpack("<2H", content[at + 6 : at + 10])
        crc, taken, _, named, extra = unpack("<3L2H", content[at + 14 : at + 30])
        name = content[at + 30 : at + 30 + named].decode()
        at += 30 + named + extra
        if flags & 8:
            inflating = zlib.decompressobj(-15)
            found[name] = inflating.decompress(content[at:])
            end = len(content) - len(inflating.unused_data)
            wide = max(end - at, len(found[name])) > 0xFFFF_FFFF  # as Java's reader of streams tells it
            length, shape = (24, "<4sLQQ") if wide else (16, "<4s3L")
            mark, crc, taken, size = unpack(shape, content[end : end + length])
            assert (mark, taken, size) == (b"PK\7\10", end - at, len(found[name]))
            at = end + length
        else:
            body = content[at : at + taken]
            found[name] = zlib.decompress(body, -15) if method else body
            at += taken
        assert crc == zlib.crc32(found[name])
    return found


@pytest.mark.parametrize("piece", [1_000, SHORT, 1 << 20])
def test_what_went_in_comes_out_in_pieces_of_any_length(piece: int) -> None:
    with ZipFile(io.BytesIO(zipped(CONTENTS, piece))) as package:
        assert package.testzip() is None
        assert package.namelist() == [*CONTENTS, "R/data/"]
        for name, (_, content) in CONTENTS.items():
            assert package.read(name) == content
            assert package.getinfo(name).date_time == (2026, 3, 12, 9, 30, 58)


def test_who_reads_it_as_a_stream_finds_the_same() -> None:
    expected = {name: content for name, (_, content) in CONTENTS.items()}
    assert streamed(zipped(CONTENTS)) == {**expected, "R/data/": b""}


@pytest.mark.parametrize("reader", [name for name in READERS if shutil.which(name)] or ["python"])
def test_every_reader_that_stands_here_opens_it(reader: str, tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(zipped(CONTENTS, first="R/long.csv"))
    command = READERS.get(reader, (sys.executable, "-m", "zipfile", "-t"))
    assert subprocess.run([*command, path], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("content", [b"", b"short", LINES])
def test_a_member_that_waits_follows_the_one_beside_which_it_is_written(content: bytes) -> None:
    out = io.BytesIO()
    whole = Zip(out, AT)
    waiting = Waiting(whole, "R/rows.csv")
    with whole.member("R/rows.json") as member:
        for at in range(0, len(LINES), 50_000):
            member.write(LINES[at : at + 50_000])
            waiting.content.write(content[at : at + 50_000])
    whole.follow(waiting)
    whole.close()
    with ZipFile(io.BytesIO(out.getvalue())) as package:
        assert package.testzip() is None
        assert {name: package.read(name) for name in package.namelist()} == streamed(out.getvalue())
    assert streamed(out.getvalue()) == {"R/rows.json": LINES, "R/rows.csv": content}


def test_text_shrinks_and_what_is_packed_hardly_grows() -> None:
    with ZipFile(io.BytesIO(zipped(CONTENTS))) as package:
        sizes = {entry.filename: (entry.compress_size, entry.file_size) for entry in package.infolist()}
        assert package.getinfo("R/short.bin").compress_type == ZIP_STORED
    assert sizes["R/long.csv"][0] < sizes["R/long.csv"][1] / 4
    assert sizes["R/long.mp4"][0] < sizes["R/long.mp4"][1] + 100
    assert sizes["R/short.png"][0] == sizes["R/short.png"][1]


def test_what_a_person_opens_stands_first_though_it_is_written_last() -> None:
    contents = {**CONTENTS, "R/index.html": (False, b"<p>Sam")}
    with ZipFile(io.BytesIO(zipped(contents, first="R/index.html"))) as package:
        assert package.namelist() == ["R/index.html", *CONTENTS, "R/data/"]
        assert package.testzip() is None


def test_of_more_files_than_an_old_directory_counts_none_is_lost() -> None:
    many = {f"R/{number}": (True, b"%d" % number) for number in range(0x1_0001)}
    content = zipped(many)
    mark, here, all_of_them = unpack("<4s20x2Q", content[-98:-58])
    assert (mark, here, all_of_them) == (b"PK\6\6", len(many) + 1, len(many) + 1)
    with ZipFile(io.BytesIO(content)) as package:
        assert len(package.namelist()) == len(many) + 1
        assert package.read("R/65536") == b"65536"


LARGE = """
import io, re, zlib
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile
from dsr.package.zipping import Zip

class Ends(io.RawIOBase):
    '''A file of which only the first and the last bytes are kept.'''
    KEPT = 1 << 21

    def __init__(self):
        self.size, self.at, self.first, self.last = 0, 0, b"", b""

    def write(self, content):
        self.size += len(content)
        self.first = (self.first + content)[: self.KEPT] if len(self.first) < self.KEPT else self.first
        self.last = (self.last + content[-self.KEPT :])[-self.KEPT :]
        return len(content)

    def seekable(self):
        return True

    def tell(self):
        return self.at

    def seek(self, offset, whence=0):
        self.at = offset + (0, self.at, self.size)[whence]
        return self.at

    def read(self, length=-1):
        end = self.size if length < 0 else min(self.size, self.at + length)
        begin, self.at = self.at, end
        if end <= len(self.first):
            return self.first[begin:end]
        start = self.size - len(self.last)
        assert begin >= start, "nobody keeps the middle"
        return self.last[begin - start : end - start]

def most():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024

out, chunk, before = Ends(), bytes(range(256)) * (1 << 12), most()
whole = Zip(out, datetime(2026, 3, 12))
with whole.member("R/film.mp4", packed=True) as film:
    for _ in range(4_200):
        film.write(chunk)
with whole.member("R/after.txt") as after:
    after.write(b"Sam")
whole.close()
with ZipFile(out) as package:
    film, after = package.infolist()
    assert package.read("R/after.txt") == b"Sam"
    with package.open("R/film.mp4") as stream:
        assert stream.read(1 << 20) == chunk
    print(film.file_size, film.compress_size, after.header_offset, most() - before)
"""


@pytest.mark.long
def test_a_film_of_more_than_four_gibibytes_and_what_lies_behind_it_are_found_again() -> None:
    # In a process of its own, because only there is the high-water mark its own.
    done = subprocess.run([sys.executable, "-c", LARGE], capture_output=True, text=True, check=True)
    size, taken, offset, growth = (int(figure) for figure in re.findall(r"\d+", done.stdout))
    assert size == 4_200 << 20
    assert offset > taken > size > 1 << 32
    assert growth < 50_000_000

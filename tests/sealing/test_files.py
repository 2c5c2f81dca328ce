"""What a sealed file promises: whole or refused, and never plain on the disk."""

import errno
import hashlib
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from dsr.sealing import files
from dsr.sealing.fields import Unsealable
from dsr.sealing.keyring import Ring

RING = Ring("k1", {"k1": secrets.token_bytes(32)})
PLACE = "file/1"
LINE = b"sam@example.com bought a hat. "
LENGTHS = {"short": LINE * 6_000, "long": LINE * 12_000}  # in one piece, and by a thread; both several chunks of age


def filling(content: bytes) -> Callable[[BinaryIO], None]:
    def fill(out: BinaryIO) -> None:
        out.write(content)

    return fill


def opened(path: Path, wrapped: str, place: str = PLACE, ring: Ring = RING) -> bytes:
    with files.reading(path, place, ring, wrapped) as stream:
        return stream.read()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sealed" / "one.age"


@pytest.fixture(params=LENGTHS)
def content(request: pytest.FixtureRequest) -> bytes:
    return LENGTHS[request.param]


@pytest.mark.parametrize("size", [0, 1, files.SHORT - 1, files.SHORT, files.SHORT + 1, 3 * files.SHORT])
def test_what_went_in_comes_out(path: Path, size: int) -> None:
    told = (LINE * 30_000)[:size]
    done = files.write(path, PLACE, RING, filling(told))
    assert opened(path, done.wrapped_key) == told
    assert (done.size, done.sha256) == (size, hashlib.sha256(told).hexdigest())


def test_what_went_in_line_by_line_comes_out_in_order(path: Path) -> None:
    lines = [b"%d sam@example.com bought a hat.\n" % number for number in range(10_000)]
    done = files.write(path, PLACE, RING, lambda out: out.writelines(lines))
    assert opened(path, done.wrapped_key) == b"".join(lines)


def test_no_plain_byte_touches_the_disk(path: Path, content: bytes) -> None:
    files.write(path, PLACE, RING, filling(content))
    assert b"sam@" not in b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_while_it_is_written_no_plain_byte_touches_the_disk_either(path: Path) -> None:
    seen: list[bytes] = []

    def fill(out: BinaryIO) -> None:
        for _ in range(20):
            out.write(LENGTHS["short"])
            seen.extend(file.read_bytes() for file in path.parent.iterdir())

    files.write(path, PLACE, RING, fill)
    assert any(seen)
    assert b"sam@" not in b"".join(seen)


@pytest.mark.parametrize(("length", "step"), [(6_000, 200), (400_000, 20_000)])
def test_no_flipped_byte_goes_unseen(path: Path, length: int, step: int) -> None:
    done = files.write(path, PLACE, RING, filling((LINE * 30_000)[:length]))
    whole = path.read_bytes()
    accepted = []
    for place in [*range(0, len(whole), step), len(whole) - 1]:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            opened(path, done.wrapped_key)
        except Unsealable:
            continue
        accepted.append(place)
    assert accepted == []


def test_no_cut_goes_unseen(path: Path, content: bytes) -> None:
    done = files.write(path, PLACE, RING, filling(content))
    whole = path.read_bytes()
    chunk = 65_536 + 16
    payload = len(whole) - len(content) - 16 * (len(content) // 65_536 + 1)
    # Cut anywhere, and exactly between two chunks, where only the last chunk's mark tells.
    cuts = [*range(0, len(whole), 20_000), payload + chunk, payload + 2 * chunk, len(whole) - 1]
    accepted = []
    for cut in cuts:
        path.write_bytes(whole[:cut])
        try:
            opened(path, done.wrapped_key)
        except Unsealable:
            continue
        accepted.append(cut)
    assert accepted == []


def test_two_files_that_were_swapped_open_no_more(path: Path) -> None:
    mine = files.write(path, PLACE, RING, filling(b"mine"))
    other = path.with_name("two.age")
    files.write(other, "file/2", RING, filling(b"other"))
    with pytest.raises(Unsealable):
        opened(other, mine.wrapped_key)


def test_a_key_that_was_moved_to_another_row_opens_nothing(path: Path) -> None:
    done = files.write(path, PLACE, RING, filling(b"mine"))
    with pytest.raises(Unsealable):
        opened(path, done.wrapped_key, place="file/2")


def test_without_its_key_a_file_is_noise_for_ever(path: Path) -> None:
    files.write(path, PLACE, RING, filling(b"mine"))
    with pytest.raises(Unsealable):
        opened(path, "")


def test_a_file_that_is_gone_is_said_to_be_gone(path: Path) -> None:
    done = files.write(path, PLACE, RING, filling(b"mine"))
    path.unlink()
    with pytest.raises(Unsealable):
        opened(path, done.wrapped_key)


def test_a_writer_that_fails_leaves_nothing_behind(path: Path, content: bytes) -> None:
    def fill(out: BinaryIO) -> None:
        out.write(content)
        raise RuntimeError("the source broke off")

    with pytest.raises(RuntimeError, match="broke off"):
        files.write(path, PLACE, RING, fill)
    assert list(path.parent.iterdir()) == []


def test_after_a_change_of_keys_an_old_file_still_opens(path: Path) -> None:
    done = files.write(path, PLACE, RING, filling(b"mine"))
    rotated = Ring("k2", {**RING.keys, "k2": secrets.token_bytes(32)})
    assert opened(path, done.wrapped_key, ring=rotated) == b"mine"


def test_a_reader_who_stops_early_is_no_error(path: Path, content: bytes) -> None:
    done = files.write(path, PLACE, RING, filling(content))
    with files.reading(path, PLACE, RING, done.wrapped_key) as stream:
        assert stream.read(15) == b"sam@example.com"


CRAMPED = """
import resource, sys
from pathlib import Path
from dsr.sealing import files
from dsr.sealing.keyring import Ring

def fill(out):
    for _ in range(int(sys.argv[2]) // 1_000):
        out.write(bytes(1_000))

resource.setrlimit(resource.RLIMIT_FSIZE, (70_000, 70_000))
try:
    files.write(Path(sys.argv[1]), "file/1", Ring("k1", {"k1": bytes(32)}), fill)
except OSError as error:
    print(type(error).__name__, error.errno)
"""


@pytest.mark.parametrize("size", [100_000, 20_000_000])
def test_a_full_disk_is_the_systems_error_however_long_the_file_and_leaves_nothing_behind(
    path: Path, size: int
) -> None:
    # The limit holds for a whole process, so in one of its own.
    command = (sys.executable, "-c", CRAMPED, str(path), str(size))
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.split() == ["OSError", str(errno.EFBIG)]
    assert list(path.parent.iterdir()) == []

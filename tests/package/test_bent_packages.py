"""Mallory brings a package that was made to harm whoever checks it: it is named broken, and nothing else happens."""

import hashlib
import io
import random
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from struct import pack, unpack

import pytest

from dsr.package import brought
from dsr.package.bag import Bag
from dsr.package.brought import LINE, Broken
from dsr.package.verification import LIST, check

AT = datetime(2026, 3, 12, 9, 30, tzinfo=UTC)
LISTS = ("manifest-sha256.txt", "tagmanifest-sha256.txt")
MUTANTS = 5_000
MB = 1 << 20
Files = dict[str, bytes]


def bag(**more: bytes) -> bytes:
    """A small package."""
    out = io.BytesIO()
    whole = Bag(out, "R3K-2WN-P5M", AT)
    for path, content in {"data/app/users.json": b'[{"id":7}]', "index.html": b"<p>Sam", **more}.items():
        whole.put(path, content)
    whole.close()
    return out.getvalue()


def files(content: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name.partition("/")[2]: package.read(name) for name in package.namelist()}


def digests(content: Files) -> bytes:
    return "".join(f"{hashlib.sha256(each).hexdigest()}  {name}\n" for name, each in content.items()).encode()


def zipped(content: Files | list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as package:
        for name, each in content.items() if isinstance(content, dict) else content:
            package.writestr(f"R3K-2WN-P5M/{name}", each)
    return out.getvalue()


def relisted(content: Files) -> Files:
    """With lists that are right again: what only its own lists protect, anybody can list anew."""
    data = {name: each for name, each in content.items() if name.startswith("data/")}
    tags = {name: each for name, each in content.items() if name not in LISTS and name not in data}
    tags[LISTS[0]] = digests(data)
    return {**data, **tags, LISTS[1]: digests(tags)}


def said(content: bytes) -> str:
    with pytest.raises(Broken) as broken:
        check(io.BytesIO(content))
    return str(broken.value)


def mutant(whole: bytes, chance: random.Random) -> bytes:
    """Some bytes flipped, taken away, put in or moved; or, every fourth time, within the lists themselves."""
    if chance.random() < 0.25:
        content = files(whole)
        name = chance.choice(LISTS)
        return zipped({**content, name: bent(content[name], chance)}, zipfile.ZIP_STORED)
    return bent(whole, chance)


def bent(content: bytes, chance: random.Random) -> bytes:
    at, length = chance.randrange(len(content)), chance.choice((1, 1, 2, 4, 30))
    noise = bytes(chance.choice((0, 0x7F, 0x80, 0xFF, 0x0A, 0x2F, chance.randrange(256))) for _ in range(length))
    return chance.choice(
        (
            content[:at] + noise + content[at + length :],
            content[:at] + content[at + length :],
            content[:at] + noise + content[at:],
            content[:at],
            content[:at] + content[at : at + length] + content[at:],
        )
    )


def test_of_thousands_of_bent_packages_each_is_broken_or_holds_what_was_packed() -> None:
    whole, chance = bag(), random.Random(5)
    contents, broken = files(whole), list[str]()
    for _ in range(MUTANTS):
        changed = mutant(whole, chance)
        try:
            check(io.BytesIO(changed))
        except Broken as error:
            broken.append(str(error))
        else:
            assert files(changed) == contents
    assert len(broken) > MUTANTS // 2
    assert max(map(len, broken)) < 2 * LINE  # also where it tells what somebody wrote


def test_a_second_file_of_the_same_name_shadows_none() -> None:
    content = list(files(bag()).items())
    with pytest.warns(UserWarning, match="Duplicate"):
        doubled = zipped([("index.html", b"<p>Mallory"), *content])
    assert "twice" in said(doubled)
    assert "twice" in said(zipped(relisted({**dict(content), "INDEX.html": b"<p>Mallory"})))


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "data/../../x",
        "data//x",
        "/etc/x",
        "data\\x",
        "C:x",
        "data/a\x1b[31m",
        "data/.x",
        "da\u202eta/x",
        "data//",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused_though_it_is_listed(name: str) -> None:
    words = said(zipped(relisted({**files(bag()), name: b""})))
    assert "is not a name that a package has" in words
    assert words.isprintable()


@pytest.mark.parametrize("name", ["bagit.txt", *LISTS])
def test_what_makes_it_a_bag_may_not_be_missing(name: str) -> None:
    content = relisted({**files(bag())})
    del content[name]
    assert f"{name} is missing" in said(zipped(content))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_it_is_unpacked_in_no_way_but_ours(method: int) -> None:
    assert "packed in a way that we do not use" in said(zipped(files(bag()), method))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + b"\xff\xfe",
        lambda text: text + b"no digest\n",
        lambda text: text + b"a" * 64 + b"  \x1b[31mdata/x\n",
        lambda text: text + text,
        lambda text: text.upper(),
        lambda text: text[:-1],
        lambda text: b"\n" * 100 + text,
    ],
)
@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_is_none_is_named(name: str, change: Callable[[bytes], bytes]) -> None:
    content = files(bag())
    words = said(zipped({**content, name: change(content[name])}))
    assert words.isprintable()
    assert words


def test_a_file_of_data_is_listed_among_the_data() -> None:
    content = files(bag())
    moved = {**content, LISTS[0]: b"", LISTS[1]: content[LISTS[1]] + content[LISTS[0]]}
    assert "data/app/users.json is listed where it does not belong" in said(zipped(moved))


@pytest.mark.parametrize(
    "bomb",
    [
        lambda: bag(**{"data/zeros.bin": bytes(100 * MB)}),
        lambda: zipped({**files(bag()), LISTS[0]: b"a" * (50 * MB)}),
        lambda: zipped({**files(bag()), LISTS[0]: bytes(LIST + 1)}),
        lambda: zipped({**files(bag()), LISTS[0]: (b"0" * 64 + b"  data/app/users.json\n") * 600_000}),
    ],
    ids=["a file", "one line", "a list that is too long", "many lines"],
)
def test_a_small_package_that_unpacks_to_much_takes_no_memory(bomb: Callable[[], bytes]) -> None:
    content = bomb()
    tracemalloc.start()
    with suppress(Broken):  # the first of them is whole, and only large
        check(io.BytesIO(content))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(content) < MB
    assert most < 10 * MB


def test_more_than_is_allowed_is_refused_before_it_is_unpacked() -> None:
    content = bag(**{"data/zeros.bin": bytes(5 * MB)})
    assert check(io.BytesIO(content), most=6 * MB) == 6
    with pytest.raises(Broken, match="more in it"):
        check(io.BytesIO(content), most=5 * MB)


def upon_each_other(count: int, run: bytes) -> bytes:
    """Members that all end at the same content: what stands before it is told to be a field of each header."""
    names = [b"R/%04d" % number for number in range(count)]
    numbers = 0, 0, 0, len(run), 1
    whole, directory = b"", b""
    for place, name in enumerate(names):
        extra = 36 * (count - place - 1)
        directory += pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, *numbers, 6, 0, 0, 0, 0, 0, len(whole)) + name
        whole += pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, *numbers, 6, extra) + name
    end = pack("<4s4HLLH", b"PK\5\6", 0, 0, count, count, len(directory), len(whole + run), 0)
    return whole + run + directory + end


def test_members_that_lie_upon_each_other_are_not_read_again_and_again() -> None:
    content = upon_each_other(100, b"\0\0\0\xff\xff" * 1_000 + b"\1\0\0\xff\xff")
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert sum(entry.compress_size for entry in package.infolist()) > 30 * len(content)
    assert "more in it than anybody packed" in said(content)


@pytest.mark.parametrize(
    ("before", "behind", "words"),
    [(b"MZ", b"", "stands before it"), (b"", b"MZ", "stands behind it"), (b"", b"\2\0MZ", "stands behind it")],
    ids=["a program before", "more behind", "a comment"],
)
def test_what_was_put_around_it_is_seen(before: bytes, behind: bytes, words: str) -> None:
    whole = bag()
    changed = before + (whole[:-2] if len(behind) == 4 else whole) + behind
    assert words in said(changed)


def widened(content: bytes) -> bytes:
    """The same with ZIP64's end, which alone tells how long the directory is."""
    count, length, place = unpack("<HLL", content[-12:-2])
    wide = pack("<4sQHHLL4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, length, place)
    where = pack("<4sLQL", b"PK\6\7", 0, len(content) - 22, 1)
    return content[:-22] + wide + where + content[-22:-10] + bytes(4) + content[-6:]


@pytest.mark.parametrize("form", [bytes, widened], ids=["plain", "ZIP64"])
def test_a_directory_that_is_too_long_is_not_read(
    form: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = bag()
    content, (length,) = io.BytesIO(form(whole)), unpack("<L", whole[-10:-6])
    with brought.zipped(content, directory=length) as package:
        assert "index.html" in package.sizes
    monkeypatch.setattr(brought, "ZipFile", None)
    with pytest.raises(Broken, match="more in it"), brought.zipped(content, directory=length - 1):
        pass


def test_of_two_directories_that_it_tells_neither_is_taken() -> None:
    content = widened(bag())
    assert "its end is not where it tells" in said(content[:-98] + bytes(7) + content[-98:])

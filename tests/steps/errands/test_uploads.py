"""What is handed in by hand is checked as a connector's find: its shape, its fields, its size, and whose it is."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from dsr.connectors.contract import Batch, File
from dsr.datamap.load import load_all
from dsr.datamap.plan import compile_plan
from dsr.datamap.route import Identities, Route
from dsr.steps.errands import uploads
from dsr.steps.errands.uploads import NotTaken, Upload
from tests.conftest import SAM

ASKED: Identities = {"email": ((SAM,),)}


@pytest.fixture
def routes(with_people: Path) -> tuple[Route, ...]:
    """Of the paper archive."""
    plan = compile_plan(load_all(with_people)["joypix"], ["email"])
    return next(system.routes for system in plan.systems if system.system == "paper-archive")


def rows(*found: Mapping[str, object]) -> bytes:
    return json.dumps({"letters": found}).encode()


def test_a_csv_is_read_by_its_line_of_field_names(routes: tuple[Route, ...]) -> None:
    table = f'number,email,subject\n7,{SAM.upper()},"Two\nlines"\n8,,\n'.encode("utf-8-sig")
    (batch,) = uploads.read(Upload(table, "letters"), routes, ASKED)
    assert isinstance(batch, Batch)
    assert batch.fields == ("number", "email", "subject", "scan")
    assert batch.rows == (("7", SAM.upper(), "Two\nlines", None), ("8", None, None, None))


def test_a_batch_has_a_thousand_rows_at_most(routes: tuple[Route, ...]) -> None:
    found = uploads.read(Upload(rows(*({"number": n} for n in range(2_500)))), routes, ASKED)
    assert [len(one.rows) for one in found if isinstance(one, Batch)] == [1000, 1000, 500]


def test_a_document_follows_the_row_that_names_it(routes: tuple[Route, ...]) -> None:
    documents = (("../folder/7.png", b"\x89PNG\r\n\x1a\n..."),)
    _, file = uploads.read(Upload(rows({"number": 7, "scan": "7.png"}), "", documents), routes, ASKED)
    assert isinstance(file, File)
    assert (file.key, file.name) == ((7,), "7.png")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no row"),
        (b"\xff\xfe{", "UTF-8"),
        (b"{", "no JSON"),
        (b'{"letters": [{"number": NaN}]}', "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'{"letters": {"number": 1}}', "is to look like"),
        (b'{"letters": ["number"]}', "is to look like"),
        (b'[{"number": 1}]', "Choose the collection"),
        (b'{"users": [{"number": 1}]}', "does not ask for"),
        (rows({"subject": "no key"}), "row 1 has no value for its key"),
        (rows({"number": 1.5}), "row 1 has no value for its key"),
        (rows({"number": 1}, {"number": 1}), "row 2 has the same key"),
        (rows({"number": 1, "salary": 5}), "row 1 has a field that the map does not describe"),
        (rows({"number": 1, "clerk": "Eva"}), "'clerk', which never leaves"),
        (rows({"number": 1, "subject": ["a"]}), "'subject' is no plain value"),
        (rows({"number": 1, "subject": "a" * 100_001}), "'subject' is no plain value"),
        (rows({"number": 1, "email": "mallory@example.com"}), "row 1 is somebody else's"),
        (rows(*({"number": n} for n in range(10_001))), "more than 10,000 rows"),
    ],
)
def test_what_does_not_fit_the_map_is_refused_by_its_place(
    content: bytes, says: str, routes: tuple[Route, ...]
) -> None:
    with pytest.raises(NotTaken, match=says) as refused:
        uploads.read(Upload(content), routes, ASKED)
    assert "mallory" not in str(refused.value)
    assert "Eva" not in str(refused.value)


@pytest.mark.parametrize("table", ["number,subject\n7\n", 'number\n"7\n', "number,number\n7,7\n"])
def test_a_torn_csv_is_refused(table: str, routes: tuple[Route, ...]) -> None:
    with pytest.raises(NotTaken):
        uploads.read(Upload(table.encode(), "letters"), routes, ASKED)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("7.exe", b"MZ", "no PDF, PNG or JPEG"),
        ("7.pdf", b"%PDF-" + b"x" * (5 << 20), "too large"),
        ("8.pdf", b"%PDF-", "named by no row"),
    ],
)
def test_a_document_that_does_not_belong_is_refused(
    name: str, content: bytes, says: str, routes: tuple[Route, ...]
) -> None:
    with pytest.raises(NotTaken, match=says):
        uploads.read(Upload(rows({"number": 7, "scan": "7.pdf"}), "", ((name, content),)), routes, ASKED)

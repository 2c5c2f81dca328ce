"""The ways in which a map lets rows be erased are judged when it is loaded; hashing is none of them."""

from pathlib import Path

import pytest

from dsr.datamap.load import MapError, load
from tests.datamap.scene import SYSTEM, acme, line_of, refused


def told(tmp_path: Path, users: str) -> str:
    """What is wrong with a map whose users are erased so."""
    folder = acme(tmp_path, shop=SYSTEM.replace("    erase: {tombstone: true}\n", f"    {users}\n"))
    with pytest.raises(MapError) as error:
        load(folder)
    return str(error.value)


def test_hashing_is_not_offered_as_erasure(tmp_path: Path) -> None:
    said = told(tmp_path, "erase: {way: hash}")
    assert "found 'hash'; allowed are" in said
    assert "'unlink'" in said


@pytest.mark.parametrize(
    ("users", "says"),
    [
        ("erase: {way: unlink, tombstone: true, set: {nobody: null}}", "nobody"),
        ("erase: {way: tombstone, most: 0}", "allowed is 1 and more"),
        ("erase: {tombstone: true, share: 1.5}", "less than or equal to 1"),
        ("erase: {tombstone: true}\n    created: nowhere", "nowhere"),
        ("erase: {tombstone: true}\n    ages_from: elsewhere.at", "allowed are fields of its own"),
    ],
)
def test_a_mistake_is_said_with_what_is_allowed(tmp_path: Path, users: str, says: str) -> None:
    assert says in told(tmp_path, users)


@pytest.mark.parametrize(("field", "part"), [("status", "when"), ("paid_at", "since")])
def test_what_decides_whether_a_row_stays_has_to_be_read(tmp_path: Path, field: str, part: str) -> None:
    hidden = SYSTEM.replace(f"      {field}: {{", f"      {field}: {{never_export: true, ")
    with pytest.raises(MapError) as error:
        load(acme(tmp_path, shop=hidden))
    assert f"orders.keep.{part}: {field} is 'never_export': it is not read" in str(error.value)


@pytest.mark.parametrize(
    ("dated", "says"),
    [
        ("keep: {rule: books, since: paid_at}", "orders.keep: 'way: keep' keeps every row and names no day"),
        ("ages_from: paid_at", "orders.ages_from: 'way: keep' lets no row go"),
    ],
)
def test_rows_under_a_rule_with_a_date_are_never_kept_for_ever(tmp_path: Path, dated: str, says: str) -> None:
    shop = SYSTEM.replace(
        "    keep: {rule: books, since: paid_at, when: {status: [paid]}}\n", f"    {dated}\n    erase: {{way: keep}}\n"
    )
    (problem,) = refused(acme(tmp_path, shop=shop))
    assert problem.startswith(f"acme/systems/shop.yaml:{line_of(shop, dated)}: ")
    assert says in problem
    assert "take it away" in problem or "write 'keep: {rule: books, since: paid_at}' in its place" in problem

"""Links lead one way, or the map says which of them own; what they point to leaves its number."""

import re
from pathlib import Path

import pytest

from dsr.datamap.load import MapError, load
from tests.datamap.scene import SYSTEM, acme, refused


def test_a_circle_of_links_is_named(tmp_path: Path) -> None:
    text = SYSTEM.replace("    found_by: {email: [email]}\n", "    links: [{to: orders, on: {id: user_id}}]\n")

    (problem,) = refused(acme(tmp_path, shop=text))

    assert "the links go in a circle: shop.users → shop.orders → shop.users" in problem


def test_systems_may_wait_for_each_others_keys_unless_people_are_asked_there(tmp_path: Path) -> None:
    shop = SYSTEM.replace("to: users", "to: desk.users")
    desk = SYSTEM.replace("slug: shop", "slug: desk").replace("to: users", "to: shop.users")
    assert set(load(acme(tmp_path, shop=shop, desk=desk)).systems) == {"shop", "desk"}

    by_hand = re.sub("kind: [a-z]+", "kind: manual", desk, count=1)
    assert by_hand != desk
    said = refused(acme(tmp_path, shop=shop, desk=by_hand))

    assert any(
        "these systems wait for each other's keys: desk, shop; people are not asked twice" in one for one in said
    )


KEPT = "    retention: books\n    erase: {tombstone: true}\n"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", "shop.orders → shop.orders; say of each of these links 'owns: true'"),
        (", owns: true", ""),
        (", owns: false", ""),
    ],
)
def test_of_a_link_in_a_circle_is_said_whether_it_owns(tmp_path: Path, said: str, why: str) -> None:
    own = f"{{to: orders, on: {{status: id}}{said}}}"
    text = SYSTEM.replace("links:\n", f"links:\n      - {own}\n").replace("    retention: books\n", KEPT)
    assert text != SYSTEM
    found = refused(acme(tmp_path, shop=text)) if why else list(load(acme(tmp_path, shop=text)).systems)
    assert any(why in one for one in found)


def test_a_link_that_only_points_meets_the_key_there(tmp_path: Path) -> None:
    text = SYSTEM.replace("links:\n", "links:\n      - {to: users, on: {user_id: email}, owns: false}\n")

    (problem,) = refused(acme(tmp_path, shop=text))

    assert "a link that only points meets the key there: id" in problem


def test_a_link_that_only_points_has_a_field_that_can_be_emptied(tmp_path: Path) -> None:
    text = SYSTEM.replace("links:\n", "links:\n      - {to: users, on: {user_id: id}, owns: false}\n")

    (problem,) = refused(acme(tmp_path, shop=text))

    assert "it needs a field that neither the key nor another link has" in problem


def test_a_parent_that_kept_rows_point_to_has_to_leave_its_number(tmp_path: Path) -> None:
    folder = acme(tmp_path, shop=SYSTEM.replace("    erase: {tombstone: true}\n", ""))
    with pytest.raises(MapError, match=r"shop\.yaml:\d+: .*rows kept here point to 'users'"):
        load(folder)

"""The tree is the one of RFC 6962, so that anybody's tool can check our record."""

import hashlib

import pytest

from dsr.record.leaf import canonical, leaf_hash
from dsr.record.tree import root
from tests.record.vectors import ROOTS, leaves


@pytest.mark.parametrize("count", range(1, 9))
def test_the_root_is_that_of_the_known_vectors(count: int) -> None:
    assert root(leaves(count)) == ROOTS[count - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert root([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_two_leaves_that_change_places_change_the_root() -> None:
    first, second, *others = leaves(8)
    assert root([second, first, *others]) != ROOTS[7]


def test_a_leaf_that_is_missing_changes_the_root() -> None:
    assert root(leaves(8)[1:]) != ROOTS[7]


def test_a_leaf_is_hashed_apart_from_nodes() -> None:
    assert leaf_hash({}) == hashlib.sha256(b"\0{}").hexdigest()


def test_the_order_in_which_facts_were_named_does_not_change_a_leaf() -> None:
    assert leaf_hash({"a": 1, "b": {"c": 2, "d": 3}}) == leaf_hash({"b": {"d": 3, "c": 2}, "a": 1})


def test_text_stands_in_the_leaf_as_itself() -> None:
    assert canonical({"name": "Zoë 王"}) == '{"name":"Zoë 王"}'.encode()

"""The tree is the one of RFC 6962, so that anybody's tool can check our record."""

import hashlib

import pytest

from dsr.record.leaf import canonical, leaf_hash
from dsr.record.tree import root

# Inputs and roots of the test vectors that Certificate Transparency's implementations share.
INPUTS = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
INPUTS.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaves(count: int) -> list[str]:
    return [hashlib.sha256(b"\0" + content).hexdigest() for content in INPUTS[:count]]


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

"""Proofs lead to the root that an independent reading of RFC 6962 computes, and nothing else leads there."""

import hashlib
import random

import pytest

from dsr.record import tree
from tests.record.vectors import ROOTS, leaves, naive

MOST = 40
HASHES = [hashlib.sha256(bytes([number])).hexdigest() for number in range(MOST)]
ORACLE = [naive([bytes.fromhex(leaf) for leaf in HASHES[:size]]).hex() for size in range(MOST + 1)]


def test_every_root_is_the_one_of_the_naive_definition() -> None:
    assert [tree.root(HASHES[:size]) for size in range(MOST + 1)] == ORACLE


def test_a_tree_that_grows_in_steps_has_the_same_roots() -> None:
    for before in range(MOST + 1):
        peaks = tree.grow(0, (), HASHES[:before])
        grown = [tree.fold(tree.grow(before, peaks, HASHES[before:size])) for size in range(before, MOST + 1)]
        assert grown == ORACLE[before:]


def test_every_leaf_of_every_tree_is_proven_to_be_in_it() -> None:
    for size in range(1, MOST + 1):
        for position in range(size):
            path = tree.inclusion(position, size, tree.over(HASHES))
            tree.require_included(HASHES[position], position, size, path, ORACLE[size])
            assert len(path) <= (size - 1).bit_length()


# From the test vectors of Certificate Transparency: leaf, tree size, path.
PATHS = [
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]


@pytest.mark.parametrize(("position", "size", "path"), PATHS)
def test_paths_are_those_of_the_known_vectors(position: int, size: int, path: list[str]) -> None:
    assert tree.inclusion(position, size, tree.over(leaves(8))) == path
    tree.require_included(leaves(8)[position], position, size, path, ROOTS[size - 1])


def test_a_proof_for_another_leaf_place_size_or_root_proves_nothing() -> None:
    chance = random.Random(7)
    for _ in range(500):
        size = chance.randrange(2, MOST + 1)
        position, other = chance.sample(range(size), 2)
        path = tree.inclusion(position, size, tree.over(HASHES))
        leaf, top = HASHES[position], ORACLE[size]
        bent = [
            chance.choice(HASHES) if number == chance.randrange(len(path)) else step for number, step in enumerate(path)
        ]
        wrong = [
            (HASHES[other], position, size, path, top),
            (leaf, other, size, path, top),
            (leaf, position, size, path, ORACLE[size - 1]),
            (leaf, position, size, [*path, leaf], top),
            (leaf, position, size, path[:-1], top),
            (leaf, size, size, path, top),
            (leaf, -1, size, path, top),
        ]
        if bent != path:
            wrong.append((leaf, position, size, bent, top))
        for given in wrong:
            with pytest.raises(tree.Unproven):
                tree.require_included(*given)


def test_a_path_that_goes_on_above_the_root_is_said_to_be_too_long() -> None:
    path = tree.inclusion(3, 8, tree.over(HASHES))
    with pytest.raises(tree.Unproven, match="too long"):
        tree.require_included(HASHES[3], 3, 8, [*path, HASHES[0]], ORACLE[8])


def test_there_is_no_proof_of_what_is_not_there() -> None:
    with pytest.raises(tree.Unproven):
        tree.inclusion(3, 3, tree.over(HASHES))

"""Every guard that `make sabotage` takes out still stands where it is looked for, and its test is there."""

import ast

import pytest

from tests.sabotages import SABOTAGES, Sabotage
from tests.tree import ROOT


@pytest.mark.parametrize("one", SABOTAGES, ids=lambda one: f"{one.rows} {one.file}")
def test_the_guard_stands_once_and_its_test_is_there(one: Sabotage) -> None:
    code = (ROOT / one.file).read_text("utf-8")
    assert code.count(one.guard) == 1
    assert ast.parse(code.replace(one.guard, one.instead))
    file, _, name = one.test.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text("utf-8")

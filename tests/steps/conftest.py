"""Acme, where requests come by letter."""

from pathlib import Path

import pytest

from tests.steps.on_paper import Acme, begun


@pytest.fixture
def acme(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Acme:
    """Tuesday morning; Sam and somebody else have accounts, and Sam's letter is on its way."""
    return begun(tmp_path, monkeypatch)

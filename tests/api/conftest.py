"""Controllers' own systems with their tokens."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from dsr.steps.asking import tokens
from tests.conftest import NOW, SAM

App = Callable[[str], APIClient]


@pytest.fixture(autouse=True)
def nobody_called_before() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def app(db: None) -> App:
    """A system of this controller; each has a token of its own."""

    def system(controller: str) -> APIClient:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(controller, 'app server', at=NOW)}")
        return client

    return system


@pytest.fixture
def joypix(app: App) -> APIClient:
    return app("joypix")


@pytest.fixture
def pixplus(app: App) -> APIClient:
    return app("pixplus")


@pytest.fixture
def sams() -> dict[str, Any]:
    """What Sam asks for."""
    return {
        "right": "access",
        "identities": [{"kind": "email", "value": SAM}],
        "details": "Everything, please.",
    }

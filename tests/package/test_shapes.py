"""What is published of a package's shape is what its files are checked by."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from dsr.package import shapes
from tests.package.conftest import Opened

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", dict(shapes.pages()))
def test_what_is_published_is_what_is_checked_by(name: str) -> None:
    """`make schemas` writes it anew."""
    assert (DOCS / name).read_text("utf-8") == dict(shapes.pages())[name]
    Draft202012Validator.check_schema(json.loads(dict(shapes.pages())[name]))


def test_our_manifests_keep_to_it(access: Opened, erasure: Opened) -> None:
    for package in (access, erasure):
        assert shapes.complaint("manifest.json", package.json("manifest.json")) == ""


def test_a_complaint_names_the_place_and_shows_no_value(access: Opened) -> None:
    described = access.json("manifest.json")
    described["collections"][0]["rows"] = "canary"
    assert shapes.complaint("manifest.json", described) == (
        "$.collections[0].rows is not as manifest.schema.json wants it"
    )

"""The maps of both reference controllers, read once for the tests that only read them."""

from dsr.datamap.load import load_all
from tests.tree import ROOT

MAPS = load_all(ROOT / "controllers")

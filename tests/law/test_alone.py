"""The rules of the law need no framework: where there is no Django, their own tests pass."""

import os
import subprocess
import sys
from pathlib import Path

from tests.tree import ROOT

WITHOUT = """
import sys
for name in ("django", "celery", "rest_framework"):
    sys.modules[name] = None  # whoever imports it fails
import pytest
sys.exit(pytest.main([*sys.argv[1:]]))
"""


def test_the_tests_of_the_law_pass_without_django() -> None:
    here = Path(__file__)
    # The oracle counts the same terms as the others sixty thousand times more, and imports nothing of ours beside them.
    left_out = {here, here.with_name("test_oracle.py")}
    files = [str(path.relative_to(ROOT)) for path in sorted(here.parent.glob("test_*.py")) if path not in left_out]
    # Neither the project's settings of pytest nor its conftest, which bring Django along.
    options = ["-c", os.devnull, "--rootdir", ".", "--noconftest", "--import-mode=importlib", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT, *options, "-q", *files],
        cwd=ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr

"""The environment of a test run: a folder and keys of its own, set before Django reads its settings."""

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

from dsr.sealing import keyring
from tools import messages

# Before Django reads its settings: every run has a folder and keys of its own.
VAR = Path(tempfile.mkdtemp(prefix="rightful-tests-"))
keyring.make(VAR / "keys")
(VAR / "static").mkdir()  # WhiteNoise warns of a folder that is not there
messages.compile_all()  # pages speak their other languages in tests too
# A machine that is busy is no flaw of what is tested.
settings.register_profile("house", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
# Nothing of the caller's reaches the tests: no other database, no system, no proxy, no account at a store.
for name in [*os.environ]:
    if name.startswith(("DSR_", "JOYPIX_", "PIXPLUS_", "AWS_")) or name.lower().endswith("_proxy"):
        del os.environ[name]
os.environ["DSR_VAR"] = str(VAR)
os.environ["DSR_SECRET_KEY"] = "a key for tests only, sixty-four characters long, of no use elsewhere"
# No heartbeat within a test: its thread would wait for the transaction that holds the test's rows.
os.environ["DSR_LEASE_SECONDS"] = "3600"


def pytest_unconfigure() -> None:
    """Leave nothing behind: thousands of sealed files stand there after a whole run."""
    shutil.rmtree(VAR, ignore_errors=True)

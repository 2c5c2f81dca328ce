"""A change of keys, as an operator makes it: a new key is added to every role and becomes the current one."""

import base64
import json
import secrets
import shutil
from pathlib import Path


def add_a_key(keys: Path, beside: Path) -> Path:
    """A copy of the folder of keys in which k2 seals and k1 still opens."""
    folder = beside / "rotated"
    shutil.copytree(keys, folder)
    for path in folder.glob("*.json"):
        held = json.loads(path.read_text("ascii"))
        held["keys"]["k2"] = base64.b64encode(secrets.token_bytes(32)).decode()
        path.chmod(0o600)
        path.write_text(json.dumps({**held, "current": "k2"}), "ascii")
    return folder


def without_older_keys(keys: Path, beside: Path) -> Path:
    """A copy of the folder in which every role has the key that seals, and no other."""
    folder = beside / "newest"
    shutil.copytree(keys, folder)
    for path in folder.glob("*.json"):
        held = json.loads(path.read_text("ascii"))
        path.write_text(json.dumps({**held, "keys": {held["current"]: held["keys"][held["current"]]}}), "ascii")
    return folder

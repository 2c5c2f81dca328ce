"""One leaf per Event: canonical JSON, hashed as in RFC 6962 §2.1."""

import hashlib
import json
from collections.abc import Mapping


def canonical(content: Mapping[str, object]) -> bytes:
    """The one spelling of a JSON object: sorted keys, no spaces, UTF-8."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def leaf_hash(content: Mapping[str, object]) -> str:
    """SHA-256 over 0x00 and the canonical JSON, as hex."""
    return hashlib.sha256(b"\0" + canonical(content)).hexdigest()

"""What must not stand in a log: the secret part of an address. Django's own messages name the whole path."""

import logging
import re

_SECRET = re.compile(r"(/recipients/|/callbacks/[^/?\s]+/)[^/?\s]+")


class NoTokens(logging.Filter):
    """Takes the token out of the addresses of recipients' pages and of callbacks; every message passes."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the message itself, before any handler sees it."""
        record.msg, record.args = _SECRET.sub(r"\1…", record.getMessage()), ()
        return True

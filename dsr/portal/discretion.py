"""What must not stand in a log: the secret part of an address. Django's own messages name the whole path."""

import logging
import re

_SECRET = re.compile(r"(/recipients/|/(?:callbacks|downloads)/[^/?\s]+/)[^/?\s]+")


class NoTokens(logging.Filter):
    """Takes the token out of addresses: of recipients' pages, of callbacks, of stopping a download. All pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the message itself, before any handler sees it."""
        record.msg, record.args = _SECRET.sub(r"\1…", record.getMessage()), ()
        return True

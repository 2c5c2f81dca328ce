"""What must not stand in a log: the secret part of an address. Django's own messages name the whole path."""

import logging
import re

_SECRET = re.compile(r"(/recipients/|/from-app/|/enrol/|/(?:callbacks|downloads)/[^/?\s]+/)[^/?\s]+")


class NoTokens(logging.Filter):
    """Takes the token out of addresses: recipients' pages, hand-overs, callbacks, stopping a download. All pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the message itself, before any handler sees it."""
        record.msg, record.args = _SECRET.sub(r"\1…", record.getMessage()), ()
        return True

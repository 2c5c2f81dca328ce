"""What a log may say of an error: its type and where it arose. Messages and values can hold personal data."""

import logging
import re
import traceback
from types import TracebackType
from typing import Any

DEEPEST = 12  # frames of one error, the innermost
# What begins a line, moves a terminal's cursor, or turns the direction of reading (ASVS V16.4.1).
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
CHAIN = 5  # errors behind each other


def frames(error: BaseException) -> str:
    """Such as 'KeyError at dsr.steps.work:86, dsr.steps.work:71'; what caused it stands behind."""
    told: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(told) < CHAIN:
        found = [(frame.f_globals.get("__name__", "?"), line) for frame, line in traceback.walk_tb(cause.__traceback__)]
        places = ", ".join(f"{module}:{line}" for module, line in reversed(found[-DEEPEST:]))
        told.append(f"{type(cause).__name__} at {places or 'no frame'}")
        cause = cause.__cause__ or cause.__context__
    return "; after ".join(told)


def tell(log: logging.Logger, what: str, subject: object, error: BaseException) -> None:
    """Log what stopped, and where; `subject` is an id of ours."""
    log.error("%s: %s: %s", what, subject, frames(error))


class Formatter(logging.Formatter):
    """As logging's own, but of an error it prints frames only."""

    def formatException(  # noqa: N802 — logging's name
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """Its type and frames."""
        return frames(ei[1]) if ei[1] is not None else ""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever was logged; never with a text that another formatter made of the error before."""
        message = _UNSEEN.sub(lambda sign: sign[0].encode("unicode_escape").decode("ascii"), record.getMessage())
        bare: dict[str, Any] = {**record.__dict__, "msg": message, "args": None, "exc_text": None}
        return super().format(logging.makeLogRecord(bare)).replace("\n", "; ")

"""HTML in, PDF out, in a process of its own that has no network, opens no file of ours and cannot grow.

Each guard stands without the others: the fetcher refuses every address, the audit hook what code asks past it, the
kernel (where it lets us) has taken the network away, and the limits end what runs away.
"""

import ctypes
import logging
import os
import resource
import signal
import sys
from types import TracebackType
from typing import NoReturn

import weasyprint
from weasyprint.urls import URLFetcher

MEMORY = 3 << 30  # address space: CJK fonts alone are mapped with 100 MB, several times
SECONDS = 60
# No limit on processes: the kernel counts all of an account's, and would end a thread of Pango's for those of others.
LIMITS = {
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_NOFILE: 64,
    resource.RLIMIT_AS: MEMORY,
    resource.RLIMIT_CPU: SECONDS,
}
_REFUSED = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.system",
    "os.spawn",
    "ctypes.",
)
_NEW_NETWORK, _NEW_ACCOUNTS = 0x40000000, 0x10000000  # CLONE_NEWNET, CLONE_NEWUSER
_DIES_WITH_ITS_PARENT, _GAINS_NOTHING = 1, 38  # PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS


class Refusing(URLFetcher):  # type: ignore[misc]  # WeasyPrint ships no types
    """Everything the page needs stands in the page: every address is refused, whatever its scheme."""

    def fetch(self, *_: object, **__: object) -> NoReturn:
        """Refuse."""
        raise ValueError("a report loads nothing")


class Boxes(logging.Handler):
    """Counts letters that no font has, and keeps none of them."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count it."""
        self.count += str(record.msg).startswith(".notdef glyph")


def leave_network() -> bool:
    """Go where no network is, die with the worker, and gain no rights; whether the kernel gave us a place of our own.

    Containers may forbid it; then the hook alone refuses sockets.
    """
    libc = ctypes.CDLL(None)
    libc.prctl(_DIES_WITH_ITS_PARENT, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_GAINS_NOTHING, 1, 0, 0, 0)
    return not libc.unshare(_NEW_NETWORK) or not libc.unshare(_NEW_NETWORK | _NEW_ACCOUNTS)


def _guard(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse what a report never needs, also to code that forgets to ask the fetcher."""
    if event.startswith(_REFUSED) or (event == "open" and not _is_library(arguments)):
        raise PermissionError(event)


def _is_library(arguments: tuple[object, ...]) -> bool:
    """Reading the interpreter's own modules and WeasyPrint's style sheets; nothing is ever written."""
    path, mode = arguments[0], arguments[1]
    reads = mode is None or str(mode).startswith("r")
    roots = tuple(
        f"{os.path.realpath(prefix)}{os.sep}" for prefix in (sys.prefix, sys.base_prefix)
    )  # a .venv may be a link
    return reads and isinstance(path, str | bytes) and os.path.realpath(os.fsdecode(path)).startswith(roots)


def _say_kind_only(kind: type[BaseException], _error: BaseException, _trace: TracebackType | None) -> None:
    """An error's words may hold personal data; its kind does not."""
    sys.stderr.write(f"{kind.__name__}\n")


def main() -> None:
    """Read HTML from stdin, write the PDF to stdout."""
    sys.excepthook = _say_kind_only
    boxes = Boxes()
    weasyprint.LOGGER.addHandler(boxes)
    weasyprint.LOGGER.propagate = False
    logging.getLogger("fontTools").disabled = True
    leave_network()
    for limit, most in LIMITS.items():
        resource.setrlimit(limit, (most, most))
    html = sys.stdin.buffer.read().decode()
    sys.addaudithook(_guard)
    page = weasyprint.HTML(string=html, url_fetcher=Refusing())
    sys.stdout.buffer.write(page.write_pdf(pdf_tags=True))
    if boxes.count:
        sys.stderr.write(f"{boxes.count} letters have no font\n")


if __name__ == "__main__":
    main()

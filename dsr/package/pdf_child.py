"""HTML in, PDF out, in a process of its own that has no network, opens no file of ours and cannot grow."""

import logging
import os
import resource
import sys
from types import TracebackType

import weasyprint
from weasyprint.urls import URLFetcher

MEMORY = 3 << 30  # address space: CJK fonts alone are mapped with 100 MB, several times
SECONDS = 60
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
    logging.disable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    html = sys.stdin.buffer.read().decode()
    sys.addaudithook(_guard)
    # Everything the page needs stands in the page: every address is refused, whatever its scheme.
    page = weasyprint.HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=()))
    sys.stdout.buffer.write(page.write_pdf(pdf_tags=True))


if __name__ == "__main__":
    main()

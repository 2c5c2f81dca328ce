"""The ZIP that is handed over: payload first, then the pages and lists that are made while it streams."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from django.utils import translation

from dsr.package import deeds, descriptor, index, manifest, reading
from dsr.package import report as report_pages
from dsr.package.bag import Bag, Sealing
from dsr.package.contents import Answer
from dsr.package.copying import CollectionCopy, copy_part


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is inside."""

    collections: int
    rows: int
    files: int


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, for the ledger."""

    size: int
    sha256: str
    counts: Counts


def write(
    answer: Answer,
    out: BinaryIO,
    *,
    report: Callable[[str], bytes],
    sealing: Sealing | None = None,
    certificate: str = "",
) -> Written:
    """Write the package to `out`, which need not seek; `report` turns the letter's HTML into a PDF.

    `certificate`: a signed statement of what was done, where something was.
    """
    bag = Bag(out, answer.reference, answer.answered_at)
    with translation.override(answer.language):
        copies = _filled(bag, answer, report)
    if certificate:
        bag.put(deeds.CERTIFICATE, certificate.encode())
    bag.close(sealing, Source_Organization=answer.controller.controller.operator)
    counts = Counts(len(copies), sum(copy.rows for copy in copies), sum(len(copy.files) for copy in copies))
    return Written(bag.whole.size, bag.whole.digest.hexdigest(), counts)


def _filled(bag: Bag, answer: Answer, report: Callable[[str], bytes]) -> list[CollectionCopy]:
    """The data, the pages, and the lists of both."""
    copies: list[CollectionCopy] = []
    for slug, part in answer.parts.items():
        copies += copy_part(bag, answer.controller.systems[slug], part, answer.laws)
    read = reading.of(answer, copies)
    bag.put("index.html", index.page(read).encode())
    bag.put("report.pdf", report(report_pages.letter(read)))
    listed = manifest.build(answer, copies, bag.payload)
    bag.stream("manifest.json", manifest.streamed(listed, manifest.files(copies)))
    descriptor.put(bag, answer, copies)
    return copies

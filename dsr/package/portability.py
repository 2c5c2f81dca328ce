"""The portable copy: data first, and a descriptor by which another service can take it in (GDPR Art. 20).

The format is documented in docs/portability.md; its version changes when a reader would have to.
"""

import mimetypes
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any, BinaryIO

from django.utils import translation
from django.utils.translation import get_language_bidi

from dsr.datamap.facts import BASES, SOURCES, category_title
from dsr.datamap.portable import portable_fields
from dsr.datamap.schema import CollectionMap, ControllerMap
from dsr.package import descriptor, index, leaving_out
from dsr.package.archive import Counts, Written
from dsr.package.bag import Bag, Listed, Sealing
from dsr.package.cells import day
from dsr.package.contents import Answer
from dsr.package.copying import CollectionCopy, CopiedFile, copy_part
from dsr.package.manifest import streamed
from dsr.package.pages import rendered
from dsr.package.portable import Observed, key_text, left_out, only
from dsr.package.reading import spoken
from dsr.package.redaction import label, of_others
from dsr.package.words import OPEN_OUTCOMES, UNSEARCHED, counted, listed, outcome_says, said

FORMAT = "rightful-portability"
FORMAT_VERSION = "1.0"
DESCRIPTOR = "portability.json"

Json = dict[str, Any]


def write(answer: Answer, out: BinaryIO, *, sealing: Sealing | None = None) -> Written:
    """Write the package to `out`, which need not seek. What is not portable passes no further than the first line."""
    bag = Bag(out, answer.reference, answer.answered_at)
    with translation.override(answer.language):
        copies = _filled(bag, answer)
    bag.close(sealing, Source_Organization=answer.controller.controller.operator)
    counts = Counts(len(copies), sum(copy.rows for copy in copies), sum(len(copy.files) for copy in copies))
    return Written(bag.whole.size, bag.whole.digest.hexdigest(), counts)


def _filled(bag: Bag, answer: Answer) -> list[CollectionCopy]:
    """The data, the page, and the descriptors of both."""
    copies: list[CollectionCopy] = []
    observed = {slug: Observed({}, {}) for slug in answer.parts}
    for slug, part in answer.parts.items():
        portable = only(answer.controller, slug, part, observed[slug], answer.laws)
        copies += copy_part(bag, answer.controller.systems[slug], portable, answer.laws)
    described = describe(answer, copies, observed)
    bag.put("index.html", _page(answer, described, copies).encode())
    entries = (each for copy in copies for each in _files(copy, observed[copy.system], bag.payload))
    bag.stream(DESCRIPTOR, streamed(described, entries))
    descriptor.put(bag, answer, copies)
    return copies


def describe(answer: Answer, copies: Iterable[CollectionCopy], observed: dict[str, Observed]) -> Json:
    """portability.json, but for its `files`: what each field is, and what is not in here."""
    controller = answer.controller.controller
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "reference": answer.reference,
        "version": answer.version,
        "generated_at": answer.answered_at.isoformat(),
        "language": spoken(),
        "controller": {
            "slug": controller.slug,
            "name": controller.name,
            "operator": controller.operator,
            "data_map_version": answer.controller.version,
        },
        "identities": list(dict.fromkeys(kind for kind, _ in answer.identities)),
        "systems": list(_systems(answer)),
        "collections": [_collection(answer, copy, observed[copy.system]) for copy in copies],
        "left_out": list(_left_out(answer)),
        "left_out_by_us": leaving_out.listed(answer),
        "refused": [
            {"system": system.system, "collection": each.collection, **asdict(each.refused)}
            for system in answer.systems
            for each in system.collections
            if each.refused
        ],
    }


def _systems(answer: Answer) -> Iterator[Json]:
    """Those that hold something portable, with what came of the search; a reader sees whether the copy is whole."""
    for outcome in answer.systems:
        described = answer.controller.systems[outcome.system]
        if any(portable_fields(answer.controller, outcome.system, name, answer.laws) for name in described.collections):
            yield {
                "system": outcome.system,
                "title": described.title,
                "outcome": outcome.outcome,
                "complete": outcome.outcome not in OPEN_OUTCOMES,
                "note": outcome.note,
            }


def _collection(answer: Answer, copy: CollectionCopy, observed: Observed) -> Json:
    controller_map, described = answer.controller, copy.described
    out = [*left_out(controller_map, copy.system, copy.collection, answer.laws)]
    out += [of_others(described, name, rows) for name, rows in copy.of_others.items()]
    return {
        "system": copy.system,
        "collection": copy.collection,
        "title": described.title,
        "describes": described.describes,
        "records": copy.rows,
        "json": copy.json_path,
        "csv": copy.csv_path,
        "neutralised_csv_cells": copy.noticed.neutralised,
        "repaired_cells": copy.noticed.repaired,
        "fields": [
            _field(controller_map, described, name, sorted(observed.types.get((copy.collection, name), ())))
            for name in copy.fields
        ],
        "left_out": [{"field": each.field, "label": each.label, "why": each.why} for each in out],
    }


def _field(controller_map: ControllerMap, collection: CollectionMap, name: str, types: list[str]) -> Json:
    field = collection.fields[name]
    register = controller_map.controller.purposes
    source = field.source or collection.source
    slugs = collection.purposes if field.purposes is None else field.purposes
    return {
        "name": name,
        "label": label(name, field),
        "category": field.category,
        "category_title": said(category_title(field.category)),
        "type": types,
        "meaning": field.type,
        "codes": field.codes,
        "currency": field.currency or None,
        "decimals": field.decimals,
        "source": source,
        "source_title": said(SOURCES[source]),
        "purposes": [
            {
                "purpose": slug,
                "title": register[slug].title,
                "basis": register[slug].basis,
                "basis_title": said(BASES[register[slug].basis]),
            }
            for slug in slugs
        ],
    }


def _files(copy: CollectionCopy, observed: Observed, payload: dict[str, Listed]) -> Iterator[Json]:
    place = {"system": copy.system, "collection": copy.collection}
    for path, kind in ((copy.json_path, "records"), (copy.csv_path, "table")):
        if path:
            written = payload[path]
            yield {
                "path": path,
                "kind": kind,
                **place,
                "media_type": _media_type(path),
                "sha256": written.sha256,
                "size": written.size,
            }
    for file in copy.files:
        yield _media(file, observed.places.get((copy.collection, key_text(file.row))), place)


def _media(file: CopiedFile, record: int | None, place: dict[str, str]) -> Json:
    return {
        "path": file.path,
        "kind": "media",
        **place,
        "media_type": _media_type(file.path),
        "sha256": file.sha256,
        "size": file.size,
        "name": file.original_name,
        "record": record,
    }


def _media_type(path: str) -> str:
    return mimetypes.guess_type(path)[0] or "application/octet-stream"


def _left_out(answer: Answer) -> Iterator[Json]:
    """Collections of which nothing is portable, with the reasons of their fields."""
    controller_map, laws = answer.controller, answer.laws
    for slug, system in controller_map.systems.items():
        for name, collection in system.collections.items():
            if not portable_fields(controller_map, slug, name, laws):
                fields = left_out(controller_map, slug, name, laws)
                told = [each for each in fields if each.field not in collection.key] or fields  # a number says little
                reasons = dict.fromkeys(each.why for each in told)
                yield {"system": slug, "collection": name, "title": collection.title, "why": list(reasons)}


def _page(answer: Answer, described: Json, copies: Iterable[CollectionCopy]) -> str:
    """index.html: short and plain, for whoever opens the ZIP first."""
    css, policy = index.style(answer.controller.controller.brand)
    titles = {
        (slug, name): f"{collection.title} ({system.title})"
        for slug, system in answer.controller.systems.items()
        for name, collection in system.collections.items()
    }
    media = {(copy.system, copy.collection): counted(len(copy.files), "file") for copy in copies if copy.files}
    return rendered(
        "portable.html",
        answer=answer,
        controller=answer.controller.controller,
        css=css,
        policy=policy,
        received=day(answer.received_at),
        answered=day(answer.answered_at),
        descriptor=DESCRIPTOR,
        rows=[
            {
                **each,
                "records_text": counted(each["records"], "record"),
                "media": media.get((each["system"], each["collection"]), ""),
            }
            for each in described["collections"]
        ],
        open=[
            {**each, "says": outcome_says(each["outcome"], 0)} for each in described["systems"] if not each["complete"]
        ],
        unsearched=[each for each in described["systems"] if each["outcome"] in UNSEARCHED - OPEN_OUTCOMES],
        left_out=described["left_out"],
        empty=listed(tuple(_empty(answer, copies))),
        language=spoken(),
        direction="rtl" if get_language_bidi() else "ltr",
        left_out_by_us=leaving_out.read(answer),
        refused=[{**each, "title": titles[each["system"], each["collection"]]} for each in described["refused"]],
    )


def _empty(answer: Answer, copies: Iterable[CollectionCopy]) -> Iterator[str]:
    """Titles of collections with something portable that were searched, and hold nothing."""
    copied = {(copy.system, copy.collection) for copy in copies}
    for outcome in answer.systems:
        held = {each.collection for each in outcome.collections if each.found or each.refused}
        held |= {each.collection for each in answer.left_out if each.system == outcome.system}
        for name, collection in answer.controller.systems[outcome.system].collections.items():
            place = f"{outcome.system}.{name}"
            looked = outcome.outcome not in UNSEARCHED and place not in answer.unreached and name not in held
            portable = portable_fields(answer.controller, outcome.system, name, answer.laws)
            if looked and portable and (outcome.system, name) not in copied:
                yield collection.title

"""Every cell of the permission table, found by asking: who, which page, which method, whose request."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from http.cookies import SimpleCookie
from uuid import UUID

from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver

from dsr.models import (
    BlastLimit,
    Correction,
    Errand,
    Evidence,
    LegalHold,
    Notice,
    Part,
    PlanItem,
    Redaction,
    SubjectRequest,
    Supplement,
    Telling,
)
from tests.conftest import NOW

SIGN_IN, DUTY = "/desk/login/", "/desk/confidentiality/"
METHODS = ("get", "post")
OTHERS = ("put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Page:
    """One address of the desk, by its name and the object it is about."""

    name: str
    address: str
    of_request: bool


def pages(
    patterns: list[URLPattern | URLResolver],
    given: dict[str, object],
    acts: dict[str, list[str]],
    before: str = "/desk/",
) -> Iterator[Page]:
    """Every address, with real objects in it; a page of many acts is one for each of them."""
    for pattern in patterns:
        route = str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from pages(pattern.url_patterns, given, acts, before + route)
            continue
        name = pattern.name or "catch-all"
        kinds = pattern.pattern.converters
        for act in acts.get(name, [""]):
            filled = {**given, **({"act": act, "slug": act} if act else {})}
            if name.startswith("dsr_event"):
                filled["object_id"] = given["event"]
            address = route
            for kind in kinds:
                for converter in ("str", "uuid", "slug", "path", "int"):
                    address = address.replace(f"<{converter}:{kind}>", str(filled[kind]))
            yield Page(f"{name}:{act}" if act else name, before + PLACES.get(address, address), "reference" in kinds)


PLACES = {"^(?P<app_label>dsr|accounts)/$": "dsr/", "(?P<url>.*)$": "nowhere/at-all"}


def found(answer: HttpResponseBase, *, of_table: bool = False) -> str:
    """What an answer says about who asked: a word of the table. Tables send from what they do not show to the queue."""
    where = answer.headers.get("Location", "").partition("?")[0]
    if where in {SIGN_IN, DUTY}:
        return "sign in"
    if of_table and where == "/desk/":
        return "unknown"
    return {403: "refused", 404: "unknown", 405: "no such method", 410: "over"}.get(answer.status_code, "open")


def asked(client: Client, method: str, page: Page) -> str:
    """The answer's word; whatever it changed is taken back."""
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    with transaction.atomic():
        answer = getattr(client, method)(page.address)
        transaction.set_rollback(True)
    client.cookies = SimpleCookie(cookies)
    return found(answer, of_table=page.name.startswith(("dsr_", "accounts_")))


def objects(subject_request: SubjectRequest, by: int) -> dict[str, UUID]:
    """A row of every kind that an address names, of this request; bare, for nobody's right hangs on what is in it."""
    common = {"subject_request": subject_request}
    item = PlanItem.objects.filter(subject_request=subject_request).first()
    letter = Notice.objects.filter(subject_request=subject_request).first()
    assert item is not None
    assert letter is not None
    made = {
        "limit": BlastLimit.objects.create(**common, system="app-database", collection="users", rows=9, met_at=NOW),
        "hold": LegalHold.objects.create(**common, controller="joypix", set_at=NOW, review_on=date(2027, 1, 1)),
        "correction": _correction(subject_request),
        "recipient": Telling.objects.create(**common, recipient="compute-providers", told_by="hand", created_at=NOW),
        "document": Evidence.objects.create(**common, kind="mandate", content_type="application/pdf", size=1, at=NOW),
        "mark": Redaction.objects.create(
            **common,
            system="app-database",
            collection="users",
            field="nickname",
            ground="rights_of_others",
            at=NOW,
            by_id=by,
        ),
    }
    sealed = Part.objects.create(**common, sha256="0" * 64, size=0)
    listed = Supplement.objects.create(
        **common, system="app-database", part=sealed, digest="0" * 64, summary={}, closed_at=NOW, closed_by_id=by
    )
    Errand.objects.create(item=item, created_at=NOW, due_on=date(2026, 11, 20))
    return {"listed": listed.pk, "item": item.pk, "letter": letter.pk, **{name: row.pk for name, row in made.items()}}


def _correction(subject_request: SubjectRequest) -> Correction:
    row = Correction(subject_request=subject_request, system="app-database", collection="users", field="nickname")
    row.place, row.proposed_at = "0" * 64, NOW
    for name, text in (("key", "[1]"), ("before", '"a"'), ("proposed", '"b"')):
        row.seal(name, text)
    row.save(force_insert=True)
    return row

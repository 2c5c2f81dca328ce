"""Five ways in which lists go on. Each comes to an end, or the list is refused."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from dsr.connectors.contract import Rejected
from dsr.connectors.http.paths import ABSENT, at
from dsr.egress.client import Answer

MOST_PAGES = 10_000
STYLES = ("none", "number", "offset", "cursor", "link", "next")
_ODATA = "@odata.nextLink"  # has a dot of its own
_GOES_ON = (
    *("next", "links.next", "_links.next", "paging.next", "meta.next", "nextLink"),
    *("next_page", "pagination.next_page", "next_page_token", "nextPageToken", "NextToken"),
    *("next_cursor", "meta.next_cursor", "pagination.next_cursor", "response_metadata.next_cursor"),
    *("has_next", "hasMore"),
)
_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w*-]+\s*(?:=\s*(?:\"[^\"]*\"|[^\s,;\"]*))?)*)\s*(?:,|$)")
_SAID = re.compile(r"([\w*-]+)\s*=\s*\"?([^\";]*)")


@dataclass(frozen=True, slots=True)
class Turn:
    """Which page: by a value of the paging parameter, or by an address of the service's own."""

    value: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Paging:
    """How one list goes on."""

    style: str = "none"
    param: str = ""
    first: int = 1  # of page numbers
    next: str = ""  # path of the next cursor or address
    more: str = ""  # path of whether there is more
    always: bool = False  # the next one is always spoken of; null is the end
    ends: bool = False  # where nothing is said of the next one, the list ends

    def start(self) -> Turn:
        """The first page."""
        if self.style == "number":
            return Turn(str(self.first))
        return Turn("0" if self.style == "offset" else "")

    def params(self, turn: Turn) -> list[tuple[str, str]]:
        """What a page is asked by."""
        return [(self.param, turn.value)] if turn.value and self.param else []

    def after(self, turn: Turn, here: str, answer: Answer, body: object, rows: Sequence[object]) -> Turn | None:
        """The page after, or None. Raises Rejected; `here` is the address that was asked."""
        if self.style == "none":
            _whole(answer, body, rows)
            return None
        if self.more and not self._has_more(body):
            return None
        following = self._following(turn, here, answer, body, rows)
        if following is None and self.more:
            raise Rejected(f"'{self.more}' says that there is more, and nothing in the answer leads there")
        return following

    def _following(self, turn: Turn, here: str, answer: Answer, body: object, rows: Sequence[object]) -> Turn | None:
        if self.style in ("number", "offset"):
            step = 1 if self.style == "number" else len(rows)
            return Turn(str(int(turn.value) + step)) if rows else None
        if self.style == "link":
            return _address(here, _linked(answer.link))
        found = self._next(body, rows)
        return _address(here, found) if self.style == "next" else Turn(found) if found else None

    def _next(self, body: object, rows: Sequence[object]) -> str:
        """The next cursor or address as the body tells it; empty at the end."""
        found = at(self.next, body)
        if found is ABSENT and not (self.always or self.more):
            if not rows or self.ends:
                return ""
            # A wrong path would end each list after its first page.
            raise Rejected(f"'{self.next}' is not in the answer; where that is a list's end, set 'page_end: missing'")
        if found is None or found == "":
            return ""
        if isinstance(found, bool) or not isinstance(found, str | int):
            raise Rejected(f"'{self.next}' must be null or say where the list goes on")
        return str(found)

    def _has_more(self, body: object) -> bool:
        found = at(self.more, body)
        if not isinstance(found, bool):
            raise Rejected(f"'{self.more}' must be true or false")
        return found


def _whole(answer: Answer, body: object, rows: Sequence[object]) -> None:
    """Refuse a list that says it goes on. An object that is the row itself speaks of other things."""
    found = [] if any(row is body for row in rows) else [_linked(answer.link), *(at(one, body) for one in _GOES_ON)]
    more = isinstance(body, Mapping) and (body.get("has_more") is True or bool(body.get(_ODATA)))
    if more or any(map(_leads_on, found)):
        raise Rejected("the answer says that there is more, and the map not how the list goes on; set 'paging'")


def _leads_on(found: object) -> bool:
    if isinstance(found, Mapping) and "href" in found:
        return bool(found["href"])
    return found is not ABSENT and bool(found)


def _address(here: str, found: str) -> Turn | None:
    """The next address: of the same list, whatever the service says."""
    if not found:
        return None
    try:
        whole = urljoin(here, found)
        asked, told = urlsplit(here), urlsplit(whole)
    except ValueError:
        raise Rejected("the next page's address cannot be read") from None
    if (asked.scheme, asked.netloc, asked.path) != (told.scheme, told.netloc, told.path) or told.fragment:
        raise Rejected("the next page's address is not of the same list")
    return Turn(address=whole)


def _linked(header: str) -> str:
    """The address of the relation 'next' (RFC 8288); Sentry's `results="false"` says that nothing is there."""
    links = [(match[1], dict(_SAID.findall(match[2].lower()))) for match in _LINK.finditer(header)]
    if len(links) != header.count("<"):
        raise Rejected("the header that links to the next page cannot be read")
    for address, said in links:
        if "next" in said.get("rel", "").split() and said.get("results") != "false":
            return address
    return ""

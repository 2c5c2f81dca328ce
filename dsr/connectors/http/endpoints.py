"""How each collection of a service is asked and erased, read from its settings."""

from dsr.connectors.http.declarations import STATES, Endpoints, Erasure, Job, Listing, Search, StopEndpoint
from dsr.connectors.http.paging import STYLES, Paging
from dsr.connectors.http.paths import Condition, path
from dsr.connectors.http.reading import Given, choice, number, seconds
from dsr.connectors.http.template import CALLBACK, Gap, Request, Text, request
from dsr.datamap.schema import CollectionMap, SystemMap, Way

PAGING = ("paging", "page_param", "page_first", "page_next", "page_more", "page_end")

_MOST_VALUES = 100
_LONGEST_POLL = 24 * 3600.0
_SMALL = ("query", "batch", "by_id", "erase", "correct", "poll")  # settings of our own small protocol
_DECLARED = (
    *("list_body", "rows", "absent", "batch"),
    *("search", "search_body", "search_rows", "search_field", "search_shows"),
    *("read", "read_rows", "gone"),
    *("erase", "erase_body", "done", "erase_absent", "kept", "kept_reason", "kept_until"),
    *("confirm", "confirm_body", "confirm_done", "rehearse", "rehearse_body", "rehearse_done"),
    *("job", "poll", "state", "states", "poll_in"),
)


def stop_endpoint(given: Given) -> StopEndpoint:
    """Read a stop. Raises SettingError."""
    given.only(("path",), ("poll",))
    _paths(given, "path", "poll")
    return StopEndpoint(given.text("path"), given.text("poll"))


def endpoints(system: SystemMap, name: str, given: Given) -> Endpoints:
    """Read a collection: a path alone speaks our small protocol, a method and a path declare a request."""
    collection = system.collections[name]
    if len(collection.key) != 1:
        raise given.error("", "rows of a service are named by one field; its key has more")
    if collection.files:
        raise given.error("", "'files' is not for services; they bring rows")
    if collection.erase.way not in (Way.DELETE, Way.KEEP):
        raise given.error("", "a service erases in its own way; the map can say delete or keep")
    made = _declared(collection, given) if " " in given.text("list") else _small(collection, given)
    if not made.correct and any(described.rectifiable for described in collection.fields.values()):
        raise given.error("", "setting 'correct' is missing, though a field is rectifiable")
    return made


def _small(collection: CollectionMap, given: Given) -> Endpoints:
    given.only(("list", "query"), (*_SMALL, *PAGING))
    _paths(given, "list", "erase", "correct", "poll")
    batch = given.read("batch", number(1, _MOST_VALUES), "1")
    query = given.text("query")
    for fields in _asked_by(collection):
        if fields != {query}:
            raise given.error("query", f"rows are found by '{query}' only, the setting 'query'")
    if ("erase" in given or "correct" in given) and "by_id" not in given:
        raise given.error("", "setting 'by_id' is missing; without it no effect can be read back")
    paging = _paging(given) if "paging" in given else Paging("cursor", "cursor", next="next", always=True)

    def listing(parameter: str, name: str) -> Listing:
        gap = Text((Gap(name),))
        return Listing(Request("GET", Text((given.text("list"),)), ((parameter, gap),)), "items", paging, batch=batch)

    return Endpoints(
        listing(query, query),
        listing(given.text("by_id"), collection.key[0]) if "by_id" in given else None,
        erase=given.text("erase"),
        correct=given.text("correct"),
        poll=given.text("poll"),
    )


def _declared(collection: CollectionMap, given: Given) -> Endpoints:
    given.only(("list",), (*_DECLARED, *PAGING))
    batch = given.read("batch", number(1, _MOST_VALUES), "1")
    listed = _listing(given, "list", "rows", _paging(given), batch)
    search = _search(given)
    for fields in _asked_by(collection):
        if fields not in (listed.request.names, search.listing.request.names if search else None):
            raise given.error(
                "list", f"setting 'list' wants {_named(listed.request)}, rows are found by {_text(fields)}"
            )
    if search and len(listed.request.names) != 1:
        raise given.error("list", "setting 'list' must have one gap, for what the search finds")
    read = _listing(given, "read", "read_rows", Paging(), 1) if "read" in given else None
    erasure = _erasure(given, collection.key[0], batch) if "erase" in given else None
    if read and read.request.names != set(collection.key):
        raise given.error("read", f"setting 'read' must ask by {{{collection.key[0]}}}, the key")
    if erasure and not read:
        raise given.error("", "setting 'read' is missing; without it no effect can be read back")
    return Endpoints(listed, read, search, erasure)


def _listing(given: Given, name: str, rows: str, paging: Paging, batch: int) -> Listing:
    asked = _request(given, name)
    if not asked.gaps:
        raise given.error(name, f"setting '{name}' has no gap such as {{email}}; it would ask for everybody")
    if batch > 1 and not asked.repeats:
        raise given.error("batch", f"setting '{name}' has no gap that can repeat; leave 'batch' out")
    if name == "read":
        condition = given.read("gone", Condition.of, "404")
    else:  # a search answers for people, as a list does; what is said of one row says nothing of them
        condition = given.maybe("absent", Condition.of) or Condition()
    if paging.param and any(parameter == paging.param for parameter, _ in asked.query):
        raise given.error("page_param", f"setting '{name}' holds the parameter that turns the pages")
    return Listing(asked, given.read(rows, path, "."), paging, condition, batch)


def _search(given: Given) -> Search | None:
    if "search" not in given:
        return None
    for name in ("search_field", "search_shows"):
        if name not in given:
            raise given.error("search", f"setting '{name}' is missing; it belongs to 'search'")
    listing = _listing(given, "search", "search_rows", _paging(given), 1)
    if len(listing.request.names) != 1:
        raise given.error("search", "setting 'search' must have one gap")
    return Search(listing, given.read("search_field", path, ""), given.read("search_shows", path, ""))


def _erasure(given: Given, key: str, batch: int) -> Erasure:
    asked = _by_key(given, "erase", key, *_callback(given))
    if "done" not in given:
        raise given.error("erase", "setting 'done' is missing; a status alone must be named too, such as 204")
    if batch > 1 and not asked.repeats:
        raise given.error("batch", "setting 'erase' has no gap that can repeat; leave 'batch' out")
    done = given.read("done", Condition.of, "")
    return Erasure(
        asked,
        done,
        given.read("erase_absent", Condition.of, "404"),
        given.maybe("kept", Condition.of) or Condition(),
        given.maybe("kept_reason", path) or "",
        given.maybe("kept_until", path) or "",
        batch,
        _request(given, "confirm") if "confirm" in given else None,
        given.maybe("confirm_done", Condition.of) or done,
        _by_key(given, "rehearse", key) if "rehearse" in given else None,
        given.maybe("rehearse_done", Condition.of) or done,
        _job(given, key),
    )


def _job(given: Given, key: str) -> Job | None:
    if "job" not in given:
        _without_job(given, key)
        return None
    for name in ("poll", "state", "states"):
        if name not in given:
            raise given.error("job", f"setting '{name}' is missing; it belongs to 'job'")
    states = given.read("states", _states, "")
    confirms = "confirm" in states.values()
    if confirms != ("confirm" in given):
        raise given.error("states", "setting 'confirm' and a state that is confirm belong together")
    for name in ("poll", "confirm") if confirms else ("poll",):
        if _request(given, name).names - ({CALLBACK} if name == "confirm" else set()) != {"job"}:
            raise given.error(name, f"setting '{name}' must hold {{job}}")
    return Job(
        given.read("job", path, ""),
        _request(given, "poll"),
        given.read("state", path, ""),
        states,
        given.read("poll_in", seconds(_LONGEST_POLL), "60"),
    )


def _without_job(given: Given, key: str) -> None:
    for name in ("poll", "state", "states", "poll_in"):
        if name in given:
            raise given.error(name, f"setting '{name}' belongs to 'job', which is missing")
    if "confirm" in given:
        _by_key(given, "confirm", key)


def _callback(given: Given) -> tuple[str, ...]:
    """The gap for an address of ours: an effect that is over at once has nothing to call for."""
    return (CALLBACK,) if "job" in given else ()


def _by_key(given: Given, name: str, key: str, *may: str) -> Request:
    asked = _request(given, name)
    if asked.names - (set(may) - {key}) != {key}:
        raise given.error(name, f"setting '{name}' must name rows by {{{key}}}, the key, and by nothing else")
    return asked


def _request(given: Given, name: str) -> Request:
    body = given.text(f"{name}_body")
    if "${" in given.text(name) + body:
        raise given.error(name, f"setting '{name}' holds '${{'; what is filled in is written {{name}}")
    return given.read(name, lambda text: request(text, body), "")


def _states(text: str) -> dict[str, str]:
    pairs = [one.partition("=") for one in text.split(",")]
    if not all(word.strip() and sign for word, sign, _ in pairs):
        raise ValueError("must be like 'RUNNING=running, FINISHED=done'")
    found = {word.strip(): meaning.strip() for word, _, meaning in pairs}
    if not set(found.values()) <= set(STATES) or "done" not in found.values():
        raise ValueError(f"must lead to 'done' at least; allowed are {', '.join(STATES)}")
    return found


def _paging(given: Given) -> Paging:
    style = given.read("paging", choice(*STYLES), "none")
    wanted = {"number": ("page_param",), "offset": ("page_param",), "cursor": ("page_param", "page_next")}
    for name in {**wanted, "next": ("page_next",)}.get(style, ()):
        if name not in given:
            raise given.error("paging", f"setting '{name}' is missing; paging by {style} needs it")
    return Paging(
        style,
        given.text("page_param"),
        given.read("page_first", number(0, 1), "1"),
        given.maybe("page_next", path) or "",
        given.maybe("page_more", path) or "",
        ends=given.maybe("page_end", choice("missing")) is not None,
    )


def _asked_by(collection: CollectionMap) -> list[frozenset[str]]:
    return [
        *(frozenset(fields) for fields in collection.found_by.values()),
        *(frozenset(link.on) for link in collection.links),
    ]


def _named(asked: Request) -> str:
    return _text(asked.names)


def _text(fields: frozenset[str]) -> str:
    return " and ".join(f"'{name}'" for name in sorted(fields))


def _paths(given: Given, *settings: str) -> None:
    for name in settings:
        found = given.text(name, "/")
        if not found.startswith("/") or found.startswith("//") or ".." in found or set(found) & set("?#\\"):
            raise given.error(name, f"setting '{name}' must be a path such as /payments")
    if given.text("poll", "{job}").count("{job}") != 1:
        raise given.error("poll", "setting 'poll' must hold {job} once")

"""Who may do what, page by page: the table that the tests assert cell by cell, and docs/permissions.md made from it.

Usage: tools/permissions.py
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "permissions.md"

ANYONE, STAFF, ADMINISTRATOR, NOBODY, PERSON, LINK, TOKEN = (
    *("anyone", "staff", "administrator", "nobody"),
    *("person", "link", "token"),
)
NO = "–"  # no such method
VIEW, REVIEW, APPROVE, OPERATE, AUDIT, RAISE, PAUSE, RELEASE = (
    *("view", "review", "approve", "operate", "audit"),
    *("raise", "pause", "release"),
)


class Row(NamedTuple):
    """Who reads a page, who acts on it; each a duty, or one of the words above. `fresh`: acts with a new code."""

    reads: str
    acts: str
    fresh: bool = False


BUTTON = STAFF  # whoever opens the address of a button lands where the button is
DESK = {
    "follow": Row(LINK, NO),
    "enrol": Row(LINK, LINK),
    "lent_follow": Row(LINK, NO),
    "lent": Row(LINK, LINK),  # the one task it is about, after a code from the mailbox and the duty
    "login": Row(ANYONE, ANYONE),
    "logout": Row(NO, STAFF),
    "confidentiality": Row(STAFF, STAFF),
    "account": Row(STAFF, NO),
    "recovery_codes": Row(BUTTON, STAFF, fresh=True),
    "replace_factor": Row(BUTTON, STAFF, fresh=True),
    "password_change": Row(STAFF, STAFF),
    "password_change_done": Row(STAFF, NO),
    "index": Row(STAFF, NO),
    "find": Row(BUTTON, STAFF),
    "law": Row(STAFF, NO),
    "rights": Row(STAFF, NO),
    "tasks": Row(STAFF, NO),
    "systems": Row(STAFF, NO),
    "pause": Row(PAUSE, PAUSE, fresh=True),
    "resume": Row(BUTTON, PAUSE, fresh=True),
    "audit": Row(AUDIT, NO),
    "checkpoint": Row(AUDIT, NO),
    "export": Row(BUTTON, AUDIT, fresh=True),
    "story": Row(BUTTON, AUDIT, fresh=True),
    "request": Row("role", NO),
    "intake": Row(REVIEW, REVIEW),
    "enter": Row(REVIEW, REVIEW),
    "document": Row(BUTTON, VIEW, fresh=True),
    "supplement": Row(BUTTON, REVIEW),
    "late": Row(f"{REVIEW} or {APPROVE}", APPROVE, fresh=True),
    "limit": Row(RAISE, RAISE, fresh=True),
    "hold": Row(REVIEW, REVIEW),
    "release": Row(REVIEW, REVIEW),
    "package": Row(BUTTON, NOBODY),  # of a person with a mailbox; of others APPROVE, each time for a new code
    "preview": Row(REVIEW, NO),
    "preview_ask": Row(BUTTON, REVIEW),
    "looks": Row(RELEASE, RELEASE, fresh=True),
    "looks_at": Row(RELEASE, RELEASE),
    "put_back": Row(BUTTON, RELEASE),
    "take": Row(BUTTON, REVIEW),
    "clock_act": Row(REVIEW, REVIEW),
    "task": Row(OPERATE, OPERATE),
    "retry": Row(BUTTON, OPERATE),
    "exclude": Row(APPROVE, APPROVE, fresh=True),
    "corrections": Row(VIEW, NO),
    "correction": Row(BUTTON, REVIEW, fresh=True),
    "write_down": Row(REVIEW, REVIEW),
    "write_down_check": Row(REVIEW, REVIEW),
    "respond": Row(BUTTON, REVIEW),
    "letter": Row(f"{REVIEW} or {APPROVE}", NO),
    "send_again": Row(BUTTON, REVIEW),
    "posted": Row(BUTTON, REVIEW),
    "recipient": Row(REVIEW, REVIEW),
    "decide": Row("of the act", "of the act"),
    "dsr_event_changelist": Row(AUDIT, AUDIT),
    "dsr_event_history": Row(AUDIT, AUDIT),
    "dsr_event_change": Row(AUDIT, NOBODY),
    "dsr_event_add": Row(NOBODY, NOBODY),
    "dsr_event_delete": Row(NOBODY, NOBODY),
    "accounts_staff_changelist": Row(ADMINISTRATOR, ADMINISTRATOR),
    "accounts_staff_history": Row(ADMINISTRATOR, ADMINISTRATOR),
    "accounts_staff_change": Row(ADMINISTRATOR, ADMINISTRATOR, fresh=True),
    "accounts_staff_add": Row(NOBODY, NOBODY),
    "accounts_staff_delete": Row(NOBODY, NOBODY),
    "app_list": Row(AUDIT, AUDIT),  # of the record; the one of accounts is the administrators'
    "autocomplete": Row(NOBODY, NO),
    "view_on_site": Row(NOBODY, NOBODY),
    "jsi18n": Row(STAFF, NO),
    "catch-all": Row(BUTTON, BUTTON),  # leads to a page above, or nowhere
}
API = {
    "file": Row(NO, TOKEN),
    "status": Row(TOKEN, NO),
    "assertions": Row(NO, TOKEN),
    "controller": Row(TOKEN, NO),
    "package": Row(LINK, NO),
    "callback": Row(NO, ANYONE),  # answers the same to everybody
    "schema": Row(ANYONE, NO),
}
WELL_KNOWN = {  # under /.well-known/, on both hosts
    "security.txt": Row(ANYONE, NO),
    "change-password": Row(ANYONE, NO),
    "gpc.json": Row(ANYONE, NO),
}
OPEN = frozenset(
    [
        "choose",
        "deny",
        "prove",
        "language",
        "certificate",
        "verify",
        "start",
        "brand",
        "help",
        "processing",
        "withdraw",
        "leave",
        "sign_in",
        "sign_in_code",
        "find",
        "find_code",
        "ask",
        "check",
        "question",
    ]
)
BY_LINK = frozenset({"recipient", "stop_download", "from_app"})


def portal(name: str) -> Row | None:
    """The row of a page of the portal; None when nobody wrote one."""
    if name in OPEN:
        return Row(ANYONE, ANYONE)
    if name in BY_LINK:
        return Row(LINK, LINK)
    return Row(PERSON, PERSON) if name in PERSONS else None


PERSONS = frozenset(
    [
        "mine",
        "confirm_mine",
        "looks",
        "sessions",
        "end_session",
        "end_sessions",
        "status",
        "prove_more",
        "open",
        "new_code",
        "answer",
        "correct",
        "correct_statement",
        "correct_check",
        "correct_row",
        "cancel",
        "download_ask",
        "download_code",
        "download_again",
        "download",
        "download_file",
        "take_certificate",
    ]
)


def allowed(who: str, duties: frozenset[str], *, administrator: bool) -> bool:
    """Whether staff with these duties at the request's controller are meant by a word of the table."""
    if who in {ANYONE, STAFF, LINK} or (who == "role" and duties):
        return True
    return (who == ADMINISTRATOR and administrator) or any(duty in duties for duty in who.split(" or "))


def page() -> str:
    """docs/permissions.md."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    from accounts.models import Role
    from dsr.desk.acts import ACTS
    from dsr.steps.permissions import DUTIES

    yield from _HEAD
    yield f"| duty | {' | '.join(Role)} |"
    yield f"|---|{'---|' * len(Role)}"
    for duty in (VIEW, REVIEW, APPROVE, OPERATE, AUDIT, RAISE, PAUSE, RELEASE):
        yield f"| {duty} | {' | '.join('yes' if duty in DUTIES[role] else NO for role in Role)} |"
    yield from ("", "## The desk", "", "| page | reads | acts | with a fresh code |", "|---|---|---|---|")
    for name, row in DESK.items():
        yield f"| {name} | {row.reads} | {row.acts} | {'yes' if row.fresh else NO} |"
    yield from ("", "## Acts of the page `decide`", "", "| act | duty | with a fresh code |", "|---|---|---|")
    yield from (f"| {act.slug} | {act.duty} | {'yes' if act.grave else NO} |" for act in ACTS.values())
    yield from ("", "## The API", "", "| call | GET | POST |", "|---|---|---|")
    yield from (f"| {name} | {row.reads} | {row.acts} |" for name, row in API.items())
    yield from ("", "## `/.well-known/`", "", "| page | GET | POST |", "|---|---|---|")
    yield from (f"| {name} | {row.reads} | {row.acts} |" for name, row in WELL_KNOWN.items())
    yield from ("", "## The portal", "", "| page | who |", "|---|---|")
    for title, names in ((ANYONE, OPEN), (LINK, BY_LINK), (PERSON, PERSONS)):
        yield f"| {', '.join(sorted(names))} | {title} |"


_HEAD = (
    "# Who may do what",
    "",
    "Made by `tools/permissions.py`; a test compares it, asks every page as everybody, and wants a row of each.",
    "",
    "- *anyone*: without a sign-in. What is done there with a code out of a letter is done by who has that code.",
    "- *staff*: signed in with both factors, whatever the role; of requests it shows those of their controllers alone.",
    "- *role*: any role at the request's controller; the other words are duties there.",
    "- *link*: who has the link of a letter, or the token of a download. *person*: who proved the mailbox here.",
    "- A colleague without an account opens `lent` by the link to one task and a code, and no other page of the desk.",
    "- *token*: a controller's own system, within the scopes of its token.",
    "",
    "Another controller's request does not exist: 404. Nobody has a duty in a request that names their own address.",
    "",
)


def main() -> None:
    """Write the page."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dsr.settings")
    os.environ.setdefault("DSR_SECRET_KEY", "for reading addresses only")
    import django

    django.setup()
    PAGE.write_text(page(), encoding="utf-8")
    print(f"docs/{PAGE.name}")


if __name__ == "__main__":
    main()

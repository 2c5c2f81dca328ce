"""The outbox: a letter to the person, a member of staff or a recipient, queued in the transaction that causes it."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import Staff
from dsr.datamap.schema import IdentityKind
from dsr.law.work import Channel, Letter, NoticeState, Post
from dsr.models import Notice, Representative, SubjectRequest, sealed
from dsr.steps import bell, maps
from dsr.steps.post import letters

# With these the person has the answer, or the request is over.
ENDING = frozenset(
    {
        *(Letter.READY, Letter.ERASED, Letter.ANSWER, Letter.CORRECTED, Letter.WITHDRAWN),
        *(Letter.REFUSED, Letter.CANCELLED, Letter.LAPSED, Letter.ANSWERED_WITH),
    }
)
# What a stranger can cause by filing in somebody's name: of each a mailbox gets one in a day, and hears no flood.
ONCE_A_DAY = frozenset({Letter.UNPROVEN, Letter.LAPSED})
ON_FILE, TO_FILE = "on-file", "to_file"  # `Notice.to` of an address on file; and what tells a template of it
STAFF_LANGUAGE = "en"  # what the desk speaks
# Who came to us without a browser gets paper where no address is known; the others read the portal's page.
ON_PAPER = frozenset({Channel.LETTER, Channel.TELEPHONE, Channel.IN_PERSON})


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who reads a letter: as the outbox names them, the address (none: paper), the language."""

    to: str
    address: str
    language: str


def queue(
    subject_request: SubjectRequest,
    letter: Letter,
    *,
    at: datetime,
    to_staff: Staff | None = None,
    to_recipient: str | None = None,
    to_other: str = "",
    to_address: str = "",
    again_of: Notice | None = None,
    **context: object,
) -> Notice | None:
    """Put a letter to the person, staff, a recipient, a colleague or an address on file into the outbox, or None.

    Dates, moments and lazy texts in `context` are said in the reader's language. A code or a link is never given
    here: `proof`, `telling` or `task_link` names the row that it is made for when the letter goes out.
    """
    other = _other(subject_request, to_other, to_address)
    reader = other if to_other or to_address else _reader(subject_request, to_staff, to_recipient)
    if reader is None or (letter in ONCE_A_DAY and _heard_lately(subject_request, letter, at)):
        return None
    post = Post.EMAIL if reader.address else Post.PAPER
    notice = Notice(
        subject_request=subject_request,
        letter=letter,
        state=NoticeState.QUEUED if reader.address else NoticeState.TO_POST,
        post=post,
        language=reader.language,
        to=reader.to,
        again_of=again_of,
        not_before=at,
        created_at=at,
    )
    facts = letters.facts(subject_request, reader.language, {**context, "paper": post is Post.PAPER})
    notice.seal(reader.address or subject_request.postal(), json.dumps(facts))
    notice.save(force_insert=True)
    bell.ring_after_commit()
    if letter in ENDING and not reader.to and again_of is None:
        queue(subject_request, Letter.AGENT_TOLD, at=at, to_other="agent")
    return notice


def _heard_lately(subject_request: SubjectRequest, letter: Letter, at: datetime) -> bool:
    """Whether this mailbox heard the same of another request within the day."""
    mailbox = subject_request.mailbox()
    if mailbox is None:
        return False
    lately = Notice.objects.filter(letter=letter, created_at__gt=at - timedelta(days=1), again_of=None)
    lookups = sealed.lookups(IdentityKind.EMAIL, mailbox.value())  # also of before a change of keys
    return lately.filter(subject_request__identities__lookup__in=lookups).exists()


def _agent(subject_request: SubjectRequest) -> _Reader | None:
    """The agent learns that the request is over, and nothing of the answer."""
    agent = Representative.agent_of(subject_request)
    return _Reader("agent", agent.email(), subject_request.language) if agent else None


def _child(subject_request: SubjectRequest) -> _Reader | None:
    """The mailbox of the child a guardian asks for; none where it is the guardian's own as well."""
    child = subject_request.identities.filter(kind="email", of_representative=False).first()
    guardian = subject_request.mailbox()
    if child is None or guardian is None or child.value() == guardian.value():
        return None
    return _Reader("child", child.value(), subject_request.language)


_OTHERS = {"agent": _agent, "child": _child}


def _other(subject_request: SubjectRequest, to_other: str, to_address: str) -> _Reader | None:
    """Somebody else than who asks; an address that the systems have on file is nobody whom we know."""
    if to_address and to_other:
        return _Reader(to_other, to_address, STAFF_LANGUAGE)  # a colleague, by a link
    if to_address:
        return _Reader(ON_FILE, to_address, subject_request.language)
    return _OTHERS[to_other](subject_request) if to_other else None


def _reader(subject_request: SubjectRequest, to_staff: Staff | None, to_recipient: str | None) -> _Reader | None:
    if to_staff is not None:
        return _Reader(f"staff:{to_staff.pk}", to_staff.email, STAFF_LANGUAGE) if to_staff.email else None
    if to_recipient is not None:
        controller = maps.controller(subject_request.controller).controller
        address = controller.recipients[to_recipient].email
        language = maps.languages(controller.slug)[0]
        return _Reader(f"recipient:{to_recipient}", address, language) if address else None
    identity = subject_request.mailbox()
    if identity is None and (subject_request.reduced_at or subject_request.channel not in ON_PAPER):
        return None
    return _Reader("", identity.value() if identity else "", subject_request.language)

"""The timeline: Events of a request as sentences, with names and local times."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from accounts.models import Role
from dsr.datamap.schema import ControllerMap
from dsr.desk import laddering, looked, people, words
from dsr.desk.clock import LONGER
from dsr.desk.handing import NOBODY, WAYS
from dsr.desk.of_staff import OF_STAFF
from dsr.desk.recipients import ANSWERS
from dsr.law.grounds import GROUNDS, Ground
from dsr.law.regimes import regimes
from dsr.law.work import Channel, Kind
from dsr.models import Event, SubjectRequest
from dsr.steps import maps
from dsr.steps.errands.said import confirmed

VIEWED = "request:viewed"
_ELSEWHERE = looked.SENTENCES | laddering.SENTENCES | OF_STAFF
SENTENCES = _ELSEWHERE | {
    "request:received": "The request arrived {channel}",
    "request:answered-at-once": "Answered at once from the data map, without touching personal data",
    "request:taken": "Took the request",
    "request:accepted": "Accepted the request",
    "request:refused": "Refused the request: {ground}",
    "request:answered": "Answered by a letter",
    "request:cancelled": "Cancelled the request",
    "cancellation:entered": "Entered the person's word to cancel, which came {channel} on {on}",
    "request:repeated": "Ended: it says the same as {of}, which is proven",
    "request:lapsed": "The request lapsed: the e-mail address was not proven in time",
    "request:searched": "Every system was searched",
    "request:carried-out": "Everything that was approved is carried out",
    "clock:started": "The clock was set: by the calendar {edition} and the law {law}",
    "clock:proven": "The proof starts a date anew: {regime}, on {starts_on}",
    "clock:extended": "Took more time: {reason}",
    "question:asked": "Asked the person; stands still: {stops}",
    "question:answered": "Answered the question",
    "question:reply-entered": "Entered the reply to the question, which came {channel} on {received_on}",
    "question:taken-back": "Took the question back",
    "question:unanswered": "The question ended without an answer",
    "question:closed": "The question ended, for the answer is there or the request over",
    "request:backdated": "The receipt was moved back to {received_at}",
    "request:handed-over": "Handed the request over",
    "deadline:missed": "A date was missed: {regime}, to {duty} by {due_on}",
    VIEWED: "Looked at the personal data",
    "identity:asked": "A one-time code was sent to prove the e-mail address",
    "identity:confirmed": "The e-mail address is proven",
    "identity:signed-in": "Signed in to the status page with a one-time code",
    "identity:wrong-code": "A wrong one-time code was entered (try {tries})",
    "plan:made": "The plan was made: {systems} to search",
    "plan:approved": "Approved {approved}",
    "request:merged": "Answered together with {into}, which it repeats",
    "request:absorbed": "Answers {duplicate} as well, which repeats it",
    "request:linked": "Linked to {to}",
    "request:closed-with-original": "Closed with {original}, which it repeats",
    "request:parted": "No longer answered with {original}",
    "request:denied": "The owner of the mailbox said no: cancelled",
    "refusal:shown": "Wrote down what shows the ground",
    "part:refused": "Refused a part, {part}: {ground}",
    "representative:named": "Asked for by {asker}",
    "representative:checked": "Saw that the guardian may ask",
    "representative:rejected": "Saw nothing that shows that the guardian may ask",
    "evidence:kept": "A document was sent and sealed",
    "evidence:viewed": "Opened the document",
    "evidence:destroyed": "The document was destroyed",
    "identity:vouched": "Confirmed who asks",
    "identity:checked": "Wrote down how it was checked",
    "postal:checked": "Wrote down how name and postal address were checked; no identifier was given",
    "correction:proposed": "The person sent new values",
    "correction:entered": "Entered what the person wrote or said ({came})",
    "correction:reminded": "The person was reminded to send new values",
    "correction:moved": "The letter left later than it was written: the person can send new values until {last_day}",
    "correction:renewed": "After the freeze the person can send new values until {last_day}",
    "correction:accepted": "Accepted a new value: {field}",
    "correction:declined": "Declined a new value: {field}",
    "correction:responded": "Answered the person's statement",
    "correction:decided": "Everything the person sent is decided",
    "item:corrected": "{item}: corrected and read back",
    "item:failed": "{item}: not done",
    "manifest:closed": "The manifest was closed with the digest {digest}",
    "item:found": "{item}: {outcome}",
    "item:stopped": "{item}: stopped and read back",
    "item:resumed": "{item}: open again, and read back",
    "hold:set": "Set a {kind} on the {place}, to be reviewed on {review_on}",
    "hold:released": "Released a {kind}",
    "hold:kept": "Kept a {kind} on purpose",
    "hold:reminded": "A reminder went out: a {kind} is to be reviewed",
    "supplement:asked": "Asked for a supplementary manifest: {item}",
    "supplement:closed": "A supplementary manifest was closed with the digest {digest}",
    "supplement:approved": "Approved a supplementary manifest: {approved}",
    "plan:renewed": "The data map had changed: the plan was made anew by map {map_version}, {systems} searched",
    "item:asked-again": "Asked once more, for new keys came: {item}",
    "preview:asked": "Asked for a preview",
    "preview:viewed": "Looked at the preview, made by map {map_version}",
    "limit:met": "More rows would go than the map expects of one request: {rows} of {system}, {collection}",
    "limit:raised": "Raised the limit for this request: {rows} rows of {system}, {collection}",
    "replay:listed": "A restored backup had brought data back in {system}: listed with the digest {digest}",
    "erasure:replayed": "A restored backup had brought data back: erased again and read back in {system}",
    "item:erased": "{item}: erased and read back",
    "task:asked": "{item}: a task for a person, due on {due_on}",
    "task:taken": "Took the task: {item}",
    "task:shown": "Looked at whom a task is about: {item}",
    "task:lent": "Sent a colleague without an account the link to a task: {item}",
    "task:opened": "Typed the code, and opened the link to a task: {item}",
    "task:acknowledged": "Acknowledged the duty of confidentiality, before a task: {item}",
    "task:link-taken-back": "Took the link to a task back: {item}",
    "task:reminded": "A reminder of a task went out: {item}",
    "task:escalated": "A task is late, the privacy officers were told as well: {item}",
    "task:answered": "Wrote down what became of a task: {item} ({said})",
    "task:confirmed": "Looked a second time and confirmed by hand: {item}",
    "task:sent-back": "Looked a second time and found something still there: {item}",
    "task:impossible": "Wrote down that a task cannot be done: {item}",
    "item:kept": "{item}: {kept}",
    "kept:told": "What was kept until {until} is over: the person is told",
    "kept:untold": "What was kept until {until} is over; no address is known any more, so nobody is told",
    "item:unanswered": "{item}: the system did not answer (try {tries})",
    "item:called-back": "{item}: the system called, and is asked whether it is done",
    "item:quarantined": "{item}: it needs a person now",
    "item:untouched": "{item}: it waits again, and nothing had been sent to the system yet",
    "item:retried": "Sent back to work: {item}",
    "item:excluded": "Left out by name: {item}",
    "package:sealed": "Version {version} of the package was put together and sealed",
    "package:released": "The package was released",
    "package:offered": "The package was offered for download",
    "package:laid-out": "The package waits to be handed over on paper or on a medium",
    "package:taken": "Downloaded the package to hand it over",
    "package:code-refused": "Typed a one-time code that was not right, and got no package",
    "package:handed-over": "Handed the package over {way}, on {given_on}",
    "package:given-up": "Destroyed the package and closed the request: {because}",
    "package:granted": "Gave the code for one download of the package",
    "package:part-asked": "Had a part delivered; still missing: {systems}",
    "package:replaced": "Destroyed the version before: version {version} holds all of it",
    "package:stopped": "Whoever reads another address on file stopped the download: frozen",
    "package:downloaded": "Downloaded the package",
    "package:offer-ended": "The days for downloading the package are over",
    "package:offered-again": "Asked for the package again, and it was offered anew",
    "package:expired": "The package expired and was destroyed",
    "notice:sent": "Letter sent: {letter}",
    "request:reduced": "Its time is over: only what proves the answer stays",
    "clock:edition": "Working days were published anew: {deadlines} dates moved, by {after}",
    "request:seen": "Opened the request's page",
    "certificate:issued": "The certificate was issued",
    "certificate:downloaded": "Took the certificate",
    "timeline:exported": "Exported this timeline, reasons included",
    "audit:out-of-time": "Event {event} says {said}, and stands behind younger ones: made up, or the clock was wrong",
    "system:silent": "{system} does not answer: its work waits, and it is tried now and then",
    "system:back": "{system} answers again",
    "system:paused": "Paused {system}: nothing goes in until it is resumed",
    "system:resumed": "Resumed {system}, paused since {since}",
    "secret:forgotten": "What {count} Events only committed to was forgotten after its time",
    "audit:exported": "Exported the record: {size} entries",
    "desk:searched": "Searched for somebody by {kind}",
    "person:signed-in": "Signed in to see all requests of a mailbox, with a one-time code",
    "person:sessions-ended": "Ended sessions: {sessions}",
    "notice:posted": "Letter posted: {letter}",
    "grace:moved": "Erasing begins later, for the letter was posted only now",
    "notice:taken-back": "A letter that had not left yet was taken back: {letter}",
    "notice:again": "Sent a letter again: {letter}",
    "notice:queued-again": "Queued a letter again that was in doubt, as the same mail: {letter}",
    "notice:failed": "A letter cannot be sent: {letter}",
    "notice:bounced": "A letter came back: {letter}",
    "recipient:planned": "A recipient is to be told: {recipient}",
    "recipient:told": "Told a recipient: {recipient}",
    "recipient:reminded": "A recipient was reminded: {recipient}",
    "recipient:looked": "Looked at the ids it is told about: {recipient}",
    "recipient:answered": "{recipient} answered: {answer}",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline."""

    at: datetime
    who: str
    says: str
    tag: str
    times: int = 1
    why: str = ""


def timeline(subject_request: SubjectRequest, *, reasons: bool = False) -> list[Moment]:
    """Everything that happened, newest first; looks by the same person in a row are one line.

    Reasons are somebody's own words and may hold personal data: they are for whom may see it.
    """
    events = list(subject_request.events.order_by("-id"))
    names = people.names_of({event.actor for event in events})
    controller_map = maps.controller(subject_request.controller)
    moments = (
        Moment(
            event.at,
            names[event.actor],
            sentence(event, controller_map),
            event.tag,
            why=event.why() if reasons else "",
        )
        for event in events
    )
    return list(_folded(moments))


def sentence(event: Event, controller_map: ControllerMap | None) -> str:
    """What happened, in plain words. A tag that has none yet is shown as it is."""
    says = SENTENCES.get(laddering.told_apart(event))
    if event.tag == "item:erased" and controller_map is not None:
        how = confirmed(controller_map, str(event.details.get("item", "")).partition(" ")[2])
        says = f"{{item}}: erased. {how.rstrip(chr(46))}" if how else says
    return says.format_map(_Said(event.details, controller_map)) if says else event.tag


def item_title(kind: str, system: str, controller_map: ControllerMap | None) -> str:
    """Such as 'Search: Application database'."""
    title = words.KINDS[Kind(kind)]
    known = controller_map.systems.get(system) if controller_map else None
    return f"{title}: {known.title if known else system}" if system not in {"", "portal"} else title


class _Said(dict[str, str]):
    """The details of an Event, each in words; what is missing is a dash."""

    def __init__(self, details: dict[str, object], controller_map: ControllerMap | None) -> None:
        super().__init__({name: str(value) for name, value in details.items()} | _titles(details, controller_map))
        if "item" in self:
            kind, _, system = self["item"].partition(" ")
            self["item"] = item_title(kind, system, controller_map)
            self["outcome"] = words.outcome_of(kind, self.get("outcome", "")).lower()
            self["kept"] = f"kept until {self['until']}" if "until" in self else "part of it stays there"
        self["approved"] = "by itself: this right needs no second person"
        if "digest" in self:
            self["digest"] = f"{self['digest'][:12]}…"
            self["approved"] = f"the manifest {self['digest']}"
        if "staff" in self:
            actor = f"staff:{self['staff']}"
            self["staff"] = people.names_of([actor])[actor]
        if isinstance(stops := details.get("stops"), list):
            self["stops"] = ", ".join(_LAWS.get(str(regime), str(regime)) for regime in stops) or "no date"
        systems = details.get("systems")
        if isinstance(systems, list):
            self["systems"] = f"{len(systems)} system{'' if len(systems) == 1 else 's'}"
        for name, plain in _PLAIN.items():
            if name in self:
                self[name] = plain.get(self[name], self[name])

    def __missing__(self, name: str) -> str:
        return "–"


def _titles(details: dict[str, object], controller_map: ControllerMap | None) -> dict[str, str]:
    """A recipient, a part and a field as the map calls them."""
    said: dict[str, str] = {}
    if controller_map is None:
        return said
    known = controller_map.controller.recipients.get(str(details.get("recipient")))
    if known:
        said["recipient"] = known.title
    for name in {"part", "field"} & details.keys():
        slug, _, rest = str(details[name]).partition(".")
        collection, _, field = rest.partition(".")
        system = controller_map.systems.get(slug)
        if system and collection in system.collections:
            found = system.collections[collection]
            place = f"{system.title}: {found.title}"
            said[name] = f"{place}, {field}" if field else place
    return said


_LAWS = {slug: regime.title for slug, regime in regimes().items()}
_PLAIN: dict[str, dict[str, str]] = {
    "regime": _LAWS,
    "reason": {reason.value: plain for reason, plain in LONGER.items()},
    "ground": {ground.value: GROUNDS[ground].plain.rstrip(".") for ground in Ground},
    "answer": ANSWERS,
    "because": {why.value: plain for why, plain in NOBODY.items()},
    "way": {way.value: plain for way, plain in WAYS.items()},
    "duty": {"answer": "answer", "confirm": "confirm the receipt"},
    "needed": {rung.value: plain.lower() for rung, plain in laddering.RUNGS.items()},
    "rung": {rung.value: plain.lower() for rung, plain in laddering.RUNGS.items()},
    "role": {role.value: role.label.partition(":")[0].lower() for role in Role},
    "kind": {"legal": "legal hold", "freeze": "freeze", "email": "e-mail address", "phone": "telephone number"},
    "asker": {"agent": "an agent", "guardian": "a parent or guardian"},
    "channel": {channel.value: words.CHANNELS[channel] for channel in Channel},
    "letter": {letter.value: title for letter, title in words.LETTERS.items()},
}


def _folded(moments: Iterable[Moment]) -> Iterator[Moment]:
    last: Moment | None = None
    for moment in moments:
        if last and last.tag == moment.tag == VIEWED and last.who == moment.who:
            last = replace(last, times=last.times + 1)
            continue
        if last:
            yield last
        last = moment
    if last:
        yield last

"""The timeline: Events of a request as sentences, with names and local times."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from dsr.datamap.schema import ControllerMap
from dsr.desk import people, words
from dsr.law.grounds import GROUNDS, Ground
from dsr.law.work import Channel, Kind, Letter
from dsr.models import Event, SubjectRequest
from dsr.steps import maps

VIEWED = "request:viewed"
SENTENCES = {
    "request:received": "The request arrived {channel}",
    "request:answered-at-once": "Answered at once from the data map, without touching personal data",
    "request:taken": "Took the request",
    "request:accepted": "Accepted the request",
    "request:refused": "Refused the request: {ground}",
    "request:answered": "Answered by a letter",
    "request:cancelled": "Cancelled the request",
    "request:lapsed": "The request lapsed: the e-mail address was not proven in time",
    "request:searched": "Every system was searched",
    "request:carried-out": "Everything that was approved is carried out",
    VIEWED: "Looked at the personal data",
    "identity:asked": "A one-time code was sent to prove the e-mail address",
    "identity:confirmed": "The e-mail address is proven",
    "identity:signed-in": "Signed in to the status page with a one-time code",
    "identity:wrong-code": "A wrong one-time code was entered (try {tries})",
    "plan:made": "The plan was made: {systems} to search",
    "plan:approved": "Approved {approved}",
    "manifest:closed": "The manifest was closed with the digest {digest}",
    "item:found": "{item}: {outcome}",
    "item:erased": "{item}: erased and read back",
    "item:kept": "{item}: {kept}",
    "item:unanswered": "{item}: the system did not answer (try {tries})",
    "item:quarantined": "{item}: it needs a person now",
    "item:retried": "Sent back to work: {item}",
    "item:excluded": "Left out by name: {item}",
    "package:released": "The package was released",
    "package:offered": "The package was offered for download",
    "package:downloaded": "Downloaded the package",
    "package:expired": "The package expired and was destroyed",
    "notice:sent": "Letter sent: {letter}",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline."""

    at: datetime
    who: str
    says: str
    tag: str
    times: int = 1


def timeline(subject_request: SubjectRequest) -> list[Moment]:
    """Everything that happened, newest first; looks by the same person in a row are one line."""
    events = list(subject_request.events.order_by("-id"))
    names = people.names_of({event.actor for event in events})
    controller_map = maps.controller(subject_request.controller)
    moments = (Moment(event.at, names[event.actor], sentence(event, controller_map), event.tag) for event in events)
    return list(_folded(moments))


def sentence(event: Event, controller_map: ControllerMap) -> str:
    """What happened, in plain words. A tag that has none yet is shown as it is."""
    says = SENTENCES.get(event.tag)
    return says.format_map(_Said(event.details, controller_map)) if says else event.tag


def item_title(kind: str, system: str, controller_map: ControllerMap) -> str:
    """Such as 'Search: Application database'."""
    title = words.KINDS[Kind(kind)]
    known = controller_map.systems.get(system)
    return f"{title}: {known.title if known else system}" if system not in {"", "portal"} else title


class _Said(dict[str, str]):
    """The details of an Event, each in words; what is missing is a dash."""

    def __init__(self, details: dict[str, object], controller_map: ControllerMap) -> None:
        super().__init__({name: str(value) for name, value in details.items()})
        if "item" in self:
            kind, _, system = self["item"].partition(" ")
            self["item"] = item_title(kind, system, controller_map)
            self["outcome"] = words.outcome_of(kind, self.get("outcome", "")).lower()
            self["kept"] = f"kept until {self['until']}" if "until" in self else "part of it stays there"
        self["approved"] = "by itself: this right needs no second person"
        if "digest" in self:
            self["digest"] = f"{self['digest'][:12]}…"
            self["approved"] = f"the manifest {self['digest']}"
        systems = details.get("systems")
        if isinstance(systems, list):
            self["systems"] = f"{len(systems)} system{'' if len(systems) == 1 else 's'}"
        for name, plain in _PLAIN.items():
            if name in self:
                self[name] = plain.get(self[name], self[name])

    def __missing__(self, name: str) -> str:
        return "–"


_PLAIN: dict[str, dict[str, str]] = {
    "ground": {ground.value: GROUNDS[ground].plain for ground in Ground},
    "channel": {channel.value: words.CHANNELS[channel] for channel in Channel},
    "letter": {letter.value: words.LETTERS[letter] for letter in Letter},
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

"""A request's walk as its person reads it: what happened, what is being done, what is next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_lazy as _

from dsr.datamap.schema import ControllerMap
from dsr.law.grounds import GROUNDS, Ground
from dsr.law.rights import SEARCHED, Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind
from dsr.models import PlanItem, Proposal, SubjectRequest
from dsr.portal.words import Text
from dsr.steps.counting import pauses
from dsr.steps.deciding import approval, blocking
from dsr.steps.fulfilling import sources, staying
from dsr.steps.fulfilling.manifest import REFUSED, UNREAD, last_day


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of the walk: what is said before, while and after it is walked."""

    done: Text
    ahead: Text
    now: Text
    tags: frozenset[str]  # Events that say when it was done


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the list on the status page; `how` is done, now, later or stopped."""

    how: str
    title: Text
    at: datetime | None = None
    text: Text = ""


STAGES: Mapping[State, Stage] = {
    State.RECEIVED: Stage(_("We received your request"), "", "", frozenset({"request:received"})),
    State.VERIFIED: Stage(
        _("You proved your e-mail address"),
        _("You prove your e-mail address"),
        _("We wait for the code we sent you. Without it the request ends by itself after 7 days."),
        frozenset({"identity:confirmed"}),
    ),
    State.ACCEPTED: Stage(
        _("We accepted your request"),
        _("A person here looks at your request"),
        _("You need not do anything. We write to you when we have decided."),
        frozenset({"request:accepted"}),
    ),
    State.SEARCHED: Stage(
        _("We searched our systems"),
        _("We search our systems"),
        _("We look in every system that may hold data about you."),
        frozenset({"request:searched"}),
    ),
    State.APPROVED: Stage(
        _("A second person approved what is erased"),
        _("A second person checks what is erased"),
        _("We know what we hold. Somebody else here looks at it once more before anything is erased."),
        frozenset({"plan:approved"}),
    ),
    State.CARRIED_OUT: Stage(
        _("We erased your data"),
        _("We erase your data, and look whether it is gone"),
        _("What the law makes us keep stays, and is named in the answer."),
        frozenset({"request:carried-out"}),
    ),
    State.PACKAGED: Stage(
        _("Your answer is ready"),
        _("We put your answer together"),
        _("We make it readable and check it. Then we write to you."),
        frozenset({"package:released"}),
    ),
    State.DELIVERED: Stage(
        _("You have our answer"),
        _("You download our answer"),
        _("It waits for you on this page."),
        frozenset(
            {
                *("package:downloaded", "package:offer-ended", "package:expired"),
                *("request:answered", "request:answered-at-once"),
            }
        ),
    ),
}
LETTER = Stage(
    _("We answered you"),
    _("You get our answer"),
    _("We write to you as soon as it is there."),
    STAGES[State.DELIVERED].tags,
)
# A rectification: what is right comes from the person, and there is nothing to download.
YOUR_TURN = Stage(
    _("We decided about each value you entered"),
    _("You enter what is right"),
    _("We found your data. Look at it above, and enter what is right. Then a person here decides about each value."),
    frozenset({"correction:decided"}),
)
FROZEN = Stage(
    YOUR_TURN.done, YOUR_TURN.ahead, _("Nothing can be entered while the account is frozen."), YOUR_TURN.tags
)
CORRECTING: Mapping[State, Stage] = {
    State.APPROVED: Stage(
        YOUR_TURN.done,
        _("You enter what is right, and we decide about each value"),
        _("You need not do anything. A person here looks at each value you entered."),
        YOUR_TURN.tags,
    ),
    State.CARRIED_OUT: Stage(
        _("We corrected what we accepted, and looked whether it is there"),
        _("We correct what we accepted, and look whether it is there"),
        _("We write it into our systems, and read it back."),
        STAGES[State.CARRIED_OUT].tags,
    ),
    State.DELIVERED: LETTER,
}
WITHDRAWING: Mapping[State, Stage] = {
    State.CARRIED_OUT: Stage(
        _("We stopped it, and looked whether it has stopped"),
        _("We stop it, and look whether it has stopped"),
        _("This happens by itself. You need not do anything."),
        STAGES[State.CARRIED_OUT].tags,
    ),
    State.DELIVERED: LETTER,
}
ENDED: Mapping[State, tuple[Text, frozenset[str]]] = {
    State.REFUSED: (_("We refused your request"), frozenset({"request:refused"})),
    State.CANCELLED: (_("You cancelled your request"), frozenset({"request:cancelled"})),
    State.LAPSED: (
        _("The request ended, for the address was not proven"),
        frozenset({"request:lapsed", "request:repeated"}),
    ),
}


DOWNLOADED, ANSWERED = "package:downloaded", frozenset({"package:released", "request:answered"})
ASKED = _("Please answer our question above.")
WAITS = _("It waits until the day above.")
MORE_PROOF = _("Before that, show us that it is you: the button above leads there.")
THEIR_TURN = (STAGES[State.VERIFIED], YOUR_TURN)  # here the person has something else to do as well


def stages(right: Right) -> list[State]:
    """The states a person is told about; the rest are our own doing."""
    if right is Right.PROCESSING_INFORMATION:
        return [State.RECEIVED, State.DELIVERED]
    if right is Right.CONSENT_WITHDRAWAL:
        return [State.RECEIVED, State.VERIFIED, State.CARRIED_OUT, State.DELIVERED]
    if right not in SEARCHED:
        return [State.RECEIVED, State.VERIFIED, State.ACCEPTED, State.DELIVERED]
    if right is Right.RECTIFICATION:
        return [state for state in STAGES if state is not State.PACKAGED]
    ours = {State.APPROVED, State.CARRIED_OUT} if right is not Right.ERASURE else set()
    return [state for state in STAGES if state not in ours]


def walk(subject_request: SubjectRequest, *, waits: bool = False, more_proof: bool = False) -> Iterator[Step]:
    """The steps in order; exactly one is 'now' while the request is open.

    `waits`: what is ready is not shown before the account's own address had its days (see on_file); `more_proof`:
    who asks is not known surely enough yet.
    """
    moments = _moments(subject_request)
    state = State(subject_request.state)
    right = Right(subject_request.right)
    told = _walked(right, state, moments)
    told_as = {**STAGES, **({} if right in SEARCHED else {State.DELIVERED: LETTER}), **_own_words(subject_request)}
    if state in ENDED:
        title, tags = ENDED[state]
        for passed in told:
            if (at := _moment(moments, STAGES[passed].tags)) is not None:
                yield Step("done", STAGES[passed].done, at)
        yield Step("stopped", title, _moment(moments, tags))
        return
    asked = pauses.open_question(subject_request) is not None
    order = list(STAGES)
    waiting = [one for one in told if order.index(one) > order.index(state)]
    for one in told:
        stage = told_as[one]
        if one not in waiting:
            yield Step("done", stage.done, _moment(moments, stage.tags))
        elif one == waiting[0]:
            text = MORE_PROOF if more_proof else WAITS if waits else stage.now
            yield Step("now", stage.ahead, text=ASKED if asked and stage not in THEIR_TURN else text)
        else:
            yield Step("later", stage.ahead)


def _moments(subject_request: SubjectRequest) -> dict[str, datetime]:
    """When each kind of Event was there first; what is downloaded before the answer is a part of it."""
    moments: dict[str, datetime] = {}
    for event in subject_request.events.all():
        if event.tag != DOWNLOADED or moments.keys() & ANSWERED:
            moments.setdefault(event.tag, event.at)
    return moments


def _walked(right: Right, state: State, moments: Mapping[str, datetime]) -> list[State]:
    """The same of this request: where nothing was proposed, nothing was decided; or nothing was accepted."""
    told = stages(right)
    if right is not Right.RECTIFICATION or state is not State.DELIVERED:
        return told
    happened = {State.APPROVED: YOUR_TURN.tags, State.CARRIED_OUT: {"item:corrected", "item:failed"}}
    return [one for one in told if one not in happened or moments.keys() & happened[one]]


def _own_words(subject_request: SubjectRequest) -> Mapping[State, Stage]:
    """How a right says it where its walk is not like the others'."""
    if subject_request.right != Right.RECTIFICATION:
        return WITHDRAWING if subject_request.right == Right.CONSENT_WITHDRAWAL else {}
    if subject_request.state != State.SEARCHED or _sent(subject_request):
        return CORRECTING
    if blocking.blocks_delivery(subject_request):
        return {**CORRECTING, State.APPROVED: FROZEN}
    return {**CORRECTING, State.APPROVED: YOUR_TURN}


def _sent(subject_request: SubjectRequest) -> bool:
    """Whether the person has said what is right; what nobody was asked for counts as said."""
    return not Proposal.objects.filter(subject_request=subject_request, sent_at=None).exists()


def _moment(moments: Mapping[str, datetime], tags: frozenset[str]) -> datetime | None:
    return min((at for tag, at in moments.items() if tag in tags), default=None)


@dataclass(frozen=True, slots=True)
class KeptRow:
    """Records that an erasure leaves: what, how many, why and until when."""

    title: str
    count: int
    ground: Text
    citation: Text
    until: date | None
    says: Text = ""  # the retention rule, where no day can be named


def kept(subject_request: SubjectRequest, about: ControllerMap) -> Iterator[KeptRow]:
    """What stays: by the manifest's rules, and what a system said of itself while erasing."""
    if subject_request.state in ENDED:
        return  # nothing was erased, so nothing was left of an erasure
    done = list(subject_request.items.filter(kind=Kind.ERASE, state=ItemState.DONE))
    over, left = _over(subject_request), approval.left_whole(subject_request)
    for row in sources.summary(subject_request):
        if row["until"] and row["system"] not in left and (row["system"], last_day(row["until"])) not in over:
            title = _collection(about, row["system"], row["collection"])
            says = known.says if (known := about.controller.retention.get(row["rule"].removeprefix(UNREAD))) else ""
            yield KeptRow(title, row["count"], *_why(about, row["rule"]), last_day(row["until"]), says)
    for item in done:
        for name, count in item.counts.items():
            for row in count.get("kept", []):
                until = date.fromisoformat(row["until"]) if row["until"] else None
                if (item.system, until) not in over:
                    why = _still(item, about, row["reason"])
                    yield KeptRow(_collection(about, item.system, name), row.get("count", 1), *why, until)


def _over(subject_request: SubjectRequest) -> set[tuple[str, date | None]]:
    """Systems and days of deferred erasures that were carried out: those rows are gone, or stay for another reason."""
    deferred = subject_request.items.filter(kind=Kind.ERASE).exclude(until=None)
    days = set(deferred.filter(state=ItemState.DONE).values_list("system", "until"))
    return days - set(deferred.exclude(state=ItemState.DONE).values_list("system", "until"))


def _still(item: PlanItem, about: ControllerMap, reason: str | int) -> tuple[Text, Text]:
    """Why rows stayed while it erased: a rule that was asked again, or the system's own words."""
    if staying.by_rule(about, reason):
        return _why(about, str(reason))
    return staying.why(item, reason), _("the recipient's own answer")


def _why(about: ControllerMap, rule: str) -> tuple[Text, Text]:
    """Why rows stay, and where that stands: a rule, a part that was refused, or a row that others need."""
    if rule.startswith(REFUSED):
        ground = GROUNDS[Ground(rule.removeprefix(REFUSED))]
        return gettext_lazy(ground.plain), ground.citation
    known = about.controller.retention.get(rule.removeprefix(UNREAD))
    if known is None:
        return _("Only its number stays, for a record that is kept points at it."), ""
    return known.ground or known.says, known.citation


def _collection(about: ControllerMap, system: str, name: str) -> str:
    """Its title, or its bare name when the map has changed since."""
    known = about.systems.get(system)
    return known.collections[name].title if known and name in known.collections else name

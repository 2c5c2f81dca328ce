"""What always holds, whatever happened."""

from itertools import pairwise

from django.db.models import Q, QuerySet
from hypothesis.stateful import invariant

from dsr.law.regimes import HOUSE
from dsr.law.rights import Right
from dsr.law.states import CLOSED, State, allowed
from dsr.law.work import Asker, Channel, ItemState, Letter
from dsr.models import (
    Approval,
    Correction,
    Deadline,
    Download,
    Event,
    Extension,
    Link,
    Manifest,
    Notice,
    Package,
    Part,
    PartRefusal,
    PlanItem,
    SubjectRequest,
    Telling,
)
from tests.life.scene import ALMA, GRETA, POSTAL, SAM, Scene

# What only somebody who is proven gets to read.
TELLING = frozenset(
    {
        *(Letter.READY, Letter.ERASED, Letter.ANSWER, Letter.CORRECTED, Letter.CORRECTABLE, Letter.WITHDRAWN),
        *(Letter.APPROVED, Letter.ACCEPTED, Letter.MERGED, Letter.ANSWERED_WITH, Letter.TELL),
    }
)


def unproven() -> QuerySet[SubjectRequest]:
    """Requests that nobody has proven; one by an agent or a guardian is not, until it is seen that they may ask."""
    mailbox = Q(identities__of_representative=False) & ~Q(identities__proven_at=None)
    seen = Q(asker=Asker.PERSON) | ~Q(representative__confirmed_at=None) | ~Q(representative__checked_at=None)
    return SubjectRequest.objects.exclude(pk__in=SubjectRequest.objects.filter(mailbox & seen).values("pk"))


class Promises(Scene):
    """The invariants; each is asked after every act."""

    @invariant()
    def every_state_was_reached_by_legal_moves_with_one_event_each(self) -> None:
        for own in SubjectRequest.objects.all():
            tagged = Event.objects.filter(subject_request=own).exclude(moved_to="").order_by("id")
            path = [State.RECEIVED, *(State(to) for to in tagged.values_list("moved_to", flat=True))]
            assert path[-1] == own.state
            for old, new in pairwise(path):
                assert allowed(Right(own.right), old, new), (old, new)

    @invariant()
    def no_receipt_moves_later_and_no_date_without_a_reason(self) -> None:
        for deadline in Deadline.objects.select_related("subject_request"):
            received = deadline.subject_request.received_at.date()
            now = (deadline.due_on, deadline.starts_on, deadline.receipt_on, received)
            was = self.dates.get(deadline.pk, now)
            assert now[2:] <= was[2:], deadline
            assert now[1] <= was[1] or deadline.starts_with_proof, deadline
            if deadline.due_on > was[0]:
                longer = deadline.extended or deadline.paused or deadline.pausing_from or now[1] > was[1]
                assert longer, deadline
            assert deadline.due_on >= was[0] or received < was[3] or now[2] < was[2], deadline
            assert deadline.due_on >= deadline.unpaused_on
            self.dates[deadline.pk] = now

    @invariant()
    def what_is_extended_or_paused_was_so_by_an_act(self) -> None:
        lengthened = Deadline.objects.filter(extended=True).values("subject_request")
        assert not SubjectRequest.objects.filter(pk__in=lengthened, extension=None).exists()
        paused = Deadline.objects.exclude(paused="", pausing_from=None).values("subject_request")
        assert not SubjectRequest.objects.filter(pk__in=paused, pauses=None).exists()
        assert Extension.objects.count() == Event.objects.filter(tag="clock:extended").count()

    @invariant()
    def the_record_never_steps_back_in_time(self) -> None:
        moments = list(Event.objects.exclude(subject_request=None).order_by("id").values_list("at", flat=True))
        assert moments == sorted(moments)

    @invariant()
    def an_open_request_is_due_by_its_earliest_date(self) -> None:
        for own in SubjectRequest.objects.filter(answered_at=None, closed_at=None):
            open_ = own.deadlines.filter(duty="answer", met_at=None)
            assert own.due_on == min(open_.values_list("due_on", flat=True))
            assert open_.filter(regime=HOUSE).exists()

    @invariant()
    def nothing_changed_for_other_people(self) -> None:
        assert self.rows("SELECT email, name, disabled FROM people WHERE id = '2'") == [
            ("other@example.com", "Other", 0)
        ]
        assert self.rows("SELECT withdrawn_at FROM consents WHERE id = '2'") == [(None,)]
        assert self.rows("SELECT words FROM posts WHERE person = '2'") == [("I am not Sam",)]

    @invariant()
    def what_nobody_has_proven_planned_found_and_told_nothing(self) -> None:
        hidden = [*unproven()]  # a few: to ask for them within each question takes longest
        for table in (PlanItem, Part, Package, Manifest, Approval, Telling, PartRefusal):
            assert not QuerySet(table).filter(subject_request__in=hidden).exists(), table
        assert not Download.objects.filter(package__subject_request__in=hidden).exists()
        told = Notice.objects.filter(subject_request__in=hidden, letter__in=TELLING)
        assert not told.exclude(to__startswith="staff:").exists()
        assert not Link.objects.filter(Q(of__in=hidden) | Q(to__in=hidden), kind=Link.DUPLICATE).exists()

    @invariant()
    def every_letter_goes_to_who_asks_or_is_asked_for(self) -> None:
        for notice in Notice.objects.exclude(pk__in=self.read).select_related("subject_request"):
            self.read.add(notice.pk)
            own = notice.subject_request
            theirs = POSTAL if own.channel == Channel.LETTER else GRETA if own.asker == Asker.GUARDIAN else SAM
            whose = {"": theirs, "child": SAM, "agent": ALMA}
            if notice.to in whose:
                assert notice.addressee() == whose[notice.to], notice

    @invariant()
    def nothing_changed_for_sam_but_by_a_proven_request_for_that(self) -> None:
        proven = SubjectRequest.objects.exclude(pk__in=[own.pk for own in unproven()])
        approved = Approval.objects.filter(subject_request__in=proven)
        whole = proven.filter(right=Right.ERASURE, scope="everything")
        found = self.rows("SELECT email, name, disabled FROM people WHERE id = '1'")
        if not approved.filter(subject_request__in=whole).exists():
            assert found, "the account is gone"
        if found and not whole.exclude(accepted_by=None).exists():
            assert found[0][2] == 0
        if found and not proven.filter(right=Right.RECTIFICATION, corrections__decision="accepted").exists():
            assert found[0][:2] == (SAM, "Sam")
        if not approved.exists():
            assert self.rows("SELECT words FROM posts WHERE id = '1'") == [("Hello",)]
        stopping = proven.filter(right=Right.CONSENT_WITHDRAWAL) | whole.exclude(accepted_by=None)
        if not stopping.exists():
            assert self.rows("SELECT withdrawn_at FROM consents WHERE id = '1'") == [(None,)]

    @invariant()
    def whoever_wrote_a_value_down_never_decided_about_it(self) -> None:
        entered = Event.objects.filter(tag="correction:entered").values_list("subject_request", "actor")
        decided = Correction.objects.exclude(decided_by=None).values_list("subject_request", "decided_by")
        assert not {(pk, actor) for pk, actor in entered} & {(pk, f"staff:{by}") for pk, by in decided}

    @invariant()
    def a_refused_part_is_kept(self) -> None:
        approved = SubjectRequest.objects.filter(right=Right.ERASURE).exclude(approvals=None)
        kept = PartRefusal.objects.filter(subject_request__in=approved, collection="posts")
        if kept.count() == approved.count() > 0:
            assert self.rows("SELECT words FROM posts WHERE id = '1'") == [("Hello",)]

    @invariant()
    def whoever_accepted_never_approved(self) -> None:
        for approval in Approval.objects.select_related("subject_request", "supplement"):
            assert approval.by_id != approval.subject_request.accepted_by_id
            assert approval.supplement is None or approval.by_id != approval.supplement.closed_by_id

    @invariant()
    def what_was_erased_was_approved_by_its_digest(self) -> None:
        for item in PlanItem.objects.filter(kind="erase", until=None).exclude(state=ItemState.READY, attempts=0):
            manifest = Manifest.objects.get(subject_request=item.subject_request)
            digests = Approval.objects.filter(subject_request=item.subject_request, supplement=None)
            assert list(digests.values_list("digest", flat=True)) == [manifest.digest]

    @invariant()
    def a_duplicate_waits_for_its_original(self) -> None:
        for link in Link.objects.filter(kind=Link.DUPLICATE, ended_at=None).select_related("of", "to"):
            assert link.of.state == State.VERIFIED or link.of.closed
            assert not link.of.items.exists()
            assert (link.of.right, link.of.scope, link.of.asker) == (link.to.right, link.to.scope, link.to.asker)

    @invariant()
    def what_is_closed_was_answered_or_ended(self) -> None:
        for own in SubjectRequest.objects.filter(state__in=CLOSED):
            assert own.closed_at is not None
            assert not Deadline.objects.filter(subject_request=own, met_at=None, duty="answer").exists()

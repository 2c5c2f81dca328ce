"""What always holds of dates, of holds, of the grace and of second hands, read from the tables alone."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q
from hypothesis.stateful import invariant

from dsr.law.rights import Right
from dsr.law.states import CLOSED, State
from dsr.law.work import Channel, Kind, Letter, NoticeState, Outcome
from dsr.models import Approval, Deadline, Download, Event, LegalHold, Notice, PlanItem, SubjectRequest
from tests.life.scene import Scene

BERLIN, GRACE, BY_POST = ZoneInfo("Europe/Berlin"), timedelta(days=3), timedelta(days=14)  # Acme's
ON_FILE = timedelta(days=2)  # two business days are never less
AT_MOST = timedelta(days=7)  # the same two beside a weekend and holidays
BEGUN = Q(kind=Kind.ERASE, fence__gt=0) | Q(kind=Kind.STOP, outcome=Outcome.STOPPED)
PACKED = [Right.ACCESS, Right.PORTABILITY]
FIRST_HANDS = ["request:received", "identity:vouched", "request:accepted"]


def day_of(moment: datetime) -> date:
    """Acme's local day."""
    return moment.astimezone(BERLIN).date()


def held() -> list[SubjectRequest]:
    """Requests on which something stands, by their own name or by an identifier proven there."""
    standing = LegalHold.objects.filter(released_at=None)
    named = Q(identities__folded__in=standing.exclude(lookup="").values("lookup")) & ~Q(identities__proven_at=None)
    on_it = Q(pk__in=standing.filter(lookup="").values("subject_request"))
    return list(SubjectRequest.objects.filter(on_it | named).distinct())


class Guards(Scene):
    """Invariants whose breach the tables show only against the time, or against how they stood before."""

    def today(self) -> date:
        """Here, now."""
        return day_of(self.at)

    @staticmethod
    def touched(mine: list[SubjectRequest]) -> set[tuple[object, ...]]:
        """Each beginning of an erasure and each approval, of these requests."""
        begun = PlanItem.objects.filter(subject_request__in=mine, kind=Kind.ERASE).exclude(fence=0)
        approved = Approval.objects.filter(subject_request__in=mine)
        return {*begun.values_list("subject_request", "pk", "fence"), *approved.values_list("subject_request", "pk")}

    @invariant()
    def nothing_is_begun_or_approved_while_a_hold_stands(self) -> None:
        mine, known = held(), {own.pk for own in self.all_held}
        now = self.touched(mine)
        assert {each for each in now if each[0] in known} <= self.held
        self.held, self.all_held = now, mine

    @invariant()
    def nothing_is_erased_before_the_grace_is_over(self) -> None:
        for approval in Approval.objects.filter(supplement=None).select_related("subject_request"):
            begins = approval.subject_request.erase_after
            assert begins is not None
            longest = BY_POST if approval.subject_request.channel == Channel.LETTER else GRACE
            moved = [sent + GRACE for sent in self.announced(approval.subject_request)]
            moved += [sent + AT_MOST for sent in self.sent(approval.subject_request, Letter.ON_FILE)]
            assert approval.at + GRACE <= begins <= max([approval.at + longest, *moved])
            items = PlanItem.objects.filter(subject_request=approval.subject_request, kind=Kind.ERASE)
            assert self.at >= begins or not items.exclude(fence=0).exists()
            assert not items.filter(finished_at__lt=begins).exists()

    def announced(self, own: SubjectRequest) -> list[datetime]:
        """When letters that name the begin were posted."""
        return self.sent(own, Letter.APPROVED)

    @staticmethod
    def sent(own: SubjectRequest, letter: Letter) -> list[datetime]:
        """When such letters left."""
        sent = Notice.objects.filter(subject_request=own, letter=letter, state=NoticeState.SENT)
        return [each for each in sent.values_list("sent_at", flat=True) if each]

    @invariant()
    def nothing_asked_on_paper_is_erased_before_the_letter_lay_in_the_post_for_the_grace(self) -> None:
        by_letter = Q(subject_request__right=Right.ERASURE, subject_request__channel=Channel.LETTER)
        for item in PlanItem.objects.filter(by_letter, BEGUN, until=None):
            posted = self.announced(item.subject_request)
            assert posted
            assert max(posted) <= self.at - GRACE

    @invariant()
    def nothing_asked_on_paper_is_erased_before_the_address_on_file_had_its_days(self) -> None:
        by_letter = SubjectRequest.objects.filter(right=Right.ERASURE, channel=Channel.LETTER)
        begun = PlanItem.objects.filter(BEGUN, subject_request__in=by_letter, until=None)
        for own in by_letter.filter(pk__in=begun.values("subject_request")):
            told = Notice.objects.filter(subject_request=own, letter=Letter.ON_FILE)
            assert told.exists()
            assert not told.filter(Q(sent_at=None) | Q(sent_at__gt=self.at - ON_FILE)).exists()

    @invariant()
    def who_had_it_in_hand_on_paper_never_approved(self) -> None:
        for approval in Approval.objects.filter(subject_request__channel=Channel.LETTER):
            first = Event.objects.filter(subject_request=approval.subject_request_id, tag__in=FIRST_HANDS)
            assert f"staff:{approval.by_id}" not in first.values_list("actor", flat=True)

    @invariant()
    def after_a_sweep_each_date_that_is_over_is_missed(self) -> None:
        if self.swept_at == self.at:
            waiting = Deadline.objects.filter(duty="answer", met_at=None, pausing_from=None)
            waiting = waiting.filter(subject_request__answered_at=None).exclude(subject_request__state__in=CLOSED)
            assert not waiting.filter(due_on__lt=self.today(), missed_on=None).exists()

    @invariant()
    def what_was_answered_late_has_missed_its_date(self) -> None:
        for deadline in Deadline.objects.filter(duty="answer", missed_on=None).exclude(met_at=None):
            assert deadline.met_at is not None
            assert day_of(deadline.met_at) <= deadline.due_on

    @invariant()
    def of_each_missed_date_one_letter_was_written(self) -> None:
        for own in SubjectRequest.objects.all():
            missed = own.deadlines.filter(duty="answer").exclude(missed_on=None).count()
            assert Notice.objects.filter(subject_request=own, letter=Letter.LATE).count() == missed

    @invariant()
    def what_leaves_on_paper_leaves_by_second_hands(self) -> None:
        by_letter = SubjectRequest.objects.filter(channel=Channel.LETTER)
        assert not by_letter.filter(state=State.PACKAGED).exclude(answered_at=None).exists()
        given = Event.objects.filter(tag="package:handed-over").values("subject_request")
        assert not by_letter.filter(state=State.DELIVERED, right__in=PACKED).exclude(pk__in=given).exists()
        for download in Download.objects.filter(package__subject_request__in=by_letter).select_related("package"):
            first = Event.objects.filter(subject_request=download.package.subject_request_id, tag__in=FIRST_HANDS)
            assert download.actor not in first.values_list("actor", flat=True)

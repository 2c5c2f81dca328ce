"""The moves of one request from the form to its answer."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from dsr.law.actors import PORTAL, SUBJECT, Actor
from dsr.law.clocks import ExtensionReason, Pause
from dsr.law.grounds import Ground, grounds_for
from dsr.law.rights import WORKED, Right
from dsr.law.states import State, allowed
from dsr.law.work import Asker, Channel, NoticeState
from dsr.models import Correction, LegalHold, SubjectRequest
from dsr.steps import sweeping
from dsr.steps.answering import handover
from dsr.steps.answering.handover import Given, Way
from dsr.steps.asking import cancellation, representation, verification, vouching
from dsr.steps.counting import pauses, receipt
from dsr.steps.counting.extension import extend
from dsr.steps.deciding import approval, holds, review
from dsr.steps.fulfilling import correctable, rectification, writing_down
from dsr.steps.fulfilling.writing_down import Came
from dsr.steps.move import Conflict, move
from dsr.steps.post import notices
from tests.life.guards import Guards, held
from tests.steps import taking


class Walking(Guards):
    """Sam, Dana, Eli, Pia and the workers, in any order."""

    @rule()
    def the_walk_goes_on(self) -> None:
        self.go_on(1)

    def go_on(self, times: int) -> None:
        """The sensible next thing, several times."""
        forward = {
            State.RECEIVED: self._proven,
            State.VERIFIED: self._accepted,
            State.PACKAGED: self._handed_over,
        }
        for _ in range(times):
            forward.get(State(self.present().state), self._staff_and_workers)()

    def on_paper(self) -> bool:
        """Whether Sam wrote a letter, and has no mailbox."""
        return self.own.channel == Channel.LETTER

    def _proven(self) -> None:
        (self.pia_vouches if self.on_paper() else self.the_code_is_typed)()

    def _handed_over(self) -> None:
        if self.on_paper():
            self.the_post_goes_out()
            self.at += timedelta(days=5)  # until then whose account it is can object
            self.eli_takes_the_package()
            self.eli_hands_it_over()
        else:
            self.sam_downloads()

    def _accepted(self) -> None:
        if self.own.asker == Asker.GUARDIAN:
            self.pia_checks_the_guardian()
        self.dana_accepts()

    def _staff_and_workers(self) -> None:
        self.the_worker_sweeps()
        own = self.present()
        if own.state == State.SEARCHED and own.right == Right.RECTIFICATION:
            self.sam_proposes_a_name()
            self.dana_decides_the_corrections()
            self.pia_decides_the_corrections()  # what Dana wrote down
            self.the_post_goes_out()  # to the address on file, which can object
        elif own.state == State.SEARCHED:
            self.the_post_goes_out()  # nobody approves before the address on file is told
            self.eli_approves()
        elif own.state == State.APPROVED:
            self.dana_posts_what_is_printed()
            self.at += timedelta(days=15 if self.on_paper() else 4)
        elif own.state == State.ACCEPTED and own.right not in WORKED:
            self.dana_answers()

    # Time

    @rule(hours=st.sampled_from([1, 26, 80, 24 * 16, 24 * 40]))
    def time_passes(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    @rule()
    def dana_posts_what_is_printed(self) -> None:
        for notice in self.present().notices.filter(state=NoticeState.TO_POST).exclude(letter__in=notices.COVERING):
            notices.posted(notice, by=self.dana, at=self.at)

    @rule()
    def the_worker_sweeps(self) -> None:
        sweeping.sweep(lambda: self.at, seconds=1)
        self.swept_at = self.at

    # Who asks

    @rule()
    def the_code_is_typed(self) -> None:
        if code := self.code():
            self.attempt(verification.confirm, code, at=self.at)

    @rule()
    def sam_says_no_with_the_code(self) -> None:
        if code := self.code():
            self.attempt(representation.deny, code, at=self.at)

    @rule()
    def mallory_guesses_a_code(self) -> None:
        self.attempt(verification.confirm, "2345 6789", at=self.at)

    @rule()
    def sam_asks_for_a_new_code(self) -> None:
        self.attempt(verification.ask, at=self.at)

    @rule()
    def sam_cancels(self) -> None:
        self.attempt(cancellation.cancel, by=SUBJECT, at=self.at)

    @rule()
    def sam_answers_the_question(self) -> None:
        self.attempt(pauses.answer, "I mean the account of May.", by=SUBJECT, at=self.at)

    @precondition(lambda self: self.own.right == Right.RECTIFICATION)
    @rule()
    def sam_proposes_a_name(self) -> None:
        """On a page of his own; or Dana writes down what he says."""
        if self.on_paper():
            self.attempt(_write_down, came=Came(Channel.TELEPHONE, self.today()), by=self.dana, at=self.at)
        else:
            self.attempt(_propose, at=self.at)

    @rule()
    def sam_downloads(self) -> None:
        self.attempt(_download, at=self.at)

    # Staff

    @rule()
    def pia_vouches(self) -> None:
        self.attempt(vouching.vouch, note="Called back under the number on file", by=self.pia, at=self.at)

    @rule()
    def eli_takes_the_package(self) -> None:
        self.attempt(taken, by=self.eli, at=self.at)

    @rule()
    def eli_hands_it_over(self) -> None:
        self.attempt(handover.give, Given(self.today(), Way.POST), by=self.eli, at=self.at)

    @rule()
    def dana_accepts(self) -> None:
        self.attempt(review.accept, by=self.dana, at=self.at)

    @rule()
    def pia_accepts(self) -> None:
        self.attempt(review.accept, by=self.pia, at=self.at)

    @rule()
    def pia_checks_the_guardian(self) -> None:
        self.attempt(representation.check, note="Birth certificate seen", by=self.pia, at=self.at)

    @rule()
    def pia_rejects_the_guardian(self) -> None:
        self.attempt(representation.reject, note="Another child's certificate", by=self.pia, at=self.at)

    @rule(ground=st.sampled_from(sorted(Ground)))
    def dana_refuses(self, ground: Ground) -> None:
        if ground in grounds_for(Right(self.own.right), part=False):
            self.attempt(review.refuse, ground=Ground(ground), by=self.dana, at=self.at)

    @rule()
    def dana_answers(self) -> None:
        self.attempt(review.answer, text="Dear Sam", by=self.dana, at=self.at)

    @rule(reason=st.sampled_from(["identity_required", "information_required"]))
    def dana_asks(self, reason: str) -> None:
        self.attempt(pauses.ask, reason=Pause(reason), question="Which account do you mean?", by=self.dana, at=self.at)

    @rule()
    def dana_takes_the_question_back(self) -> None:
        self.attempt(pauses.end, by=self.dana, at=self.at)

    @rule()
    def dana_extends(self) -> None:
        self.attempt(extend, reason=ExtensionReason.COMPLEXITY, words="It is a lot of data.", by=self.dana, at=self.at)

    @rule()
    def nobody_goes_where_no_way_leads(self) -> None:
        """Every move that this walk does not know, and a receipt later than it was."""
        own = self.present()
        for to in State:
            if not allowed(Right(own.right), State(own.state), to):
                with pytest.raises(Conflict):
                    move(self.present(), to, by=PORTAL, at=self.at, event="request:forced")
        later = own.received_at + timedelta(days=3)
        with pytest.raises(Conflict):
            receipt.backdate(own, received_at=later, why="It came later.", by=self.dana, at=self.at)

    @rule(days=st.sampled_from([1, 9]))
    def dana_moves_the_receipt(self, days: int) -> None:
        moment = self.present().received_at - timedelta(days=days)
        self.attempt(receipt.backdate, received_at=moment, why="The letter lay here.", by=self.dana, at=self.at)

    @rule()
    def dana_decides_the_corrections(self) -> None:
        self._decide_the_corrections(self.dana)

    @rule()
    def pia_decides_the_corrections(self) -> None:
        self._decide_the_corrections(self.pia)

    def _decide_the_corrections(self, by: Actor) -> None:
        for correction in Correction.objects.filter(subject_request=self.own, decision=""):
            self.attempt(partial(_decide, correction), by=by, at=self.at)

    @rule()
    def eli_approves(self) -> None:
        self._approve(self.eli)

    @rule()
    def pia_approves(self) -> None:
        self._approve(self.pia)

    def _approve(self, by: Actor) -> None:
        manifest = getattr(self.present(), "manifest", None)
        if manifest is not None:
            self.attempt(approval.approve, digest=manifest.digest, by=by, at=self.at)

    @rule()
    def sam_calls_and_dana_cancels(self) -> None:
        word = cancellation.Word(Channel.TELEPHONE, self.today(), "Named the reference")
        self.attempt(cancellation.cancel_on_word, word, by=self.dana, at=self.at)

    @rule()
    def dana_sets_a_hold(self) -> None:
        order = holds.Order(reason="A court asked for it.", review_on=self.at.date() + timedelta(days=90))
        self.attempt(holds.set_hold, order, by=self.dana, at=self.at)
        self.all_held = held()
        self.held = self.touched(self.all_held)

    @rule()
    def dana_releases_the_holds(self) -> None:
        for hold in LegalHold.objects.filter(released_at=None):
            holds.release(hold, by=self.dana, at=self.at)


def taken(own: SubjectRequest, *, by: Actor, at: datetime) -> None:
    """Somebody takes the package, to its last byte."""
    assert list(handover.take(own, by=by, at=at))


def _download(own: SubjectRequest, *, at: datetime) -> None:
    assert list(taking.taken(own, at=at))


def _decide(correction: Correction, _: SubjectRequest, *, by: Actor, at: datetime) -> None:
    rectification.decide(correction, accepted=True, words="", by=by, at=at)


def _propose(own: SubjectRequest, *, at: datetime) -> None:
    rectification.propose(own, _names(own), statement="", at=at)


def _write_down(own: SubjectRequest, *, came: Came, by: Actor, at: datetime) -> None:
    writing_down.enter(own, _names(own), statement="", came=came, by=by, at=at)


def _names(own: SubjectRequest) -> dict[tuple[str, str], str]:
    return {(row.place, field.name): "Samuel" for row in correctable.rows(own) for field in row.fields}

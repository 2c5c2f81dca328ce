"""What somebody tries in a life, or forgets in it: several acts in a row that chance alone would seldom bring about."""

from datetime import timedelta

from hypothesis.stateful import precondition, rule

from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Asker
from dsr.steps.answering import handover
from dsr.steps.answering.handover import Given, Way
from dsr.steps.asking import representation
from tests.life.beside import Beside
from tests.life.walking import taken

BEFORE_APPROVAL = frozenset({State.RECEIVED, State.VERIFIED, State.ACCEPTED, State.SEARCHED})


def _erasure(life: Beside) -> bool:
    return life.own.right == Right.ERASURE


class Tempting(Beside):
    """Each is one act of a life."""

    @precondition(_erasure)
    @rule()
    def the_same_person_accepts_and_tries_to_approve(self) -> None:
        self.the_code_is_typed()
        if self.own.asker == Asker.GUARDIAN:
            self.attempt(representation.check, note="Birth certificate seen", by=self.dana, at=self.at)
        self.pia_accepts()
        self.the_worker_sweeps()
        self.pia_approves()

    @precondition(_erasure)
    @rule()
    def a_hold_is_set_within_the_grace(self) -> None:
        self._approved()
        self.dana_sets_a_hold()
        self.at += timedelta(days=4)
        self.the_worker_sweeps()

    @precondition(_erasure)
    @rule()
    def a_worker_comes_within_the_grace(self) -> None:
        self._approved()
        self.at += timedelta(days=2)
        self.the_worker_sweeps()

    @rule()
    def nobody_looks_for_weeks(self) -> None:
        self.at += timedelta(days=40)
        self.the_worker_sweeps()

    @rule()
    def sam_has_enough_of_waiting(self) -> None:
        self.at += timedelta(days=40)
        self.sam_cancels()

    @rule()
    def who_vouched_tries_to_hand_it_over(self) -> None:
        self.attempt(taken, by=self.pia, at=self.at)
        self.attempt(handover.give, Given(self.today(), Way.POST), by=self.pia, at=self.at)

    def _approved(self) -> None:
        """As far as an approval, where that is still ahead."""
        for _ in range(len(BEFORE_APPROVAL)):
            if self.present().state in BEFORE_APPROVAL:
                self.go_on(1)

"""What happens beside a request: further requests, for others and of others, parts refused, and rows that come late."""

import sqlite3
from contextlib import closing
from datetime import datetime
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.grounds import Ground, grounds_for
from dsr.law.rights import Right
from dsr.law.work import Asker, Channel
from dsr.models import PlanItem, SubjectRequest, Supplement
from dsr.steps.asking import intake
from dsr.steps.asking.representation import REPRESENTED, Acting
from dsr.steps.deciding import merging, withholding
from dsr.steps.fulfilling import supplement
from tests.life.scene import ALMA, GRETA, MOST, POSTAL, SAM, SAMS_ACCOUNT
from tests.life.walking import Walking

ASKED = sorted(set(Right) - {Right.PROCESSING_INFORMATION})
ACTING = {
    Asker.AGENT: Acting(Asker.AGENT, "Alma Agent", ALMA, b"%PDF-1.7 I permit it."),
    Asker.GUARDIAN: Acting(Asker.GUARDIAN, "Greta Garda", GRETA, b"%PDF-1.7 It is my child."),
}


class Beside(Walking):
    """The same people, with more than one request between them."""

    # An erasure has the most ways to go wrong.
    @initialize(
        right=st.sampled_from([*ASKED, *[Right.ERASURE] * 4]),
        region=st.sampled_from(["eea", "uk", "california", "elsewhere"]),
        scope=st.sampled_from(["everything", "posts"]),
        asker=st.sampled_from(sorted(Asker)),
        by_letter=st.booleans(),
        far=st.integers(0, 8),
    )
    def file(self, right: Right, region: str, scope: str, asker: Asker, by_letter: bool, far: int) -> None:
        self.ask(Right(right), region, scope, Asker(asker), by_letter=by_letter)
        self.go_on(far)  # chance alone seldom comes far

    def ask(
        self,
        right: Right,
        region: str = "eea",
        scope: str = "everything",
        asker: Asker = Asker.PERSON,
        *,
        by_letter: bool = False,
    ) -> None:
        """By letter: Sam has no mailbox, and Dana enters it."""
        on_paper = by_letter and asker is Asker.PERSON
        asked = intake.Intake(
            "acme",
            right,
            ((IdentityKind.ACCOUNT, SAMS_ACCOUNT) if on_paper else (IdentityKind.EMAIL, SAM),),
            channel=Channel.LETTER if on_paper else Channel.WEB,
            postal=POSTAL if on_paper else "",
            purposes=("news",) if right == Right.CONSENT_WITHDRAWAL else (),
            scope=scope if right == Right.ERASURE else "",
            region=region,
            acting=ACTING.get(asker) if right in REPRESENTED else None,
        )
        self.own = intake.receive(asked, by=self.dana if on_paper else SUBJECT, at=self.at)
        self.all.append(self.own)

    @precondition(lambda self: len(self.all) < MOST)
    @rule(far=st.integers(0, 2))
    def the_same_is_asked_again(self, far: int) -> None:
        first = self.all[0]
        by_letter = first.channel == Channel.LETTER
        self.ask(Right(first.right), first.region, first.scope, Asker(first.asker), by_letter=by_letter)
        self.go_on(far)

    @precondition(lambda self: len(self.all) < MOST)
    @rule(right=st.sampled_from(ASKED), asker=st.sampled_from(sorted(Asker)), far=st.integers(0, 8))
    def something_else_is_asked(self, right: Right, asker: Asker, far: int) -> None:
        self.ask(Right(right), asker=Asker(asker))
        self.go_on(far)

    @rule(which=st.integers(0, MOST))
    def all_turn_to_another_request(self, which: int) -> None:
        self.own = self.all[which % len(self.all)]

    @rule(which=st.integers(0, MOST))
    def dana_merges(self, which: int) -> None:
        self.attempt(merging.merge, self.all[which % len(self.all)], by=self.dana, at=self.at)

    @rule(which=st.integers(0, MOST))
    def dana_links(self, which: int) -> None:
        self.attempt(merging.link, self.all[which % len(self.all)], by=self.dana, at=self.at)

    @rule(collection=st.sampled_from(["people", "posts"]), ground=st.sampled_from(sorted(Ground)))
    def dana_refuses_a_part(self, collection: str, ground: Ground) -> None:
        if ground in grounds_for(Right(self.own.right), part=True):
            where = {"system": "database", "collection": collection}
            words = "It tells of others."
            self.attempt(withholding.refuse_part, **where, ground=Ground(ground), words=words, by=self.dana, at=self.at)

    @rule()
    def sam_posts_once_more(self) -> None:
        with closing(sqlite3.connect(self.database)) as live, live:
            live.execute("INSERT INTO posts SELECT max(CAST(id AS INTEGER)) + 1, '1', 'Still here' FROM posts")

    @rule()
    def dana_has_late_rows_listed(self) -> None:
        for item in self.present().items.filter(system="database"):
            self.attempt(partial(_listed, item), by=self.dana, at=self.at)
        self.the_worker_sweeps()

    @rule()
    def eli_approves_what_was_listed(self) -> None:
        for one in supplement.waiting(self.present()):
            self.attempt(partial(_approved, one), by=self.eli, at=self.at)

    @precondition(lambda self: self.own.right == Right.ERASURE)
    @rule()
    def rows_come_in_while_it_is_erased(self) -> None:
        """The whole way of a supplement, as far as it is open."""
        self.sam_posts_once_more()
        self.go_on(2)
        self.dana_has_late_rows_listed()
        self.eli_approves_what_was_listed()


def _listed(item: PlanItem, _: SubjectRequest, *, by: Actor, at: datetime) -> None:
    supplement.ask(item, by=by, at=at)


def _approved(one: Supplement, _: SubjectRequest, *, by: Actor, at: datetime) -> None:
    supplement.approve(one, digest=one.digest, by=by, at=at)

"""The ledger of work: plan items, the sealed Parts they bring, the manifest of an erasure and its approval."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.db import connection, models

from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import sealed
from dsr.models.subject_request import SubjectRequest
from dsr.sealing.fields import keyed_hash_by
from dsr.sealing.keyring import Role

OPEN = [ItemState.READY, ItemState.WAITING, ItemState.RUNNING]


def state_among(states: Iterable[str]) -> models.Func:
    """A filter by states of ours, spelled out in the statement as it is in a partial index.

    SQLite takes a partial index only for a condition that it can read, and of IN it reads no parameters.
    """
    named = ", ".join(f"'{state}'" for state in states)
    return models.Func("state", template=f"%(expressions)s IN ({named})", output_field=models.BooleanField())


def in_order() -> None:
    """Until this transaction ends, PostgreSQL takes open items in the order of their index, and stops at the first.

    It guesses that next to nothing is due, and would look through the whole backlog, and sort it, for one item.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_sort = off")


def key_of_effects() -> str:
    """The name of the key that new items make their idempotency keys by."""
    return sealed.ring(Role.EFFECTS).current


SOME_MOMENT = datetime(1000, 1, 1, tzinfo=UTC)  # which no item and no gate ever names


def first_of(rows: Callable[[datetime], "models.QuerySet[PlanItem]"], at: datetime) -> "PlanItem | None":
    """The first of these items with its request, by a statement in which nothing but the moment ever changes.

    Putting a claim's statement together takes longer than asking it, so it is done once in a process. Call it in a
    transaction, which is `in_order` from then on: a server that keeps the plan keeps one made so.
    """
    in_order()
    asked = _statement(rows, connection.vendor)
    moment, now = (connection.ops.adapt_datetimefield_value(each) for each in (SOME_MOMENT, at))
    with connection.cursor() as cursor:
        cursor.execute(asked.sql, [now if value == moment else value for value in asked.values])
        row = cursor.fetchone()
    return asked.item(row) if row else None


class _Asked:
    """A statement put together: its rows bring an item, and behind it the request."""

    def __init__(self, rows: "models.QuerySet[PlanItem]") -> None:
        compiler = rows.select_related("subject_request")[:1].query.get_compiler(connection=connection)
        self.sql, self.values = compiler.as_sql()
        columns = [column for column, *_ in compiler.select]
        self._names = [column.target.attname for column in columns]
        self._own = len(PlanItem._meta.concrete_fields)
        self._converters = compiler.get_converters(columns)

    def item(self, row: Sequence[Any]) -> "PlanItem":
        """One row, as a query set would bring it."""
        values = list(row)
        for place, (converters, column) in self._converters.items():
            for converter in converters:
                values[place] = converter(values[place], column, connection)
        item = PlanItem.from_db(connection.alias, self._names[: self._own], values[: self._own])
        item.subject_request = SubjectRequest.from_db(connection.alias, self._names[self._own :], values[self._own :])
        models.prefetch_related_objects([item], "subject_request__identities")
        return item


@cache
def _statement(rows: Callable[[datetime], "models.QuerySet[PlanItem]"], _vendor: str) -> _Asked:
    return _Asked(rows(SOME_MOMENT))


class Leased(models.Model):
    """Work that one worker holds for a while. `fence` grows by one per claim; every later write names it."""

    lease_until = models.DateTimeField(null=True, blank=True, help_text="By the database's clock")
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Claims since the last progress")
    tries = models.PositiveSmallIntegerField(default=0, help_text="Times the system did not answer")
    not_before = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True, help_text="For staff; no personal data")

    class Meta:
        """Columns only."""

        abstract = True


class Part(models.Model):
    """A sealed file of records. Forgetting the wrapped key destroys it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="parts")
    system = models.SlugField(max_length=64, blank=True)
    wrapped_key = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64, help_text="Of the plain content")
    size = models.BigIntegerField()
    counts = models.JSONField(default=dict, help_text="Rows per collection")

    def __str__(self) -> str:
        """The system it came from."""
        return self.system or "manifest"


class CarriedName(models.Model):
    """An identifier that rows found for a request carry: a hold on it finds the request when the Parts are gone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="carried_names")
    lookup = models.CharField(max_length=64, db_index=True, help_text="Keyed hash, as legal holds match it")

    class Meta:
        """However many rows carry it, it stands once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject_request", "lookup"], name="dsr_carried_name_once")
        ]

    def __str__(self) -> str:
        """The first digits of the hash."""
        return self.lookup[:12]


class PlanItem(Leased):
    """A unit of work on one system; system is empty for the portal's own work."""

    # Of the present claim, and no columns: whether it is known to have sent no effect so far, whether its system had
    # missed no answer when it was made, and how long people may take whom it asks.
    nothing_sent: bool = False
    trusted: bool = False
    patience: timedelta = timedelta(0)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="items")
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in Kind])
    system = models.SlugField(max_length=64, blank=True)
    state = models.CharField(max_length=16, choices=[(s.value, s.value) for s in ItemState], default=ItemState.READY)
    outcome = models.CharField(max_length=16, choices=[(o.value, o.value) for o in Outcome], blank=True)
    after = models.ManyToManyField("self", symmetrical=False, related_name="before", blank=True)
    part = models.OneToOneField(Part, null=True, blank=True, on_delete=models.PROTECT, related_name="item")
    until = models.DateField(null=True, blank=True, help_text="Deferred erasure: rows kept until this day")
    source = models.ForeignKey(
        Part,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Manifest this erases by",
    )
    handle_sealed = models.TextField(blank=True)
    waits_until = models.DateTimeField(null=True, blank=True, help_text="When what its system began is due")
    counts = models.JSONField(default=dict, help_text="What was done, per collection")
    reasons_sealed = models.TextField(blank=True, help_text="JSON: why rows stay, in words that counts name by number")
    effects_kid = models.CharField(
        max_length=32, default=key_of_effects, help_text="Key of its idempotency keys; empty: the oldest"
    )
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Open work is found by a partial index, so finished work costs nothing."""

        verbose_name = "item"
        ordering: ClassVar = ["created_at", "kind", "system"]
        indexes: ClassVar = [
            models.Index(
                fields=["not_before"],
                name="dsr_item_open",
                condition=models.Q(state__in=OPEN),
            ),
            models.Index(
                fields=["system"],
                name="dsr_item_running",
                condition=models.Q(state__in=[ItemState.RUNNING]),
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_request", "kind", "system"],
                condition=models.Q(until__isnull=True),
                name="dsr_item_once",
            ),
        ]

    def __str__(self) -> str:
        """Such as 'erase app-database'."""
        return f"{self.kind} {self.system or 'portal'}"

    @cached_property
    def in_hand(self) -> dict[str, Any]:
        """What was read for it already, while one claim lasts; no column."""
        return {}

    @property
    def deferred(self) -> bool:
        """Whether it erases on a later date what was kept."""
        return self.until is not None

    def effect_key(self, purpose: str, value: str) -> str:
        """A hash that other systems are shown, equal in every attempt, whatever key newer items have."""
        return keyed_hash_by(sealed.ring(Role.EFFECTS), self.effects_kid, purpose, value)

    def handle(self) -> str:
        """What the system gave to ask by, when the effect is asynchronous."""
        return sealed.unseal(self.handle_sealed, "plan_item", self.id, "handle")

    def sealed_handle(self, text: str) -> str:
        """The column's text for a handle."""
        return sealed.seal(text, "plan_item", self.id, "handle") if text else ""


class Manifest(models.Model):
    """What an erasure will erase and keep, closed and digested before the first deletion."""

    subject_request = models.OneToOneField(SubjectRequest, primary_key=True, on_delete=models.PROTECT)
    part = models.OneToOneField(Part, on_delete=models.PROTECT, related_name="manifest")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the manifest's plain content")
    summary = models.JSONField(help_text="Counts per system and collection: erased, kept, ground, until")
    erases = models.BooleanField(default=True, help_text="Whether it erases anything, now or on a date")
    closed_at = models.DateTimeField()

    def __str__(self) -> str:
        """The first digits of the digest."""
        return self.digest[:12]


class Supplement(models.Model):
    """A supplementary manifest: rows of one system that came in after the first one was closed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="supplements")
    system = models.SlugField(max_length=64)
    part = models.OneToOneField(Part, on_delete=models.PROTECT, related_name="supplement")
    digest = models.CharField(max_length=64, help_text="SHA-256 of its plain content")
    summary = models.JSONField(help_text="As a manifest's")
    closed_at = models.DateTimeField()
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """As they were closed."""

        ordering: ClassVar = ["closed_at", "id"]

    def __str__(self) -> str:
        """The first digits of the digest."""
        return self.digest[:12]


class Approval(models.Model):
    """A second person's yes to one manifest's digest; without a supplement, to the first one's. Append-only."""

    id = models.BigAutoField(primary_key=True)
    subject_request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="approvals")
    supplement = models.OneToOneField(
        Supplement, null=True, blank=True, on_delete=models.PROTECT, related_name="approval"
    )
    digest = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """One yes per manifest."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_request"], condition=models.Q(supplement__isnull=True), name="dsr_approval_once"
            )
        ]

    def __str__(self) -> str:
        """The first digits of the digest."""
        return self.digest[:12]

"""PixPlus' sample application database, event store and media store."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from controllers.sample_media import Store, name_of, picture
from controllers.sample_people import (
    HOSTILE,
    MODELS,
    PROMPTS,
    SYSTEMS,
    Clock,
    Person,
    dice,
    happens,
    numbered,
    stamp,
)

SCHEMA = """
CREATE TABLE accounts (
    id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, nickname TEXT NOT NULL, password_hash TEXT NOT NULL,
    language TEXT NOT NULL, created_at TEXT NOT NULL, last_active_at TEXT NOT NULL, suspended_at TEXT);
CREATE TABLE devices (
    id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts (id), model TEXT NOT NULL,
    os_version TEXT NOT NULL, app_version TEXT NOT NULL, language TEXT NOT NULL, first_seen_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL);
CREATE TABLE generations (
    id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts (id), effect TEXT NOT NULL,
    prompt TEXT NOT NULL, status TEXT NOT NULL, runninghub_task_id TEXT UNIQUE, created_at TEXT NOT NULL,
    finished_at TEXT);
CREATE TABLE face_data (  -- filled and emptied while an effect is made; nothing stays
    id TEXT PRIMARY KEY, generation_id TEXT NOT NULL REFERENCES generations (id), imagery BLOB NOT NULL,
    landmarks TEXT NOT NULL, geometry TEXT NOT NULL, contours TEXT NOT NULL, positioning TEXT NOT NULL,
    features TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE moderation_records (
    id INTEGER PRIMARY KEY, generation_id TEXT NOT NULL REFERENCES generations (id), verdict TEXT NOT NULL,
    reason TEXT NOT NULL, rewritten_prompt TEXT, model TEXT NOT NULL, reviewed_at TEXT NOT NULL);
CREATE TABLE consents (
    id INTEGER PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts (id), purpose TEXT NOT NULL,
    text_version TEXT NOT NULL, given_at TEXT NOT NULL, withdrawn_at TEXT);
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts (id), subject TEXT NOT NULL,
    status TEXT NOT NULL, opened_at TEXT NOT NULL, closed_at TEXT);
CREATE TABLE support_messages (
    id INTEGER PRIMARY KEY, conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    author TEXT NOT NULL, body TEXT NOT NULL, sent_at TEXT NOT NULL);
CREATE INDEX devices_account ON devices (account_id);
CREATE INDEX generations_account ON generations (account_id);
CREATE INDEX face_data_generation ON face_data (generation_id);
CREATE INDEX moderation_records_generation ON moderation_records (generation_id);
CREATE INDEX consents_account ON consents (account_id);
CREATE INDEX conversations_account ON conversations (account_id);
CREATE INDEX support_messages_conversation ON support_messages (conversation_id);
"""
EVENTS_SCHEMA = """
CREATE TABLE events (  -- device, session and detail may be empty: aggregated rows keep none of them
    id INTEGER PRIMARY KEY, device_id TEXT, session_id TEXT, happened_at TEXT NOT NULL, name TEXT NOT NULL,
    app_version TEXT NOT NULL, os_version TEXT NOT NULL, detail TEXT);
CREATE TABLE logs (
    id INTEGER PRIMARY KEY, device_id TEXT, happened_at TEXT NOT NULL, level TEXT NOT NULL,
    app_version TEXT NOT NULL, message TEXT);
CREATE TABLE crash_reports (
    id INTEGER PRIMARY KEY, device_id TEXT NOT NULL, happened_at TEXT NOT NULL, app_version TEXT NOT NULL,
    os_version TEXT NOT NULL, stack TEXT NOT NULL);
CREATE INDEX events_device ON events (device_id);
CREATE INDEX logs_device ON logs (device_id);
CREATE INDEX crash_reports_device ON crash_reports (device_id);
"""
EFFECTS = ("cartoon", "aged", "hairstyle", "dance", "old-photo", "passport-fun")
APP_VERSIONS = ("3.1.0", "3.2.4", "3.3.0")
WITH_MEDIA = 150
EFFECT_DAYS = 15  # how long RunningHub may keep an effect image (P5)
SAM_DEVICE = "SAM-PHONE-0001"
SAM_DAYS = (0.2, 0.5, 2.0, 5.0, 9.0, 30.0, 60.0, 100.0)  # ages of Sam's generations
SAM_KEPT = 2.0  # the one whose effect image RunningHub cannot delete
Row = tuple[str | int | None, ...]


class Task(NamedTuple):
    """What RunningHub holds of a generation; the fields of its API, and whether it can delete it."""

    task_id: str
    effect: str
    prompt: str
    status: str
    effect_image: str
    created_at: str
    finished_at: str
    expires_on: str
    processing: str
    training: str
    deletable: int


@dataclass(slots=True)
class PixPlus:
    """The generator: fills both databases, then the media store; `tasks` is for RunningHub."""

    seed: int
    clock: Clock
    people: list[Person]
    tasks: list[Task]

    def fill(self, database: sqlite3.Connection, events: sqlite3.Connection) -> None:
        """Write every table, parents first."""
        generations = list(self._generations())
        conversations = list(self._conversations())
        tables = {
            "accounts": [self._account(person) for person in self.people],
            "devices": list(self._devices()),
            "generations": generations,
            "moderation_records": list(self._moderation(generations)),
            "consents": list(self._consents()),
            "conversations": conversations,
            "support_messages": list(self._messages(conversations)),
        }
        for table, rows in tables.items():
            _insert(database, table, rows)
        for table, rows in self._events(tables["devices"]).items():
            _insert(events, table, rows)

    def store(self, root: Path) -> None:
        """Write the media of the first people: source for 24 hours, results for 7 days (P7)."""
        store = Store(root)
        store.prepare("source", "generated")
        for person in self.people[:WITH_MEDIA]:
            chance = dice(self.seed, f"pixplus/media/{person.id}")
            for number in range(1, 3 if person.cast else chance.randrange(1, 3)):
                at = self.clock.ago(chance.uniform(0.05, 0.5))
                store.put("source", person.id, name_of(chance, number), picture(chance), at)
            for number in range(1, 4 if person.cast else chance.randrange(1, 4)):
                at = self.clock.ago(chance.uniform(0.1, 6))
                store.put("generated", person.id, name_of(chance, number), picture(chance, 64), at)

    def _account(self, person: Person) -> Row:
        chance = dice(self.seed, f"pixplus/account/{person.id}")
        return (
            person.id,
            person.email,
            person.name,
            f"argon2id$v=19${chance.randbytes(24).hex()}",
            person.language,
            self.clock.text(chance.uniform(110, 400)),
            self.clock.text(chance.uniform(0.05, 20)),
            None,  # suspended: for an erasure only
        )

    def _devices(self) -> Iterator[Row]:
        for person in self.people:
            chance = dice(self.seed, f"pixplus/devices/{person.id}")
            for number in range(2 if person.cast else 1 + happens(chance, 0.2)):
                device = chance.randbytes(16).hex().upper()
                yield (
                    SAM_DEVICE if person.cast == "sam" and number == 0 else device,
                    person.id,
                    chance.choice(MODELS),
                    chance.choice(SYSTEMS),
                    chance.choice(APP_VERSIONS),
                    person.language,
                    self.clock.text(chance.uniform(30, 110)),
                    self.clock.text(chance.uniform(0.05, 20)),
                )

    def _generations(self) -> Iterator[Row]:
        ids, task_ids = numbered("pg"), numbered("rh")
        for person in self.people:
            chance = dice(self.seed, f"pixplus/generations/{person.id}")
            sam = person.cast == "sam"
            many = 3 if person.cast else chance.randrange(5)
            training = "on" if self._trains(person) else "off"
            ages = SAM_DAYS if sam else [chance.uniform(0.1, 100) for _ in range(many)]
            for days in ages:
                blocked = not sam and happens(chance, 0.05)
                effect, prompt = chance.choice(EFFECTS), chance.choice(PROMPTS)
                status = "blocked" if blocked else "failed" if happens(chance, 0.08) and not sam else "done"
                created, finished = self.clock.text(days), self.clock.text(days - 0.002)
                task = None if blocked else next(task_ids)
                yield (next(ids), person.id, effect, prompt, status, task, created, finished)
                if task and days < EFFECT_DAYS - 1:
                    deletable = days != SAM_KEPT if sam else not happens(chance, 0.04)
                    made = self._task(task, effect, prompt, status, days, deletable=deletable)
                    self.tasks.append(made._replace(training=training))

    def _task(self, task: str, effect: str, prompt: str, status: str, days: float, *, deletable: bool) -> Task:
        finished = self.clock.ago(days - 0.002)
        expires = (finished + timedelta(days=EFFECT_DAYS)).date().isoformat()
        image = f"effects/{task}.png" if status == "done" else ""
        moments = (self.clock.text(days), stamp(finished))
        kept = status == "done" and not deletable
        return Task(task, effect, prompt, status, image, *moments, expires, "on", "off", int(not kept))

    def _moderation(self, generations: list[Row]) -> Iterator[Row]:
        chance = dice(self.seed, "pixplus/moderation")
        for number, (generation, _, _, prompt, status, _, created, _) in enumerate(generations, 1):
            verdict, reason, rewritten = "passed", "", None
            if status == "blocked":
                verdict, reason = "blocked", chance.choice(("violence", "real person", "minor"))
            elif happens(chance, 0.1):
                verdict, reason, rewritten = "rewritten", "unclear wording", f"{prompt}, safe for all ages"
            yield (number, generation, verdict, reason, rewritten, "qwen-review", created)

    def _consents(self) -> Iterator[Row]:
        number = 0
        for person in self.people:
            for purpose, given, gone in self._agreed(person):
                number += 1
                yield (number, person.id, purpose, "2026-06", given, gone)

    def _agreed(self, person: Person) -> Iterator[tuple[str, str, str | None]]:
        """To what, since when and until when."""
        chance = dice(self.seed, f"pixplus/consents/{person.id}")
        days = chance.uniform(20, 100)
        purposes = ["ai-processing"]
        if person.cast == "sam" or happens(chance, 0.05):
            purposes.append("model-training")  # off unless somebody turns it on (P6)
        for purpose in purposes:
            gone = self.clock.text(days - 5) if not person.cast and happens(chance, 0.05) else None
            yield (purpose, self.clock.text(days), gone)

    def _trains(self, person: Person) -> bool:
        return any(purpose == "model-training" and not gone for purpose, _, gone in self._agreed(person))

    def _conversations(self) -> Iterator[Row]:
        number = 0
        for person in self.people:
            chance = dice(self.seed, f"pixplus/support/{person.id}")
            if person.cast or happens(chance, 0.1):
                number += 1
                days = chance.uniform(2, 90)
                subject = chance.choice(("Refund?", "My picture looks odd", "怎么删除账号", "كيف أحذف حسابي؟"))
                closed = self.clock.text(days - 1) if happens(chance, 0.7) else None
                status = "closed" if closed else "open"
                yield (number, person.id, subject, status, self.clock.text(days), closed)

    def _messages(self, conversations: list[Row]) -> Iterator[Row]:
        chance = dice(self.seed, "pixplus/messages")
        number = 0
        for conversation, _, subject, _, opened, _ in conversations:
            bodies = (("person", f"{subject} {chance.choice(HOSTILE)}"), ("agent", "We are looking into it."))
            for author, body in (*bodies, ("person", "Thank you 🙏")):
                number += 1
                yield (number, conversation, author, body, opened)

    def _events(self, devices: list[Row]) -> dict[str, list[Row]]:
        """Events, logs and crash reports, none older than 30 days (P7)."""
        chance = dice(self.seed, "pixplus/events")
        events: list[Row] = []
        logs: list[Row] = []
        crashes: list[Row] = []
        for device, _, _, system, version, *_ in devices:
            session = chance.randbytes(8).hex()
            for _ in range(120 if device == SAM_DEVICE else chance.randrange(5, 15)):
                name, at = chance.choice(("open", "effect_opened", "shared")), self._recent(chance.random())
                events.append((len(events) + 1, device, session, at, name, version, system, None))
            for _ in range(chance.randrange(2, 8)):
                level, at = chance.choice(("info", "warning", "error")), self._recent(chance.random())
                message = f"upload by {device}: {chance.choice(('ok', 'retry', 'timeout'))}"
                logs.append((len(logs) + 1, device, at, level, version, message))
            if device == SAM_DEVICE or happens(chance, 0.1):
                stack = f"SIGSEGV in EffectView (prompt: {chance.choice(PROMPTS)})"
                crashes.append((len(crashes) + 1, device, self._recent(chance.random()), version, system, stack))
        return {"events": events, "logs": logs, "crash_reports": crashes}

    def _recent(self, share: float) -> str:
        return self.clock.text(0.05 + 27 * share)


def _insert(database: sqlite3.Connection, table: str, rows: list[Row]) -> None:
    marks = ", ".join("?" * len(rows[0]))
    database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)

"""JoyPix' sample application database and media store."""

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from controllers.sample_media import Store, name_of, picture, voice
from controllers.sample_people import (
    MODELS,
    NETWORKS,
    PROMPTS,
    SYSTEMS,
    Clock,
    Person,
    dice,
    happens,
    numbered,
)

SCHEMA = """
CREATE TABLE users (  -- all but the id may be empty: an erased user whom an order needs stays as an id alone
    id TEXT PRIMARY KEY, email TEXT UNIQUE, nickname TEXT, password_hash TEXT, signin_provider TEXT,
    signin_subject TEXT, language TEXT, plan TEXT, created_at TEXT, last_active_at TEXT, cancelled_at TEXT,
    suspended_at TEXT,
    UNIQUE (signin_provider, signin_subject));
CREATE TABLE social_signins (
    id INTEGER PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id), provider TEXT NOT NULL,
    subject TEXT NOT NULL, nickname TEXT NOT NULL, email TEXT NOT NULL, linked_at TEXT NOT NULL,
    UNIQUE (provider, subject));
CREATE TABLE devices (
    id INTEGER PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id), device_id TEXT NOT NULL,
    model TEXT NOT NULL, os_version TEXT NOT NULL, network_type TEXT NOT NULL, first_seen_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL);
CREATE TABLE usage_events (
    id INTEGER PRIMARY KEY, device INTEGER NOT NULL REFERENCES devices (id), happened_at TEXT NOT NULL,
    kind TEXT NOT NULL, page TEXT NOT NULL, detail TEXT NOT NULL, compute_ms INTEGER NOT NULL);
CREATE TABLE orders (
    id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id), product TEXT NOT NULL,
    amount_cents INTEGER NOT NULL, currency TEXT NOT NULL, status TEXT NOT NULL, invoice_name TEXT NOT NULL,
    created_at TEXT NOT NULL, completed_at TEXT);
CREATE TABLE generations (
    id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id), kind TEXT NOT NULL,
    prompt TEXT NOT NULL, model TEXT NOT NULL, status TEXT NOT NULL, compute_ms INTEGER NOT NULL,
    saved INTEGER NOT NULL, created_at TEXT NOT NULL, finished_at TEXT);
CREATE TABLE consents (
    id INTEGER PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id), purpose TEXT NOT NULL,
    text_version TEXT NOT NULL, given_at TEXT NOT NULL, withdrawn_at TEXT, channel TEXT NOT NULL);
CREATE TABLE gifts (  -- of two people; who is erased is emptied, and the row stays with the other
    id INTEGER PRIMARY KEY, sender_id TEXT REFERENCES users (id), receiver_id TEXT REFERENCES users (id),
    credits INTEGER NOT NULL, message TEXT, sender_note TEXT, thanks TEXT, opened_at TEXT, sent_at TEXT NOT NULL);
CREATE INDEX social_signins_user ON social_signins (user_id);
CREATE INDEX devices_user ON devices (user_id);
CREATE INDEX usage_events_device ON usage_events (device);
CREATE INDEX orders_user ON orders (user_id);
CREATE INDEX generations_user ON generations (user_id);
CREATE INDEX consents_user ON consents (user_id);
CREATE INDEX gifts_sender ON gifts (sender_id);
CREATE INDEX gifts_receiver ON gifts (receiver_id);
"""
PRODUCTS = (("credits-100", 499), ("credits-1000", 3999), ("pro-month", 1299), ("pro-year", 9900))
PAGES = ("/create/video", "/create/image", "/gallery", "/pricing", "/account", "/avatar")
PROVIDERS = ("google", "facebook", "twitter")
HEAVY_EVENTS = 100_000
WITH_MEDIA = 150
Row = tuple[str | int | None, ...]


class Payment(NamedTuple):
    """What the payment institution keeps of an order; the fields of its API."""

    id: str
    customer_id: str
    order_id: str
    amount_cents: int
    currency: str
    card_brand: str
    card_last4: str
    card_fingerprint: str
    payer_name: str
    status: str
    paid_at: str
    completed_on: str | None


@dataclass(slots=True)
class JoyPix:
    """The generator: fills the database, then the media store; `payments` is for the institution."""

    seed: int
    clock: Clock
    people: list[Person]
    payments: list[Payment]
    heavy: int = HEAVY_EVENTS  # usage events of one person

    def tables(self) -> dict[str, list[Row]]:
        """Every table's rows, parents first; `payments` is filled on the way, so ask once."""
        tables: dict[str, list[Row]] = {
            "users": [self._user(person) for person in self.people],
            "social_signins": list(self._social_signins()),
            "devices": list(self._devices()),
        }
        tables["usage_events"] = list(self._usage_events(tables["devices"]))
        tables["orders"] = list(self._orders())
        tables["generations"] = list(self._generations())
        tables["consents"] = list(self._consents())
        tables["gifts"] = list(self._gifts())
        return tables

    def fill(self, database: sqlite3.Connection) -> None:
        """Write every table into SQLite."""
        for table, rows in self.tables().items():
            marks = ", ".join("?" * len(rows[0]))
            database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)

    def store(self, root: Path) -> None:
        """Write the media of the first people."""
        store = Store(root)
        store.prepare("uploads", "saved", "public")
        for person in self.people[:WITH_MEDIA]:
            chance = dice(self.seed, f"joypix/media/{person.id}")
            for number in range(1, 3 if person.cast else chance.randrange(1, 3)):
                at = self.clock.ago(chance.random() / 2)
                store.put("uploads", person.id, name_of(chance, number), picture(chance), at)
            if happens(chance, 1.0 if person.cast else 0.3):
                store.put("uploads", person.id, "voice note.wav", voice(chance), self.clock.ago(0.1))
                prompt = chance.choice(PROMPTS).encode()
                store.put("uploads", person.id, "prompt.txt", prompt, self.clock.ago(0.1))
            for number in range(1, 4 if person.cast else chance.randrange(1, 4)):
                at = self.clock.ago(chance.uniform(1, 300))
                store.put("saved", person.id, name_of(chance, number), picture(chance), at)
            if person.cast or happens(chance, 0.2):
                store.put("public", person.id, "shared.png", picture(chance), self.clock.ago(20))

    def _user(self, person: Person) -> Row:
        chance = dice(self.seed, f"joypix/user/{person.id}")
        social = person.cast in {"sam", "li"} or (not person.cast and happens(chance, 0.3))
        provider = chance.choice(PROVIDERS) if social else None
        provider = "google" if person.cast == "sam" else provider
        gone = not person.cast and happens(chance, 0.02)  # cancelled, not yet erased
        return (
            person.id,
            person.email,
            person.name,
            f"scrypt$16384$8$1${chance.randbytes(24).hex()}",
            provider,
            social_subject(person) if provider else None,
            person.language,
            chance.choice(("free", "pro", "team")),
            self.clock.text(chance.uniform(400, 650)),
            self.clock.text(chance.uniform(0.1, 20)),
            self.clock.text(chance.uniform(1, 25)) if gone else None,
            None,  # suspended: for an erasure only
        )

    def _social_signins(self) -> Iterator[Row]:
        number = 0
        for person in self.people:
            provider = self._user(person)[4]
            if provider:
                number += 1
                email = f"{person.cast or person.id}@social.example"
                at = self.clock.text(dice(self.seed, f"joypix/social/{person.id}").uniform(100, 390))
                yield (number, person.id, provider, social_subject(person), person.name, email, at)

    def _devices(self) -> Iterator[Row]:
        number = 0
        for person in self.people:
            chance = dice(self.seed, f"joypix/devices/{person.id}")
            for _ in range({"heavy": 3, "sam": 2}.get(person.cast, 1 + happens(chance, 0.4))):
                number += 1
                yield (
                    number,
                    person.id,
                    chance.randbytes(8).hex(),
                    chance.choice(MODELS),
                    chance.choice(SYSTEMS),
                    chance.choice(NETWORKS),
                    self.clock.text(chance.uniform(170, 390)),
                    self.clock.text(chance.uniform(0.1, 20)),
                )

    def _usage_events(self, devices: list[Row]) -> Iterator[Row]:
        cast = {person.id: person.cast for person in self.people if person.cast}
        chance = dice(self.seed, "joypix/events")
        number = 0
        for device in devices:
            who = cast.get(str(device[1]), "")
            many = {"heavy": self.heavy // 3 + 1, "sam": 160}.get(who, chance.randrange(4, 16))
            for _ in range(many):
                number += 1
                kind = chance.choice(("page_view", "page_view", "feature", "compute", "crash"))
                # Within six months: use has not ended, and nothing is past its ceiling (J9).
                at = self.clock.text(chance.uniform(0.1, 165))
                detail = chance.choice(PROMPTS) if kind == "crash" else ""
                compute = chance.randrange(200, 90_000) if kind == "compute" else 0
                yield (number, device[0], at, kind, chance.choice(PAGES), detail, compute)

    def _orders(self) -> Iterator[Row]:
        ids = numbered("ord")
        for person in self.people:
            chance = dice(self.seed, f"joypix/orders/{person.id}")
            if person.cast == "sam":
                # Kept for two years more; past its three years; never paid, twice.
                plan = [("paid", 365.0), ("paid", 1200.0), ("cancelled", 200.0), ("created", 3.0)]
            else:
                drawn = chance.choices(("paid", "paid", "cancelled", "created"), k=chance.randrange(3))
                plan = [(status, chance.uniform(5, 600)) for status in drawn]
            for status, days in plan:
                yield self._order(next(ids), person, chance, status, days)

    def _order(self, order: str, person: Person, chance: random.Random, status: str, days: float) -> Row:
        product, cents = chance.choice(PRODUCTS)
        currency = chance.choice(("USD", "USD", "EUR"))
        completed = self.clock.text(days) if status == "paid" else None
        if status != "created":
            payment = Payment(
                f"pay{order[3:]}",
                person.id,
                order,
                cents,
                currency,
                chance.choice(("visa", "mastercard", "unionpay")),
                f"{chance.randrange(10_000):04d}",
                chance.randbytes(10).hex(),
                person.name,
                "settled" if completed else "voided",
                self.clock.text(days + 0.01),
                completed[:10] if completed else None,
            )
            self.payments.append(payment)
        created = self.clock.text(days + 0.02)
        return (order, person.id, product, cents, currency, status, person.name, created, completed)

    def _generations(self) -> Iterator[Row]:
        ids = numbered("gen")
        for person in self.people:
            chance = dice(self.seed, f"joypix/generations/{person.id}")
            for _ in range({"heavy": 400, "sam": 12}.get(person.cast, chance.randrange(1, 7))):
                days = chance.uniform(0.1, 380)
                status = chance.choice(("done", "done", "done", "failed", "running" if days < 1 else "done"))
                yield (
                    next(ids),
                    person.id,
                    chance.choice(("image", "video", "avatar")),
                    chance.choice(PROMPTS),
                    chance.choice(("joy-image-2", "joy-video-3")),
                    status,
                    chance.randrange(500, 240_000),
                    int(happens(chance, 0.5)),
                    self.clock.text(days),
                    None if status == "running" else self.clock.text(days - 0.01),
                )

    def _consents(self) -> Iterator[Row]:
        number = 0
        for person in self.people:
            chance = dice(self.seed, f"joypix/consents/{person.id}")
            for purpose in ("analytics", "personalisation", "marketing"):
                if not person.cast and happens(chance, 0.3):  # never asked
                    continue
                number += 1
                days = chance.uniform(30, 240)
                gone = self.clock.text(days - 20) if happens(chance, 0.1) else None
                yield (number, person.id, purpose, "v2.0", self.clock.text(days), gone, "web")

    def _gifts(self) -> Iterator[Row]:
        chance = dice(self.seed, "joypix/gifts")
        cast = {person.cast: person for person in self.people if person.cast}
        sam, mallory, li, amal = (cast[name] for name in ("sam", "mallory", "li", "amal"))
        pairs: list[tuple[Person, Person | None]] = [
            (sam, mallory),
            (mallory, sam),
            (sam, sam),
            (li, amal),
            (amal, None),
        ]
        others = self.people[len(cast) :]
        pairs += [(one, chance.choice(others)) for one in others if happens(chance, 0.2)]
        for number, (sender, receiver) in enumerate(pairs, 1):
            days = chance.uniform(5, 300)
            opened = self.clock.text(days - 1) if receiver else None  # None: sent to an account that is gone
            thanks = f"Thank you! {receiver.name}" if receiver else None
            note = f"for {receiver.name}, from my own credits" if receiver else "came back?"
            message = f"Enjoy! {sender.name}"
            ids = (sender.id, receiver.id if receiver else None)
            yield (number, *ids, chance.choice((20, 50, 100)), message, note, thanks, opened, self.clock.text(days))


def social_subject(person: Person) -> str:
    """The id a sign-in provider knows the person by."""
    return f"{104_729 * person.number + 100_000_000_000}"

"""Acme and its one shop: a controller's files as they are written down, sound until a test spoils them."""

from pathlib import Path

import pytest

from dsr.datamap.load import MapError, load

CONTROLLER = """\
slug: acme
name: Acme
operator: Acme Ltd
describes: A shop.
email: privacy@acme.example
brand: {colour: "#5b21b6"}
calendar: {country: NO, zone: Europe/Oslo}
promise_source: the policy
authority: Datatilsynet
regions:
  home: {title: Norway, regimes: [gdpr], authority: Datatilsynet}
policy_versions:
  - {version: "1", effective_on: 2026-03-17}
identities: {email: Your e-mail}
rights:
  access: {granted_by: law, citation: GDPR Art. 15}
purposes:
  shop: {title: Sell, describes: We sell., basis: contract}
recipients:
  bank: {title: Bank, role: Takes payments, country: NO}
retention:
  books: {kind: statutory, says: 5 years., period: {years: 5}, ground: Bookkeeping law, citation: law}
  open: {kind: agreed, says: The policy states none., citation: policy}
automated_decisions: "none: no machine decides"
"""
SYSTEM = """\
slug: shop
title: Shop
connector: {kind: sql, settings: {url: "${SHOP_URL}"}}
collections:
  users:
    title: Users
    key: [id]
    found_by: {email: [email]}
    purposes: [shop]
    source: provided
    retention: open
    erase: {tombstone: true}
    fields:
      id: {category: user.unique_id}
      email: {category: user.contact.email}
  orders:
    title: Orders
    key: [id]
    links:
      - {to: users, on: {user_id: id}}
    purposes: [shop]
    source: provided
    recipients: [bank]
    retention: books
    keep: {rule: books, since: paid_at, when: {status: [paid]}}
    fields:
      id: {category: user.unique_id}
      user_id: {category: user.unique_id}
      status: {category: user.payment}
      paid_at: {category: user.payment}
"""
# The same, with all that a map can promise: consents, scopes, corrections and stops.
CONSENT = "  post: {title: Write, describes: Offers., basis: consent, withdrawable: true, given_in: 1}\nrecipients:\n"
STOPS = """\
stops:
  account: {collection: users, set: {closed_at: $now}, undo: {closed_at: null}}
  post: {collection: orders, when: {status: [open]}, set: {status: stopped}}
"""
SOUND_CONTROLLER = CONTROLLER.replace("recipients:\n", CONSENT, 1).replace(
    "automated_decisions:",
    "scopes:\n  all: {title: All, describes: All., everything: true}\n"
    "  orders: {title: Orders, describes: Orders., collections: [shop.orders]}\nautomated_decisions:",
)
SOUND_SYSTEM = (
    SYSTEM.replace("title: Shop\n", "title: Shop\nprocessor: bank\n", 1).replace(
        "      email: {category: user.contact.email}\n",
        "      email: {category: user.contact.email, rectifiable: true, type: email}\n"
        "      closed_at: {category: user.account}\n",
    )
    + STOPS
)
# A collection more, whose rows concern two people.
SHARED = """\
  messages:
    title: Messages
    key: [id]
    links:
      - {to: users, on: {sender: id}}
      - {to: users, on: {receiver: id}}
    purposes: [shop]
    source: provided
    retention: open
    shared:
      parties:
        sender: {title: Who wrote it, known_by: [sender], fields: [draft]}
        receiver: {title: Who got it, known_by: [receiver], fields: [reply]}
      show: {draft: It was written to the other.}
    fields:
      id: {category: user.unique_id}
      sender: {category: user.unique_id}
      receiver: {category: user.unique_id}
      draft: {category: user.content.private}
      reply: {category: user.content.private}
      status: {category: user.content}
"""


def acme(root: Path, *, controller: str = CONTROLLER, **systems: str) -> Path:
    """Write a controller's folder."""
    folder = root / "acme"
    (folder / "systems").mkdir(parents=True, exist_ok=True)
    (folder / "controller.yaml").write_text(controller, encoding="utf-8")
    for name, text in (systems or {"shop": SYSTEM}).items():
        (folder / "systems" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def line_of(text: str, part: str) -> int:
    """The line that holds the part."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def refused(folder: Path) -> list[str]:
    """The problems that loading names."""
    with pytest.raises(MapError) as refusal:
        load(folder)
    return str(refusal.value).splitlines()

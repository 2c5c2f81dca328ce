"""What a map says of rows that concern two people has to protect the other, or it is refused where it stands."""

from pathlib import Path

import pytest

from dsr.connectors import registry
from dsr.datamap.load import MapError, load
from dsr.datamap.sharing import Share, ending
from tests.datamap.scene import SHARED, SYSTEM, acme, refused

SOUND = SYSTEM + SHARED
ONE = "sender: {title: Who wrote it, known_by: [sender], fields: [draft]}"

FIELDS = "    fields:\n      id: {category: user.unique_id}\n      sender"
SECRET = "receiver: {category: user.unique_id}"
LINK = "      - {to: users, on: {receiver: id}}\n"
STOPS = "\nstops:\n  account: {collection: messages, set: {status: x}, undo: {status: y}}"


def test_a_sound_rule_is_read(tmp_path: Path) -> None:
    found = load(acme(tmp_path, shop=SOUND), registry.flaws).systems["shop"].collections["messages"]
    assert found.shared is not None
    assert {slug: party.erase for slug, party in found.shared.parties.items()} == {
        "sender": "unlink",
        "receiver": "unlink",
    }


@pytest.mark.parametrize(
    ("good", "bad", "says"),
    [
        ("known_by: [sender]", "known_by: [sendr]", "sender.known_by: found field 'sendr'; allowed are "),
        (SECRET, SECRET.replace("}", ", never_export: true}"), "receiver.known_by: receiver is 'never_export'"),
        ("fields: [reply]", "fields: [reply, mood]", "receiver.fields: found field 'mood'; allowed are "),
        ("known_by: [sender]", "known_by: []", "sender.known_by: found no field"),
        (ONE, ONE.replace("}", ", set: {status: x}}"), "sender.set: found field of this party 'status'"),
        ("        receiver: {title: Who got it, known_by: [receiver], fields: [reply]}\n", "", "found one party"),
        ("known_by: [receiver]", "known_by: [status]", "links.1: receiver leads to no party"),
        ("known_by: [receiver]", "known_by: [receiver, sender]", "links.0: sender leads to sender and receiver"),
        ("show: {draft", "show: {status", "show: found party's field 'status'"),
        ("It was written to the other.", '" "', "show.draft: found no reason"),
        (ONE, ONE.replace("}", ", erase: delete}"), "sender.why: is missing"),
        (ONE, ONE.replace("}", ", why: x}"), "sender.why: is for 'delete' alone"),
        (ONE, ONE.replace("}", ", erase: replace}"), "sender.set: 'replace' needs a value that names nobody"),
        (ONE, ONE.replace("}", ", erase: hash}"), "sender.erase: found 'hash'; allowed are 'unlink', 'replace'"),
        (ONE, ONE.replace("[draft]", "[draft, id]"), "id is part of the key, which every answer tells"),
        (ONE, ONE.replace("[draft]", "[draft, id]"), "id is part of the key, which stays"),
        (ONE, "sender: {title: Who, known_by: [sender], several: true, fields: [draft]}", "no 'fields', 'set'"),
        (ONE, "sender: {title: Who, known_by: [status], several: true}", "several people are known by a link"),
        (FIELDS, f"    erase: {{way: redact, set: {{status: x}}}}\n{FIELDS}", "each party of a shared row says"),
        (FIELDS, f"    keep: {{rule: books, since: draft}}\n{FIELDS}", "'keep' looks at draft"),
        (LINK, f"{LINK}      - {{to: messages, on: {{status: id}}}}\n", "links.2: from a row of several people no way"),
        ("\ncollections:", f"{STOPS}\ncollections:", "account.collection: rows of 'messages' concern others, too"),
        ("kind: sql", "kind: object_store", "messages.shared: found connector 'object_store'; allowed is sql"),
    ],
)
def test_each_mistake_is_named_where_it_stands(tmp_path: Path, good: str, bad: str, says: str) -> None:
    assert good in SOUND
    with pytest.raises(MapError) as refusal:
        load(acme(tmp_path, shop=SOUND.replace(good, bad, 1)), registry.flaws)
    assert says in str(refusal.value)


def test_no_way_goes_on_from_what_names_the_other(tmp_path: Path) -> None:
    pictures = SHARED.partition("    shared:")[0].replace("messages", "pictures").replace("title: Messages", "title: P")
    pictures = pictures.replace(
        "      - {to: users, on: {sender: id}}\n      - {to: users, on: {receiver: id}}\n",
        "      - {to: messages, on: {owner: receiver}}\n",
    )
    fields = "    fields:\n      id: {category: user.unique_id}\n      owner: {category: user.unique_id}\n"
    (said,) = refused(acme(tmp_path, shop=SOUND + pictures + fields))
    assert "pictures.links.0: 'messages' is shared, and its receiver leads to rows of everybody in it" in said


ATTACHMENTS = """\
  attachments:
    title: Attachments
    key: [id]
    links:
      - {to: messages, on: {message: id}}
    purposes: [shop]
    source: provided
    retention: open
    shared:
      parties:
        thread: {title: Who is in the message, known_by: [message], several: true}
    fields:
      id: {category: user.unique_id}
      message: {category: user.unique_id}
"""


def test_what_hangs_on_a_row_of_two_is_not_one_persons_whole(tmp_path: Path) -> None:
    load(acme(tmp_path, shop=SOUND + ATTACHMENTS), registry.flaws)
    shared, fields = ATTACHMENTS.index("    shared:"), ATTACHMENTS.index("    fields:")
    (said,) = refused(acme(tmp_path, shop=SOUND + ATTACHMENTS[:shared] + ATTACHMENTS[fields:]))
    assert "attachments.links.0: 'messages' is shared, so these rows are everybody's in it" in said


def test_an_erased_person_may_not_go_on_counting_as_somebody(tmp_path: Path) -> None:
    redacted = SYSTEM.replace("{tombstone: true}", "{way: redact, set: {email: null}}", 1)
    addresses = ATTACHMENTS.replace("attachments:", "addresses:").replace("to: messages", "to: users")
    said = refused(acme(tmp_path, shop=redacted + addresses))
    assert any("parties.thread: 'users' is erased by 'redact', and its id still leads here" in one for one in said)


def test_of_whom_nothing_is_known_no_ending_is_told(tmp_path: Path) -> None:
    messages = load(acme(tmp_path, shop=SOUND), registry.flaws).systems["shop"].collections["messages"]
    with pytest.raises(ValueError, match="whose part in the row it is is not known"):
        ending("messages", messages, Share((), ("receiver",)))

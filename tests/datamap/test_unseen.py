"""Where a mailbox was last seen stands in the controller's file, and its mistakes are named where they stand."""

from pathlib import Path

import pytest

from dsr.datamap.load import load
from tests.datamap.scene import SHARED, SOUND_CONTROLLER, SOUND_SYSTEM, acme, line_of, refused

MOMENT = "      seen_at: {category: user.behavior}\n"
SHOP = SOUND_SYSTEM.replace("      closed_at:", f"{MOMENT}      closed_at:", 1)
OTHERS = """\
  visits:
    title: Visits
    key: [id]
    found_by: {device: [id]}
    purposes: [shop]
    source: observed
    retention: open
    fields:
      id: {category: user.unique_id}
      seen_at: {category: user.behavior}
""" + SHARED.replace("      status:", "      seen_at: {category: user.content}\n      status:")


def written(months: str = "24", system: str = "shop", collection: str = "users", field: str = "seen_at") -> str:
    """A controller's file that says so, each key on a line of its own."""
    said = f"proof:\n  unseen:\n    months: {months}\n    system: {system}\n    collection: {collection}\n"
    return SOUND_CONTROLLER.replace("promise_source:", f"{said}    field: {field}\npromise_source:", 1)


@pytest.mark.parametrize("collection", ["users", "orders"])
def test_what_an_address_leads_to_may_say_when_it_was_last_seen(tmp_path: Path, collection: str) -> None:
    field = {"users": "seen_at", "orders": "paid_at"}[collection]
    found = load(acme(tmp_path, controller=written(collection=collection, field=field), shop=SHOP))
    assert found.controller.proof.unseen is not None
    assert found.controller.proof.unseen.months == 24


@pytest.mark.parametrize(
    ("key", "bad", "says"),
    [
        ("months", "0", "found 0; allowed is"),
        ("months", "-1", "found -1; allowed is"),
        ("months", "1201", "found 1201; input should be less than or equal to 1200"),
        ("months", "two", "found 'two'; allowed is"),
        ("system", "shpo", "found system 'shpo'; allowed are shop. Did you mean 'shop'?"),
        (
            "collection",
            "user",
            "found collection 'user'; allowed are users, orders, visits, messages. Did you mean 'users'?",
        ),
        ("collection", "visits", "found 'visits'; allowed is what an e-mail address leads to, and none leads there"),
        ("collection", "messages", "found 'messages'; its rows concern several people, and no moment says who"),
        ("field", "sen_at", "found field 'sen_at'; allowed are id, email, seen_at, closed_at. Did you mean 'seen_at'?"),
        ("field", "id", "found 'id'; allowed is a field that holds a moment: this one is what rows are known or found"),
        ("field", "email", "found 'email'; allowed is a field that holds a moment: this one is what rows are known"),
    ],
)
def test_a_mistake_in_when_a_mailbox_was_last_seen_is_named_at_its_line(
    tmp_path: Path, key: str, bad: str, says: str
) -> None:
    text = written(**{key: bad})
    shop = SHOP.replace("stops:\n", f"{OTHERS}stops:\n", 1)
    (problem,) = refused(acme(tmp_path, controller=text, shop=shop))
    assert problem.startswith(f"acme/controller.yaml:{line_of(text, f'    {key}: {bad}')}: proof.unseen.{key}: {says}")


@pytest.mark.parametrize(
    ("described", "why"),
    [
        ("{category: user.behavior, rectifiable: true}", "can be changed by who asks"),
        ("{category: user.behavior, never_export: true}", "is 'never_export', so it is never read"),
        ("{category: user.behavior, type: number}", "holds something else, as the map says"),
        ("{category: user.behavior, codes: {a: Anna}}", "holds something else, as the map says"),
        ("{category: user.payment, currency: NOK, decimals: 2}", "holds something else, as the map says"),
    ],
)
def test_a_field_that_the_map_says_is_no_moment_is_refused(tmp_path: Path, described: str, why: str) -> None:
    text = written()
    shop = SHOP.replace("{category: user.behavior}", described, 1)
    (problem,) = refused(acme(tmp_path, controller=text, shop=shop))
    assert problem.startswith(
        f"acme/controller.yaml:{line_of(text, '    field:')}: proof.unseen.field: found 'seen_at'"
    )
    assert problem.endswith(f"this one {why}")


def test_a_system_that_cannot_be_read_is_the_only_mistake_that_is_named(tmp_path: Path) -> None:
    problems = refused(acme(tmp_path, controller=written(), shop=SHOP.replace("key: [id]", "key: id", 1)))
    assert not [problem for problem in problems if "unseen" in problem]

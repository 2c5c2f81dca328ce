"""What a map promises about regions, scopes, consents, recipients, corrections and stops has to hold together."""

from pathlib import Path

import pytest

from dsr.datamap.load import load
from tests.datamap.scene import SOUND_CONTROLLER, SOUND_SYSTEM, acme, refused


def problems(root: Path, good: str, bad: str) -> str:
    """What is said of a folder that is sound but for one replacement."""
    texts = [SOUND_CONTROLLER, SOUND_SYSTEM]
    changed = [text.replace(good, bad, 1) for text in texts]
    assert changed != texts
    return "\n".join(refused(acme(root, controller=changed[0], shop=changed[1])))


@pytest.mark.parametrize(
    ("good", "bad", "says"),
    [
        ("regimes: [gdpr]", "regimes: [gdrp]", "regions.home.regimes: found regime 'gdrp'; allowed are "),
        ("authority: Datatilsynet}", 'authority: " "}', "regions.home.authority: found none"),
        ("regions:\n  home: {title: Norway, regimes: [gdpr], authority: Datatilsynet}\n", "", "regions: found none"),
        ("promise_source:", "languages: []\npromise_source:", "languages: found none"),
        ("given_in: 1", "given_in: 0", "purposes.post.given_in: found 0"),
        ("given_in: 1", "given_in: 1, told: [bnk]", "purposes.post.told: found recipient 'bnk'"),
        ("given_in: 1", "given_in: 1, stopped_at: browser", "purposes.post.how: is missing"),
        ("  post: {coll", "  shop: {coll", "purposes.post.withdrawable: nothing stops when it is withdrawn"),
        ("  post: {coll", "  shop: {coll", "stops.shop: found purpose 'shop'; allowed are account, post"),
        ("  post: {title", "  account: {title", "purposes.account: 'account' is the stop of whole accounts"),
        ("country: NO}\nretention", "country: NO, told_by: email}\nretention", "recipients.bank.email: is missing"),
        ("country: NO}\nretention", "country: NO, email: x}\nretention", "recipients.bank.email: Enter an e-mail"),
        ("country: NO}\nretention", "country: NO, told_by: none}\nretention", "recipients.bank.why_not: is missing"),
        (
            "country: NO}\nretention",
            "country: NO, told_by: connector}\nretention",
            "recipients.bank.system: is missing",
        ),
        ("country: NO}\nretention", "country: NO, system: till}\nretention", "bank.system: found system 'till'"),
        ("everything: true}", "collections: []}", "scopes.all: either"),
        ("[shop.orders]", "[shop.ordrs]", "scopes.orders.collections: found collection 'shop.ordrs'"),
        ("[shop.orders]", "[shop.users]", "rows of 'shop.orders' point to 'shop.users' and would be left behind"),
        ("rectifiable: true, type: email", "rectifiable: true, never_export: true", "email.rectifiable: found true"),
        ("{category: user.unique_id}", "{category: user.unique_id, rectifiable: true}", "id.rectifiable: found true"),
        (
            "rectifiable: true, type: email",
            "rectifiable: true, type: email, why_shown: Because.",
            "email.why_shown: is a reason for 'never_export: false'",
        ),
        (
            "closed_at: {category: user.account}",
            "closed_at: {category: user.authorization.password, never_export: false}",
            "closed_at.never_export: found false; 'user.authorization.password' stays in",
        ),
        (
            "closed_at: {category: user.account}",
            "closed_at: {category: user.government_id.passport_number, never_export: false, why_shown: ' '}",
            "closed_at.never_export: found false; 'user.government_id.passport_number' stays in",
        ),
        ("promise_source:", "release: {erasure: one}\npromise_source:", "release.erasure: is no copy of data"),
        ("promise_source:", "release: {access: three}\npromise_source:", "release.access: found 'three'"),
        ("type: email", "type: choice", "fields.email.codes: is missing"),
        ("type: email", "type: mail", "fields.email.type: found 'mail'; allowed are 'text', 'email'"),
        ("title: Users\n", "title: Users\n    item_title: nam\n", "users.item_title: found field 'nam'"),
        (", undo: {closed_at: null}", "", "stops.account.undo: is missing"),
        ("undo: {closed_at: null}", "undo: {email: null}", "stops.account.undo: names other fields than 'set'"),
        ("undo: {closed_at: null}", "undo: {closed_at: $now}", "stops.account.undo: '$now' is for 'set' alone"),
        ("{collection: users, set", "{collection: usrs, set", "stops.account.collection: found collection 'usrs'"),
        ("set: {status: stopped}", "set: {state: stopped}", "stops.post.set: found field 'state'"),
        ("set: {status: stopped}", "set: {}", "stops.post.set: found nothing"),
        ("set: {status: stopped}", "set: {user_id: null}", "stops.post.set.user_id: is what rows are found by"),
        ("when: {status: [open]}", "when: {state: [open]}", "stops.post.when: found field 'state'"),
        ("when: {status: [open]}", "when: {status: []}", "stops.post.when: found no value"),
    ],
)
def test_a_promise_that_cannot_hold_is_named(tmp_path: Path, good: str, bad: str, says: str) -> None:
    assert says in problems(tmp_path, good, bad)


def test_what_holds_together_is_no_mistake(tmp_path: Path) -> None:
    found = load(acme(tmp_path, controller=SOUND_CONTROLLER, shop=SOUND_SYSTEM))

    assert set(found.systems["shop"].stops) == {"account", "post"}


def test_a_recipient_told_by_a_system_that_another_runs_is_named(tmp_path: Path) -> None:
    told = SOUND_CONTROLLER.replace("country: NO}", "country: NO, told_by: connector, system: shop}")
    shop = SOUND_SYSTEM.replace("processor: bank\n", "")

    (problem,) = refused(acme(tmp_path, controller=told, shop=shop))

    assert "whose 'processor' is not 'bank'" in problem

"""Every mistake in a controller's files is named where it stands, with what is allowed there."""

from pathlib import Path

import pytest

from tests.datamap.scene import CONTROLLER, SYSTEM, acme, line_of, refused


@pytest.mark.parametrize(
    ("good", "bad", "where", "says"),
    [
        (
            "retention: open",
            "retention: opne",
            "users",
            "found retention rule 'opne'; allowed are books, open",
        ),
        ("purposes: [shop]", "purposes: [shp]", "users.purposes", "found purpose 'shp'; allowed are shop"),
        (
            "recipients: [bank]",
            "recipients: [bnk]",
            "orders.recipients",
            "found recipient 'bnk'; allowed are bank",
        ),
        ("to: users", "to: usrs", "orders.links.0.to", "found 'usrs'; allowed are shop.users, shop.orders"),
        ("to: users", "to: other.users", "orders.links.0.to", "found 'other.users'; allowed are shop.users"),
        ("{user_id: id}", "{usr: id}", "orders.links.0.on", "found field 'usr'; allowed are id, user_id"),
        (
            "{user_id: id}",
            "{user_id: nr}",
            "orders.links.0.on",
            "found field of shop.users 'nr'; allowed are id, email",
        ),
        ("key: [id]", "key: [nr]", "users.key", "found field 'nr'; allowed are id, email"),
        ("key: [id]", "key: []", "users.key", "found no field"),
        (
            "{email: [email]}",
            "{email: [mail]}",
            "users.found_by.email",
            "found field 'mail'; allowed are id, email",
        ),
        ("{email: [email]}", "{social: [email]}", "users.found_by.social", "found 1 fields; social has 2"),
        ("since: paid_at", "since: payed_at", "orders.keep.since", "found field 'payed_at'"),
        ("when: {status", "when: {state", "orders.keep.when", "found field 'state'"),
        ("when: {status: [paid]}", "when: {status: []}", "orders.keep.when", "found no value"),
        (
            "keep: {rule: books",
            "keep: {rule: open",
            "orders.keep.rule",
            "found 'open', which states no period",
        ),
        (
            "source: provided",
            "source: stolen",
            "users.source",
            "found 'stolen'; allowed are 'provided', 'observed'",
        ),
        (
            "retention: open",
            "retained: open",
            "users.retained",
            "unknown key; allowed are title, describes, key",
        ),
        (
            "category: user.contact.email",
            "category: user.mail",
            "users.fields.email",
            "found category 'user.mail'",
        ),
        (
            "${SHOP_URL}",
            "${shop}",
            "connector.settings.url",
            "found '${shop}'; allowed is ${NAME} in capitals",
        ),
        ("slug: shop", "slug: shoes", "slug", "found 'shoes'; allowed is the file's name, 'shop'"),
        (
            "title: Shop\n",
            "title: Shop\nprocessor: bnk\n",
            "processor",
            "found recipient 'bnk'; allowed are bank",
        ),
        ("    title: Users\n", "    title: Users\n    files: photo\n", "users.files", "found field 'photo'"),
        ("    title: Users\n", "    title: Users\n    title: You\n", "", "'title' stands here again"),
        (
            "    title: Orders\n",
            "    title: Orders\n    erase: {way: aggregate}\n",
            "orders.erase",
            "'aggregate' needs 'set'",
        ),
    ],
)
def test_a_mistake_in_a_system_is_named_with_file_line_and_what_is_allowed(
    tmp_path: Path, good: str, bad: str, where: str, says: str
) -> None:
    text = SYSTEM.replace(good, bad, 1)

    problems = refused(acme(tmp_path, shop=text))

    place = f"acme/systems/shop.yaml:{line_of(text, bad.strip().splitlines()[-1])}: "
    assert any(one.startswith(place) and where in one and says in one for one in problems)


@pytest.mark.parametrize(
    ("good", "bad", "says"),
    [
        ("slug: acme", "slug: acne", "slug: found 'acne'; allowed is the folder's name, 'acme'"),
        ("#5b21b6", "#ffee00", "brand.colour: found a contrast of 1.2:1 between #ffee00 and #ffffff"),
        ("Europe/Oslo", "Europe/Olso", "calendar.zone: found 'Europe/Olso'"),
        (
            "2026-03-17",
            "17 March",
            "policy_versions.0.effective_on: found '17 March'; allowed are YYYY-MM-DD",
        ),
        ("basis: contract", "basis: consent", "purposes.shop.withdrawable: found false"),
        (
            "basis: contract",
            "basis: whim",
            "purposes.shop.basis: found 'whim'; allowed are 'consent', 'contract'",
        ),
        ("  access:", "  acces:", "rights.acces: found 'acces'; allowed are 'access', 'rectification'"),
        ("promise_source: the policy", "promise_day: 3", "promise_day: unknown key; allowed are slug, name"),
    ],
)
def test_a_mistake_in_the_controller_is_named_with_file_line_and_what_is_allowed(
    tmp_path: Path, good: str, bad: str, says: str
) -> None:
    text = CONTROLLER.replace(good, bad, 1)

    problems = refused(acme(tmp_path, controller=text))

    assert any(
        one.startswith(f"acme/controller.yaml:{line_of(text, bad.strip())}: ") and says in one for one in problems
    )


def test_who_has_no_mailbox_never_has_less_time_to_cancel_than_everybody(tmp_path: Path) -> None:
    text = CONTROLLER + "grace_days: 30\ngrace_days_by_post: 14\n"
    place = f"acme/controller.yaml:{line_of(text, 'grace_days_by_post')}: grace_days_by_post: found 14; allowed are 30"
    assert [one for one in refused(acme(tmp_path, controller=text)) if one.startswith(place)]


def test_every_mistake_of_every_file_is_named_at_once(tmp_path: Path) -> None:
    controller = CONTROLLER.replace("#5b21b6", "#ffee00")
    shop = SYSTEM.replace("retention: open", "retention: opne").replace("since: paid_at", "since: payed_at")

    problems = refused(acme(tmp_path, controller=controller, shop=shop, desk="title: Desk\n"))

    files = [problem.split(":")[0] for problem in problems]
    assert files.count("acme/controller.yaml") == 1
    assert files.count("acme/systems/shop.yaml") == 2
    assert {"slug: is missing", "connector: is missing", "collections: is missing"} <= {
        problem.split(": ", 1)[1] for problem in problems if "desk" in problem
    }


@pytest.mark.parametrize("text", ["", "{", "- 1\n", "slug: &a [*a]\n", "\x00", "!!python/object:os.system {}\n"])
def test_what_is_no_map_at_all_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    problems = refused(acme(tmp_path, shop=text))

    assert problems
    assert all(problem.startswith("acme/systems/shop.yaml:") for problem in problems)


@pytest.mark.parametrize(
    ("good", "bad", "says"),
    [
        ("{years: 5}", "{years: -5}", "retention.books.period.years: found -5; allowed is 0 and more"),
        (
            "{years: 5}",
            "{years: 999999}",
            "retention.books.period.years: found 999999; input should be less than or equal to 100",
        ),
        ("{years: 5}", "{years: 0}", "retention.books.period: found no length; allowed are hours, days, months"),
        ("name: Acme", "name: Acme\ngrace_days: -3", "grace_days: found -3; allowed is 0 and more"),
        ("name: Acme", "name: Acme\ngrace_days_by_post: -3", "grace_days_by_post: found -3; allowed is 0 and more"),
        ("name: Acme", "name: Acme\npromise_days: 0", "promise_days: found 0; allowed is 1 and more"),
    ],
)
def test_a_length_of_time_that_cannot_be_meant_is_refused(tmp_path: Path, good: str, bad: str, says: str) -> None:
    text = CONTROLLER.replace(good, bad, 1)

    (problem,) = refused(acme(tmp_path, controller=text))

    assert problem.startswith(f"acme/controller.yaml:{line_of(text, bad.splitlines()[-1])}: {says}")

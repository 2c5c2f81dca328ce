"""A controller's files are read whole, or every mistake is named where it stands."""

import re
from pathlib import Path

import pytest

from dsr.datamap.load import MapError, load, load_all
from dsr.datamap.schema import IdentityKind

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


def test_a_sound_folder_becomes_a_map(tmp_path: Path) -> None:
    found = load(acme(tmp_path))

    assert found.controller.name == "Acme"
    assert found.systems["shop"].collections["users"].found_by == {IdentityKind.EMAIL: ("email",)}


def test_norway_and_dates_are_text_and_on_is_a_key(tmp_path: Path) -> None:
    found = load(acme(tmp_path))

    assert found.controller.calendar.country == "NO"
    assert found.controller.policy_versions[0].effective_on == "2026-03-17"
    assert found.systems["shop"].collections["orders"].links[0].on == {"user_id": "id"}


def test_a_number_in_a_setting_needs_no_quotes_and_stays_as_it_is_written(tmp_path: Path) -> None:
    settings = 'settings: {url: "${SHOP_URL}", timeout: 30, code: 0123, hour: 12:30}'
    shop = SYSTEM.replace('settings: {url: "${SHOP_URL}"}', settings)
    found = load(acme(tmp_path, shop=shop)).systems["shop"].connector.settings
    assert found == {"url": "${SHOP_URL}", "timeout": "30", "code": "0123", "hour": "12:30"}


@pytest.mark.parametrize("value", ["true", "1.5", "null", "[1]"])
def test_what_is_neither_text_nor_a_whole_number_is_no_setting(tmp_path: Path, value: str) -> None:
    shop = SYSTEM.replace('settings: {url: "${SHOP_URL}"}', f'settings: {{url: "${{SHOP_URL}}", timeout: {value}}}')
    (problem,) = refused(acme(tmp_path, shop=shop))
    assert "connector.settings.timeout: found" in problem


def test_a_setting_may_stand_in_a_file(tmp_path: Path) -> None:
    shop = SYSTEM.replace("${SHOP_URL}", "${file:/run/secrets/shop}")
    found = load(acme(tmp_path, shop=shop)).systems["shop"].connector.settings
    assert found == {"url": "${file:/run/secrets/shop}"}


def test_of_a_setting_with_a_wrong_reference_no_more_than_that_is_quoted(tmp_path: Path) -> None:
    (problem,) = refused(acme(tmp_path, shop=SYSTEM.replace("${SHOP_URL}", "postgresql://me:hush@${host}/x")))
    assert "found '${host}'" in problem
    assert "hush" not in problem


def test_the_version_changes_with_any_byte_and_with_nothing_else(tmp_path: Path) -> None:
    first = load(acme(tmp_path)).version
    again = load(acme(tmp_path)).version
    edited = load(acme(tmp_path, shop=SYSTEM + "# a remark\n")).version

    assert first == again
    assert first != edited
    assert len(first) == 12
    assert int(first, 16) >= 0


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


def test_a_circle_of_links_is_named(tmp_path: Path) -> None:
    text = SYSTEM.replace("    found_by: {email: [email]}\n", "    links: [{to: orders, on: {id: user_id}}]\n")

    (problem,) = refused(acme(tmp_path, shop=text))

    assert "the links go in a circle: shop.users → shop.orders → shop.users" in problem


def test_systems_may_wait_for_each_others_keys_unless_people_are_asked_there(tmp_path: Path) -> None:
    shop = SYSTEM.replace("to: users", "to: desk.users")
    desk = SYSTEM.replace("slug: shop", "slug: desk").replace("to: users", "to: shop.users")
    assert set(load(acme(tmp_path, shop=shop, desk=desk)).systems) == {"shop", "desk"}

    by_hand = re.sub("kind: [a-z]+", "kind: manual", desk, count=1)
    assert by_hand != desk
    said = refused(acme(tmp_path, shop=shop, desk=by_hand))

    assert any(
        "these systems wait for each other's keys: desk, shop; people are not asked twice" in one for one in said
    )


KEPT = "    retention: books\n    erase: {tombstone: true}\n"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", "shop.orders → shop.orders; say of each of these links 'owns: true'"),
        (", owns: true", ""),
        (", owns: false", ""),
    ],
)
def test_of_a_link_in_a_circle_is_said_whether_it_owns(tmp_path: Path, said: str, why: str) -> None:
    own = f"{{to: orders, on: {{status: id}}{said}}}"
    text = SYSTEM.replace("links:\n", f"links:\n      - {own}\n").replace("    retention: books\n", KEPT)
    assert text != SYSTEM
    found = refused(acme(tmp_path, shop=text)) if why else list(load(acme(tmp_path, shop=text)).systems)
    assert any(why in one for one in found)


def test_a_link_that_only_points_meets_the_key_there(tmp_path: Path) -> None:
    text = SYSTEM.replace("links:\n", "links:\n      - {to: users, on: {user_id: email}, owns: false}\n")

    (problem,) = refused(acme(tmp_path, shop=text))

    assert "a link that only points meets the key there: id" in problem


def test_a_link_that_only_points_has_a_field_that_can_be_emptied(tmp_path: Path) -> None:
    text = SYSTEM.replace("links:\n", "links:\n      - {to: users, on: {user_id: id}, owns: false}\n")

    (problem,) = refused(acme(tmp_path, shop=text))

    assert "it needs a field that neither the key nor another link has" in problem


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


def test_a_map_makes_no_object_and_calls_nothing(tmp_path: Path) -> None:
    made = tmp_path / "made"

    assert refused(acme(tmp_path, shop=f"title: !!python/object/apply:os.mkdir ['{made}']\n"))

    assert not made.exists()


def test_a_folder_without_controller_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path) == [f"{tmp_path.name}/controller.yaml:1: there is no such file"]


def test_all_controllers_are_read_by_slug_and_other_folders_left_alone(tmp_path: Path) -> None:
    acme(tmp_path)
    (tmp_path / "__pycache__").mkdir()

    assert list(load_all(tmp_path)) == ["acme"]


def test_one_broken_controller_stops_all_so_that_none_is_silently_gone(tmp_path: Path) -> None:
    acme(tmp_path)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "controller.yaml").write_text("slug: bad\n")

    with pytest.raises(MapError, match=r"bad/controller\.yaml"):
        load_all(tmp_path)


def test_a_parent_that_kept_rows_point_to_has_to_leave_its_number(tmp_path: Path) -> None:
    folder = acme(tmp_path, shop=SYSTEM.replace("    erase: {tombstone: true}\n", ""))
    with pytest.raises(MapError, match=r"shop\.yaml:\d+: .*rows kept here point to 'users'"):
        load(folder)


@pytest.mark.parametrize(
    "name", ["systems/shop.yml", "systems/shop.YAML", "systems/old/shop.yaml", "systems/shop.txt", "shop.yaml"]
)
def test_a_file_that_is_not_read_is_named_instead_of_being_passed_over(tmp_path: Path, name: str) -> None:
    file = acme(tmp_path) / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(SYSTEM, encoding="utf-8")

    (problem,) = refused(tmp_path / "acme")

    assert problem.startswith(f"acme/{name}:1: this file is not read; allowed are controller.yaml, systems/<slug>.yaml")


def test_a_file_beside_the_controllers_folders_is_named(tmp_path: Path) -> None:
    acme(tmp_path)
    (tmp_path / "shop.yaml").write_text(SYSTEM)

    with pytest.raises(MapError, match=r"^shop\.yaml:1: this file is not read"):
        load_all(tmp_path)


def test_a_hidden_file_is_left_alone(tmp_path: Path) -> None:
    (acme(tmp_path) / "systems/.shop.yaml.swp").write_text("half a file")

    assert list(load(tmp_path / "acme").systems) == ["shop"]


def test_a_controller_whose_first_file_has_another_name_is_named(tmp_path: Path) -> None:
    folder = acme(tmp_path)
    (folder / "controller.yaml").rename(folder / "controller.yml")

    with pytest.raises(MapError, match=r"acme/controller\.yaml:1: there is no such file"):
        load_all(tmp_path)


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


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10))
LADDER = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} {'[' * 40}*a{n - 1}{']' * 40}\n" for n in range(1, 9))


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (BOMB, 6, "the file holds more than 100,000 values here, each alias (*name) counted as all it names"),
        (LADDER, 4, "values stand in each other here, deeper than 100"),
        ("slug: " + "[" * 3_000 + "]" * 3_000, 1, "values stand in each other here, deeper than 100"),
        ("slug: shop\ntitle: " + "[" * 200_000, 2, "values stand in each other here, deeper than 100"),
        ("slug: shop\n" + "- " * 5_000, 2, "not valid YAML"),
        ("- " * 5_000 + "x", 1, "values stand in each other here, deeper than 100"),
    ],
)
def test_a_file_that_would_grow_without_bound_is_refused_before_it_does(
    tmp_path: Path, text: str, line: int, says: str
) -> None:
    (problem,) = refused(acme(tmp_path, shop=text))

    assert problem.startswith(f"acme/systems/shop.yaml:{line}: {says}")


def test_a_moment_that_is_none_is_a_mistake_of_its_file(tmp_path: Path) -> None:
    (problem,) = refused(acme(tmp_path, shop='slug: !!timestamp "x"'))
    assert problem.startswith("acme/systems/shop.yaml:1: cannot be read")


def test_what_an_alias_names_may_be_said_again_and_again(tmp_path: Path) -> None:
    text = SYSTEM.replace("id: {category: user.unique_id}", "id: &id {category: user.unique_id}", 1)
    text = text.replace("user_id: {category: user.unique_id}", "user_id: *id").replace(
        "      id: {category: user.unique_id}\n", "      id: *id\n"
    )
    assert text.count("*id") == 2

    assert load(acme(tmp_path, shop=text)).systems["shop"].collections["orders"].fields["user_id"].category

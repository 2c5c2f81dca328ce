"""A controller's files are read whole, or not at all."""

from pathlib import Path

import pytest

from dsr.datamap.load import MapError, load, load_all
from dsr.datamap.schema import IdentityKind
from tests.datamap.scene import SYSTEM, acme, refused


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

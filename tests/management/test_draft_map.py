"""A live schema becomes a first map: what keys and names tell stands there, and what is not certain is marked."""

import io
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command, load_command_class
from django.core.management.base import OutputWrapper
from pytest_django import Settings

from controllers import sample_joypix
from dsr.connectors.contract import Finding
from dsr.connectors.sql import SqlDatabase
from dsr.datamap.guesses import guess
from dsr.datamap.load import load
from dsr.datamap.plan import compile_plan
from dsr.datamap.schema import IdentityKind, SystemMap
from dsr.steps import maps
from tests.connectors.databases import Database, on_mariadb, on_postgresql, on_sqlite
from tests.datamap.scene import acme, refused

ALL = ["sqlite", "postgresql", pytest.param("mariadb", marks=pytest.mark.mariadb)]


def draft(url: str, *more: str) -> str:
    """What the command writes."""
    said = io.StringIO()
    call_command("draft_map", "--system", "shop", "--url", url, *more, stdout=said)
    return said.getvalue()


def finished(text: str) -> str:
    """The draft after an engineer said what it asks for: purposes and retention."""
    return text.replace("[finish]", "[shop]").replace("retention: finish", "retention: open")


def loaded(folder: Path, text: str) -> SystemMap:
    """The finished draft, validated."""
    return load(acme(folder, shop=finished(text))).systems["shop"]


def differences(system: SystemMap, url: str) -> list[Finding]:
    """What check_systems would say of it."""
    with closing(SqlDatabase.from_map(system, {"SHOP_URL": url})) as connector:
        return connector.check()


@pytest.fixture(params=ALL)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        with on_sqlite(tmp_path) as made:
            yield made
        return
    opened = {"postgresql": on_postgresql, "mariadb": on_mariadb}[request.param]
    with opened(request.getfixturevalue(request.param)) as made:
        yield made


@pytest.fixture
def joypix(tmp_path: Path) -> str:
    """The address of JoyPix' schema, without people."""
    path = tmp_path / "joypix.sqlite3"
    with closing(sqlite3.connect(path)) as made:
        made.executescript(sample_joypix.SCHEMA)
    return f"sqlite:///{path}"


def test_the_draft_of_joypix_loads_once_it_is_finished_and_fits_the_live_schema(tmp_path: Path, joypix: str) -> None:
    system = loaded(tmp_path, draft(joypix))
    assert differences(system, joypix) == []


def test_the_draft_of_joypix_finds_people_as_its_own_map_does(tmp_path: Path, joypix: str) -> None:
    drafted = loaded(tmp_path, draft(joypix)).collections
    known = maps.controller("joypix").systems["app-database"].collections
    assert {name: one.links for name, one in drafted.items()} == {name: one.links for name, one in known.items()}
    assert {name: one.found_by for name, one in drafted.items()} == {name: one.found_by for name, one in known.items()}
    assert {name: one.key for name, one in drafted.items()} == {name: one.key for name, one in known.items()}


def test_the_draft_of_joypix_reaches_every_table_and_shows_no_password(tmp_path: Path, joypix: str) -> None:
    system = loaded(tmp_path, draft(joypix))
    whole = load(acme(tmp_path, shop=finished(draft(joypix))))
    assert compile_plan(whole, ("email",)).unreachable == ()
    assert system.collections["users"].fields["password_hash"].never_export


def test_an_unfinished_draft_is_no_map(tmp_path: Path, joypix: str) -> None:
    problems = refused(acme(tmp_path, shop=draft(joypix)))
    assert any("found purpose 'finish'; allowed are shop" in one for one in problems)
    assert any("found retention rule 'finish'; allowed are" in one for one in problems)


def test_whatever_is_not_certain_is_marked(joypix: str) -> None:
    unsure = [line for line in draft(joypix).splitlines() if re.search(r"category: user,|\[finish\]|: finish", line)]
    assert unsure
    assert all("# finish:" in line for line in unsure)


def test_composite_keys_shared_rows_and_tables_without_people_are_drafted(database: Database, tmp_path: Path) -> None:
    database.run(
        "CREATE TABLE products (id int PRIMARY KEY, name varchar(40))",
        "CREATE TABLE addresses (id int PRIMARY KEY, street varchar(40), zip varchar(10))",
        "CREATE TABLE customers (tenant int, nr int, email_address varchar(60) NOT NULL UNIQUE,"
        " address_id int, parent_tenant int, parent_nr int, birthday date, PRIMARY KEY (tenant, nr),"
        " FOREIGN KEY (address_id) REFERENCES addresses (id),"
        " FOREIGN KEY (parent_tenant, parent_nr) REFERENCES customers (tenant, nr))",
        "CREATE TABLE purchases (tenant int, nr int, line int, product_id int, PRIMARY KEY (tenant, nr, line),"
        " FOREIGN KEY (tenant, nr) REFERENCES customers (tenant, nr),"
        " FOREIGN KEY (product_id) REFERENCES products (id))",
        "CREATE TABLE notes (body varchar(40), phone varchar(20))",
    )
    text = draft(database.url)
    problems = refused(acme(tmp_path, shop=finished(text)))
    system = loaded(tmp_path, text.replace("  key: []", "  key: [body]").replace(NOWHERE, "found_by: {phone: [phone]}"))

    assert [problem.split(": ", 2)[1] for problem in problems] == ["collections.notes.found_by"]
    assert system.connector.settings["without_people"] == "products"
    assert list(system.collections) == ["customers", "purchases", "addresses", "notes"]
    assert system.collections["customers"].key == ("tenant", "nr")
    assert system.collections["customers"].found_by == {"email": ("email_address",)}
    assert [(one.to, one.on) for one in system.collections["purchases"].links] == [
        ("customers", {"tenant": "tenant", "nr": "nr"})
    ]
    assert [(one.to, one.on) for one in system.collections["addresses"].links] == [("customers", {"id": "address_id"})]
    (pointing,) = system.collections["customers"].links
    assert (pointing.to, pointing.on) == ("customers", {"parent_tenant": "tenant", "parent_nr": "nr"})
    assert pointing.owns is False
    assert "links: # finish: 'owns: false' only points: whose the row is does not follow. Is that so?" in text
    assert "links: # finish: rows here may be shared: do they belong to one person alone?" in text
    assert {one.message for one in differences(system, database.url) if "column" in one.message} == set()


NOWHERE = "found_by: # finish: names speak of people, and nothing leads here: how are rows found?"


def test_names_that_a_map_or_yaml_could_trip_over_are_drafted_soundly(database: Database, tmp_path: Path) -> None:
    quote = "`" if database.kind == "mariadb" else '"'
    database.run(
        f"CREATE TABLE {quote}Users & Co{quote} (id int PRIMARY KEY, {quote}E-Mail{quote} varchar(60) UNIQUE,"
        f" {quote}true{quote} int, {quote}a: b #c{quote} int, {quote}名前{quote} varchar(20))"
    )
    system = loaded(tmp_path, draft(database.url))
    assert list(system.collections) == ["users_co"]
    assert set(system.collections["users_co"].fields) == {"id", "E-Mail", "true", "a: b #c", "名前"}
    assert system.collections["users_co"].found_by[IdentityKind.EMAIL] == ("E-Mail",)
    assert differences(system, database.url) == []


def test_another_schema_is_drafted_by_its_name(postgresql: str, tmp_path: Path) -> None:
    with on_postgresql(postgresql) as database:
        database.run(
            "CREATE SCHEMA post",
            "CREATE TABLE post.people (id int PRIMARY KEY, email text UNIQUE)",
            "CREATE TABLE post.letters (id int PRIMARY KEY, people_id int REFERENCES post.people (id))",
        )
        system = loaded(tmp_path, draft(database.url, "--schema", "post"))
        assert system.collections["letters"].settings == {"schema": "post"}
        assert [(one.to, one.on) for one in system.collections["letters"].links] == [("people", {"people_id": "id"})]
        assert differences(system, database.url) == []


def test_a_link_that_may_name_somebody_else_is_marked(tmp_path: Path) -> None:
    with on_sqlite(tmp_path) as database:
        database.run(
            "CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE)",
            "CREATE TABLE articles (id int PRIMARY KEY, approved_by int REFERENCES users (id))",
            "CREATE TABLE talks (id int PRIMARY KEY, user_id int REFERENCES users, owner int REFERENCES users)",
        )
        text = draft(database.url)
    assert "links: # finish: does 'approved_by' say whose the row is?" in text
    assert "links: # finish: rows name two people: whose are they?" in text


@pytest.mark.parametrize("name", ["true", "null", "yes", "1e3"])
def test_a_table_that_yaml_would_read_as_something_else_is_drafted_by_its_name(tmp_path: Path, name: str) -> None:
    with on_sqlite(tmp_path) as database:
        database.run(f'CREATE TABLE "{name}" (id int PRIMARY KEY, email text UNIQUE)')
        system = loaded(tmp_path, draft(database.url))
        assert differences(system, database.url) == []


@pytest.mark.parametrize("there", [[], ["CREATE TABLE users (email text UNIQUE)"]])
def test_a_foreign_key_that_leads_to_no_key_is_drafted_around(tmp_path: Path, there: list[str]) -> None:
    with on_sqlite(tmp_path) as database:
        database.run(*there, "CREATE TABLE notes (id int PRIMARY KEY, phone text UNIQUE, user_id int REFERENCES users)")
        system = loaded(tmp_path, draft(database.url))
    assert system.collections["notes"].links == ()


@pytest.mark.parametrize(
    ("names", "category"),
    [
        ("email eMail EMAIL e_mail emailAddress user_email Email-Address mail_addr", "user.contact.email"),
        ("phone PhoneNumber tel_no mobile cell customer_phone msisdn", "user.contact.phone_number"),
        ("first_name firstName given_name fname", "user.name.first"),
        ("LastName surname family_name", "user.name.last"),
        ("ip IPAddress ip_addr remote_addr client_ip", "user.device.ip_address"),
        ("address home_address shipping_address billingAddress", "user.contact.address"),
        ("street address_line1 house_number", "user.contact.address.street"),
        ("zip postal_code postcode ZipCode", "user.contact.address.postal_code"),
        ("birthday DOB date_of_birth birth_date born_on", "user.demographic.date_of_birth"),
        ("device_id deviceID imei idfa", "user.device.device_id"),
        ("gender sex", "user.demographic.gender"),
        ("iban bank_account", "user.financial.bank_account"),
        ("card_number cardLast4", "user.financial.credit_card"),
        ("password passwd pwd hashed_password passwordHash", "user.authorization.password"),
        ("kind xyz", "user"),
    ],
)
def test_a_category_is_suggested_however_a_name_is_spelled(names: str, category: str) -> None:
    assert {name: guess(name).category for name in names.split()} == dict.fromkeys(names.split(), category)


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path, joypix: str) -> None:
    target = tmp_path / "shop.yaml"
    first = draft(joypix, "--output", str(target))
    text = target.read_text("utf-8")
    with pytest.raises(CommandError, match="File exists"):
        draft(joypix, "--output", str(target))
    assert first == f"{target}: {text.count('# finish:')} lines to finish\n"
    assert target.read_text("utf-8") == text


def test_the_address_may_stand_in_the_environment_and_is_never_written(
    joypix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THEIR_DATABASE", joypix)
    text = draft("${THEIR_DATABASE}")
    assert "url: ${THEIR_DATABASE}\n" in text
    assert "sqlite" not in text


def test_an_address_itself_is_never_written_and_its_variable_is_for_the_engineer_to_name(joypix: str) -> None:
    text = draft(joypix)
    assert "url: ${SHOP_URL} # finish: the environment variable" in text
    assert "sqlite" not in text


def test_a_first_map_is_drafted_while_another_is_wrong(joypix: str, tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme/controller.yaml").write_text("slug: other\n")
    settings.DSR_CONTROLLERS = tmp_path
    said = io.StringIO()
    command = load_command_class("dsr", "draft_map")
    command.stdout = OutputWrapper(said)
    command.run_from_argv(["manage.py", "draft_map", "--system", "shop", "--url", joypix])
    assert "slug: shop" in said.getvalue()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("${NOT_SET}", "NOT_SET is missing"),
        ("nonsense", "not the address of a database"),
        ("postgresql://portal:p@x:hunter2/w@db.example/shop", "^--url: it cannot be read as an address; what is no"),
        ("sqlite:////nowhere/at/all.sqlite3", "does not answer"),
    ],
)
def test_a_database_that_cannot_be_read_is_said_in_a_line(url: str, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        draft(url)


def test_a_name_that_no_file_may_bear_is_refused(joypix: str) -> None:
    with pytest.raises(CommandError, match="small letters"):
        call_command("draft_map", "--system", "../shop", "--url", joypix)

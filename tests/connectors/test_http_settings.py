"""A map's settings are looked at when it is read: what is wrong is told with file, line and what is allowed."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from dsr.connectors import registry
from dsr.connectors.http import HttpService
from dsr.connectors.http.config import http_flaws
from dsr.connectors.settings import resolve
from dsr.datamap.load import MapError, load
from tests.connectors.declared import ERASING, PEOPLE, people_map
from tests.tree import ROOT

WHOLE = PEOPLE | ERASING
JOB = {"job": "id", "poll": "GET /jobs/{job}", "state": "s", "states": "a=done"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"list": "GET /people"}, "'list' has no gap"),
        ({"list": "FETCH /people?e={email}"}, "'list' must begin with one of GET"),
        ({"list": "GET people?e={email}"}, "'list' must have a path"),
        ({"list": "GET /../people?e={email}"}, "'list' must have a path"),
        ({"list": "GET /people?e={email"}, "a brace stands alone"),
        ({"list": "GET /people?e={email|rot13}"}, "found 'rot13' in a gap; allowed are lower, trim"),
        ({"list": "GET /people?e={phone}"}, "wants 'phone', rows are found by 'email'"),
        ({"list": "GET /people?q=email:{email}"}, "needs '|quoted'"),
        (
            {"list": "GET /people?api_key=sk_live_1&e={email}"},
            "'list' holds what 'api_key' is: a secret must not stand",
        ),
        ({"list_body": '{"a": [{"password": "sk_live_1"}]}'}, "'list' holds what 'a.password' is: a secret must not"),
        ({"rows": "a..b"}, "'rows' must be a path"),
        ({"paging": "pages"}, "'paging' must be one of none, number, offset, cursor, link, next"),
        ({"paging": "cursor"}, "'page_param' is missing"),
        ({"paging": "number", "page_param": "email"}, None),
        ({"batch": "0"}, "'batch' must be a number from 1 to 100"),
        ({"batch": "2"}, "'erase' has no gap that can repeat"),
        ({"erase": "DELETE /people"}, "'erase' must name rows by {id}"),
        ({"erase": "DELETE /people/{id}?e={email}"}, "'erase' must name rows by {id}"),
        ({"erase_body": "{"}, "'erase'"),
        ({"done": "deleted"}, "'done' must be like"),
        ({"read": "GET /people/{email}"}, "'read' must ask by {id}"),
        ({"poll": "GET /jobs/{job}"}, "'poll' belongs to 'job'"),
        (JOB | {"states": "a=finished"}, "'states' must lead to 'done'"),
        (JOB | {"states": "a"}, "'states' must be like"),
        (JOB | {"poll": "GET /jobs"}, "'poll' must hold {job}"),
        (JOB | {"confirm": "POST /jobs/{job}/run"}, "'confirm' and a state"),
        ({"search": "GET /s?q={email}"}, "'search_field' is missing"),
        ({"erasee": "x"}, "unknown setting 'erasee'; allowed are absent"),
        ({"rows": " "}, "'rows' is empty"),
    ],
)
def test_a_wrong_setting_of_a_collection_is_named(change: Mapping[str, str], message: str | None) -> None:
    found = people_map("https://x.example", {"token": "${T}"}, {**WHOLE, **change})
    flaws = list(http_flaws(found))
    assert [(flaw.where[:3], message in flaw.message) for flaw in flaws if message] == (
        [(("collections", "people", "settings"), True)] if message else []
    )
    if message:
        with pytest.raises(ValueError, match=r"shop\.people: "):
            HttpService.from_map(found, {"T": "t"})


def test_a_parameter_that_holds_no_secret_may_stand_in_a_map() -> None:
    settings = {**WHOLE, "list": "GET /people?author=Ann1&keyword=A1&sort_key=created&token={email}"}
    own = {"token": "${T}", "header.Authorization": "Token ${T}", "header.Stripe-Version": "2024-06-20"}
    assert list(http_flaws(people_map("https://x.example", own, settings))) == []


PLAIN = [
    {"list": "GET /people?sort_key=createdAt&page_token=1&e={email}"},
    {"list_body": '{"key_type": "UUID", "primaryKey": "customerId", "keys": ["email", "userId"]}'},
    {"header.X-Signature-Version": "1", "header.X-Auth-Type": "apikey", "header.X-Monkey": "Turkey 2024-1"},
    {"header.Authorization": "Zoho-oauthtoken ${T}"},
]
SECRETS = [
    {"list": "GET /people?api_key=hunter_two_secret&e={email}"},
    {"list_body": '{"auth": {"value": "sk_live_ABC123"}}'},
    {"list_body": '{"token": "sk_live_ABC123{email|quoted}"}'},
    {"header.X-Api-Key": "sk_live_ABC ${T}"},
    {"auth": "jwt", "algorithm": "HS256", "key": "${T}", "issuer": "a", "audience": "b", "claim.api_key": "hunter"},
]


@pytest.mark.parametrize(("told", "flaws"), [*((one, 0) for one in PLAIN), *((one, 1) for one in SECRETS)])
def test_a_secret_is_told_from_a_plain_word(told: Mapping[str, str], flaws: int) -> None:
    of_list = "list" in told or "list_body" in told
    own = ({} if "auth" in told else {"token": "${T}"}) | ({} if of_list else dict(told))
    found = list(http_flaws(people_map("https://x.example", own, {**WHOLE, **(told if of_list else {})})))
    assert ["a secret must not" in flaw.message for flaw in found] == [True] * flaws


@pytest.mark.parametrize("missing", ["done", "read"])
def test_an_erasure_that_could_not_be_judged_is_refused(missing: str) -> None:
    settings = {name: text for name, text in WHOLE.items() if name != missing}
    (flaw,) = http_flaws(people_map("https://x.example", {"token": "${T}"}, settings))
    assert f"setting '{missing}' is missing" in flaw.message


@pytest.mark.parametrize(
    ("own", "setting", "message"),
    [
        ({"auth": "magic"}, "auth", "must be one of bearer, basic, header, query, oauth2, hmac, jwt"),
        ({"auth": "basic", "user": "a:b", "password": "${P}"}, "user", "colon"),
        ({"auth": "oauth2", "token_url": "https://x.example"}, None, "'client_id' is missing"),
        (
            {"auth": "hmac", "secret": "${S}", "sign_header": "X", "sign_text": "{all}"},
            "sign_text",
            "may hold {method}",
        ),
        ({"base_url": "http://x.example", "private": "", "token": "${T}"}, "private", "is empty"),
        ({"base_url": "ftp://x.example", "token": "${T}"}, "base_url", "https://"),
        ({"base_url": "https://me:sk_live@x.example", "token": "${T}"}, "base_url", "name or password"),
        ({"base_url": "https://x.example/?a=b", "token": "${T}"}, "base_url", "question"),
        ({"token": "sk_live_abcdef"}, "token", "must not stand in a map"),
        ({"token": "sk_live_abcdef${X}"}, "token", "must not stand in a map"),
        ({"auth": "basic", "user": "u", "password": "sk_live_abcdef"}, "password", "must not stand in a map"),
        ({"token": "${T}", "header.Authorization": "Bearer sk_live_a"}, "header.Authorization", "must not stand in a"),
        ({"token": "${T}", "header.X-Api-Key": "sk_live_a"}, "header.X-Api-Key", "must not stand in a map"),
        ({"token": "${T}", "header.Cookie": "sid=sk_live_a"}, "header.Cookie", "must not stand in a map"),
        ({"token": "${T}", "rate": "fast"}, "rate", "25/s"),
        ({"token": "${T}", "private": "localhost"}, "private", "10.0.0.0/8"),
        ({"token": "${T}", "bodies": "xml"}, "bodies", "json, form"),
        ({"token": "${T}", "ok": "fine"}, "ok", "must be like"),
    ],
)
def test_a_wrong_setting_of_the_connector_is_named(own: dict[str, str], setting: str | None, message: str) -> None:
    (flaw,) = registry.flaws(people_map("https://x.example", own, PEOPLE))
    assert flaw.where == ("connector", "settings", *([setting] if setting else []))
    assert message in flaw.message
    assert "sk_live" not in flaw.message


OAUTH = {"auth": "oauth2", "client_id": "${I}", "client_secret": "${S}"}


@pytest.mark.parametrize(
    ("url", "own", "setting"),
    [
        ("http://x.example", {"token": "${T}"}, "base_url"),
        ("HTTP://x.example", {"token": "${T}"}, "base_url"),
        ("https://x.example", OAUTH | {"token_url": "http://login.example/token"}, "token_url"),
        ("https://x.example", OAUTH | {"token_url": "HTTP://login.example/token"}, "token_url"),
    ],
)
def test_a_secret_never_goes_over_an_open_line_to_the_internet(url: str, own: dict[str, str], setting: str) -> None:
    found = people_map(url, own, PEOPLE)
    assert list(http_flaws(found)) == []  # its private network is named
    settings = {name: text for name, text in found.connector.settings.items() if name != "private"}
    connector = found.connector.model_copy(update={"settings": settings})
    (flaw,) = http_flaws(found.model_copy(update={"connector": connector}))
    assert flaw.where == ("connector", "settings", setting)
    assert f"'{setting}' must begin with https://" in flaw.message


def test_references_are_no_flaws_before_they_are_known() -> None:
    own = {"base_url": "${URL}", "timeout": "${SECONDS}", "private": "${NETWORK}", "token": "${file:/run/secret}"}
    assert list(http_flaws(people_map("x", own, WHOLE))) == []


def test_a_wrong_setting_is_told_with_its_file_and_line(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ROOT / "controllers/pixplus", tmp_path / "pixplus"))
    file = folder / "systems/runninghub.yaml"
    text = file.read_text("utf-8").replace("poll: /deletions/{job}", "poll: /deletions")
    file.write_text(text.replace("${PIXPLUS_RUNNINGHUB_TOKEN}", "abc123"), "utf-8")
    lines = text.splitlines()
    poll, token = (next(n for n, line in enumerate(lines, 1) if word in line) for word in ("poll: /del", "token:"))
    with pytest.raises(MapError) as refused:
        load(folder, registry.flaws)
    told = [str(problem) for problem in refused.value.problems]
    assert told[0].startswith(f"pixplus/systems/runninghub.yaml:{token}: connector.settings.token: a secret must not")
    assert told[1].startswith(
        f"pixplus/systems/runninghub.yaml:{poll}: collections.tasks.settings.poll: setting 'poll'"
    )
    assert len(told) == 2
    assert "abc123" not in str(refused.value)


def test_a_secret_is_read_from_a_file_that_not_everybody_may_read(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("s3cret\n", "utf-8")
    file.chmod(0o640)
    assert resolve(f"Key ${{file:{file}}}", {}) == "Key s3cret"
    file.chmod(0o644)
    with pytest.raises(ValueError, match="by everybody") as refused:
        resolve(f"${{file:{file}}}", {})
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("content", [None, "", "  \n"])
def test_a_file_without_a_secret_is_refused(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.touch(mode=0o600)
        file.write_text(content, "utf-8")
    with pytest.raises(ValueError, match="token"):
        resolve(f"${{file:{file}}}", {})

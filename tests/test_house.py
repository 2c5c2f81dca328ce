"""The rules of the house that no linter knows. Each test lists the places that break its rule."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.template import engines

from dsr.package import pages
from tests.tree import CODE, ROOT, at, dotted, imported, naming, nodes, sources, texts

MOST_LINES_OF_A_MODULE = 300
MOST_LINES_OF_A_FUNCTION = 40
UNUSED_WORDS = {"util", "helper", "manager", "common", "core", "misc", "data", "info", "handle", "process"}
UNUSED_WORDS |= {f"{word}s" for word in UNUSED_WORDS}

HANDLES = ("dsr/management", "accounts/management", "dsr/models/plan.py")


def inside(path: Path, *places: str) -> bool:
    """Whether the file is one of these files, or lies in one of these folders."""
    return any((ROOT / place) in (path, *path.parents) for place in places)


def test_no_module_hides_two_rooms() -> None:
    lengths = {at(path): len(path.read_text("utf-8").splitlines()) for path in sources(*CODE)}
    assert {place: n for place, n in lengths.items() if n > MOST_LINES_OF_A_MODULE} == {}


def test_no_function_tells_two_stories() -> None:
    lengths = {
        f"{at(path, node)} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in sources(*CODE)
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {place: n for place, n in lengths.items() if n > MOST_LINES_OF_A_FUNCTION} == {}


def test_no_module_is_named_by_a_word_that_says_nothing() -> None:
    names = [at(path) for path in sources(*CODE) if UNUSED_WORDS & set(path.stem.split("_"))]
    assert names == []


def test_no_function_is_named_by_a_word_that_says_nothing() -> None:
    names = [
        f"{at(path, node)} {node.name}"
        for path in sources(*CODE)
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name in UNUSED_WORDS
        # The entry point of a command is named by Django; an item's handle is the thing a system gave us.
        and not (node.name == "handle" and inside(path, *HANDLES))
    ]
    assert names == []


def test_a_request_is_called_by_its_whole_name() -> None:
    # In egress and connectors a request is what goes out, and below the faces nothing else may be one.
    rooms = ("law", "record", "sealing", "datamap", "package", "models", "steps")
    arguments = [
        at(path, node)
        for path in sources(*(f"dsr/{room}" for room in rooms))
        for node in nodes(path)
        if isinstance(node, ast.arg) and node.arg == "request"
    ]
    assert arguments == []


READS_THE_CLOCK = re.compile(r"(^|\.)(timezone\.(now|localdate|localtime)|datetime\.now|date\.today|time\.time)$")


def test_only_faces_tasks_and_commands_read_the_clock() -> None:
    allowed = (
        *("dsr/portal", "dsr/desk", "dsr/api", "dsr/management", "dsr/tasks.py"),
        # A server may say until when to wait (Retry-After): its clock is by default the machine's.
        "dsr/egress/client.py",
        # A call that is signed says when it was, so that nobody can send it again later.
        "dsr/connectors/http/auth.py",
    )
    reads = [
        at(path, node)
        for path in sources("dsr")
        if not inside(path, *allowed)
        for node in nodes(path)
        # auto_now and auto_now_add read it out of sight.
        if READS_THE_CLOCK.search(dotted(node))
        or (isinstance(node, ast.keyword) and node.arg in {"auto_now", "auto_now_add"})
    ]
    assert reads == []


def test_only_the_wiring_knows_the_queue() -> None:
    wiring = ("dsr/tasks.py", "dsr/celery.py", "dsr/ringing.py", "dsr/apps.py")
    calls = [
        at(path, node)
        for path in sources("dsr", "accounts", "controllers")
        if not inside(path, *wiring)
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr in {"delay", "apply_async", "send_task"}
    ]
    assert calls == []


def test_no_connection_trusts_a_certificate_unseen() -> None:
    blind = [
        at(path, node)
        for path in naming(("verify", "CERT_NONE", "_create_unverified_context"), *CODE, "tests")
        for node in nodes(path)
        if (isinstance(node, ast.keyword) and node.arg == "verify" and getattr(node.value, "value", 1) is False)
        or (isinstance(node, ast.Attribute) and node.attr in {"CERT_NONE", "_create_unverified_context"})
    ]
    assert blind == []


def test_only_the_installer_and_the_recount_speak_sql_to_our_tables() -> None:
    in_order = "dsr/models/plan.py"  # a setting of the planner's, for one transaction
    raw = {"cursor", "raw", "extra", "RawSQL", "RunSQL"}
    statements = [
        at(path, node)
        for path in sources("dsr", "accounts")
        if not inside(path, "dsr/models/installer.py", "dsr/models/recount.py", in_order, "dsr/connectors")
        for node in nodes(path)
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in raw
    ]
    assert statements == []


def test_what_opens_packages_by_our_own_keys_is_called_by_workers_commands_and_the_handover_alone() -> None:
    """The ring is asked for where a package is sealed, rewrapped, copied for the demo, or handed over at the desk."""
    rings = {f"dsr/steps/answering/{name}.py" for name in ("packaging", "grants", "delivery")}
    calls = {
        (dotted(node.func), path.relative_to(ROOT).as_posix())
        for path in sources("dsr", "accounts")
        for node in nodes(path)
        if isinstance(node, ast.Call)
    }
    assert {place for name, place in calls if name == "package.ring"} == rings | {"dsr/management/demo.py"}
    assert {place for name, place in calls if name == "delivery.opened"} == {"dsr/steps/answering/handover.py"}
    assert {place for name, place in calls if name == "grants.rewrap_next"} == {"dsr/steps/sweeping.py"}
    assert {place for name, place in calls if name == "resealing.reseal"} == {"dsr/management/commands/reseal.py"}


def test_no_moment_is_without_its_zone() -> None:
    """Beside ruff's rules DTZ, of which nobody opts out: a way to make one that they let pass is named here."""
    naive = {"utcnow", "utcfromtimestamp", "make_naive"}
    made = [
        at(path, node)
        for path in sources("dsr", "accounts", "controllers")
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr in naive
    ]
    opted_out = [at(path) for path in sources(*CODE) if "noqa: DTZ" in path.read_text("utf-8")]
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]["lint"]
    lists = (rules["ignore"], *rules["per-file-ignores"].values())
    assert (made, opted_out, [rule for one in lists for rule in one if rule.startswith("DTZ")]) == ([], [], [])


def test_one_turn_of_a_worker_is_the_only_place_that_catches_all() -> None:
    """Beside ruff's rule BLE001: one place alone opts out of it."""
    opted_out = [at(path) for path in sources("dsr", "accounts", "controllers") if "BLE001" in path.read_text("utf-8")]
    assert opted_out == ["dsr/steps/work.py"]


def test_no_page_is_typeset_without_a_fetcher_that_refuses() -> None:
    calls = [
        (at(path), {word.arg for word in node.keywords})
        for path in sources("dsr", "accounts", "controllers")
        for node in nodes(path)
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in {"HTML", "CSS"}
    ]
    assert [place for place, words in calls if "url_fetcher" not in words] == []
    assert calls


def test_text_is_called_safe_in_three_places_only() -> None:
    marks = {"SafeString", "SafeText", "mark_safe", "SafeData"}
    places = {
        at(path)
        for path in sources("dsr", "accounts", "controllers")
        for node in nodes(path)
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in marks
    }
    assert places <= {"dsr/package/markup.py", "dsr/package/usage.py", "dsr/desk/enrolling.py"}


def test_who_lets_a_rule_of_security_pass_says_why() -> None:
    # After the rule stands a reason; where the same line is let pass several times in a row, it stands at the first.
    silent = [
        f"{at(path)}:{number}"
        for path in sources("dsr", "accounts", "controllers")
        if not inside(path, "dsr/models/recount.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(r"# (noqa: S[0-9]+|nosec)[, A-Z0-9]*$", line)
    ]
    assert silent == []


def test_nothing_is_pickled() -> None:
    assert [at(path) for path in sources("dsr", "accounts") if "pickle" in path.read_text("utf-8")] == []


def test_nothing_is_promised_for_later() -> None:
    stubs = [
        at(path, node)
        for path in sources(*CODE)
        for node in nodes(path)
        if isinstance(node, ast.Raise)
        and dotted(node.exc.func if isinstance(node.exc, ast.Call) else node.exc or node) == "NotImplementedError"
    ]
    assert stubs == []


def test_the_pure_rooms_stand_without_a_framework() -> None:
    rooms = ("law", "sealing", "record", "datamap", "egress", "connectors")
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sources(*(f"dsr/{room}" for room in rooms))
        if path.stem != "contract_kit"  # tests, for pytest to collect
    ]
    frameworks = "{'django', 'celery', 'rest_framework'}"
    script = f"import sys, {', '.join(modules)}; print(*{frameworks} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_the_package_takes_from_django_what_writes_pages_only() -> None:
    allowed = ("django.template", "django.utils.safestring", "django.utils.translation", "django.utils.formats")
    others = [
        f"{at(path, node)} {name}"
        for path in sources("dsr/package")
        for node, name in imported(path)
        if name.startswith("django")
        and not name.startswith(allowed)
        # `from django.utils import formats` names its parent too.
        and name not in {"django", "django.utils"}
    ]
    assert others == []


def test_no_test_is_left_out_waits_or_pretends() -> None:
    excuses = {"pytest.skip", "pytest.xfail", "pytest.importorskip", "pytest.mark.skip", "pytest.mark.skipif"}
    excuses |= {"pytest.mark.xfail", "time.sleep", "sleep"}
    found = [
        f"{at(path, node)} {dotted(node)}"
        for path in naming({name.rpartition(".")[2] for name in excuses}, "tests")
        for node in nodes(path)
        if dotted(node) in excuses
    ]
    found += [
        f"{at(path, node)} {name}"
        for path in naming(["unittest"], "tests")
        for node, name in imported(path)
        if name.startswith("unittest.mock")
    ]
    assert found == []


# Paths of somebody's machine and addresses of registries. Brackets keep this line from finding itself.
FOREIGN = re.compile(
    r"/w[o]rk/|/t[m]p/[a-z]|/r[o]ot/|/h[o]me/[a-z]|p[y]pi\.o|python[h]osted|npm[j]s\.|deb\.d[e]bian|sub[a]gent"
)


def test_the_project_speaks_of_itself_alone() -> None:
    foreign = [
        f"{at(path)}:{n} {line.strip()[:80]}"
        for path, text in texts()
        if path.suffix != ".lock"
        for n, line in enumerate(text.splitlines(), 1)
        if FOREIGN.search(line)
    ]
    assert foreign == []


def templates() -> list[str]:
    top = ROOT / "templates"
    return sorted(str(path.relative_to(top)) for path in top.rglob("*.*") if path.is_file())


@pytest.mark.parametrize("name", templates())
def test_every_template_compiles(name: str) -> None:
    room, _, file = name.partition("/")
    assert pages.ENGINE.get_template(file) if room == "package" else engines["django"].get_template(name)


ROW = re.compile(r"\b[JPM][1-9][0-9]?\b")


def test_every_row_that_a_test_cites_is_promised() -> None:
    promised = set(re.findall(r"^\| ([JPM][0-9]+) \|", (ROOT / "docs/rows.md").read_text("utf-8"), re.MULTILINE))
    cited = {
        f"{at(path)} {row}"
        for path in sources("tests", *CODE)
        for row in ROW.findall(path.read_text("utf-8"))
        if row not in promised
    }
    assert cited == set()

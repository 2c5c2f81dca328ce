"""What the portal is made of: pinned by hash, new enough, under licences we may pass on, and listed for others."""

import json
import re
import subprocess
import tomllib
from importlib.metadata import Distribution, distribution
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.tree import CODE, ROOT, at, imported, naming

RUN, DEV = "requirements.lock", "requirements-dev.lock"
ENTRY = re.compile(r"^([a-z0-9][^ ]*==.*?) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)


def locked(name: str) -> list[Requirement]:
    """Every entry of a lock."""
    return [Requirement(entry) for entry, _ in ENTRY.findall((ROOT / name).read_text("utf-8"))]


def here(name: str) -> list[Requirement]:
    """Those that are for this machine."""
    return [each for each in locked(name) if each.marker is None or each.marker.evaluate()]


@pytest.mark.parametrize("name", [RUN, DEV])
def test_every_line_of_a_lock_is_a_version_with_its_hashes_and_names_no_place(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert len(locked(name)) > 50
    assert ENTRY.sub("", text).strip() == ""


# Below these, something that protects people is missing.
LEAST = {
    "cryptography": "44.0.1",  # CVE-2024-12797: an X.509 check of the OpenSSL within
    "django": "5.2.2",  # CVE-2025-48432: what is logged is escaped
    "jinja2": "3.1.6",  # CVE-2025-27516; for tests alone
    "kombu": "5.7.0",  # takes up its line to the broker again; the facts of docs/decisions/0002 hold for it
    "psycopg": "3.2.10",  # cancels its query when the process is told to end
    "urllib3": "2.6",  # CVE-2025-66418, CVE-2025-66471: an answer that unpacks without end
    "weasyprint": "70.0",  # CVE-2025-68616, CVE-2026-49452, CVE-2026-55073: what its fetcher lets through
}
# Without a maintainer, or with a flaw that concerns us.
NEVER = {"django-cryptography", "django-encrypted-model-fields", "django-ratelimit", "pycose", "pymerkle", "pyzipper"}


def test_no_package_is_older_than_what_protects_people() -> None:
    versions = {each.name: Version(str(each.specifier).removeprefix("==")) for each in here(DEV)}
    assert {name: str(versions[name]) for name, least in LEAST.items() if versions[name] < Version(least)} == {}


def test_the_ranges_of_the_project_let_nothing_older_in() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    ranges = {each.name: each.specifier for each in map(Requirement, project["dependencies"])}
    assert {name for name in LEAST.keys() & ranges.keys() if ranges[name].contains(_before(LEAST[name]))} == set()


def _before(version: str) -> str:
    """The newest release that would be too old, as far as a range can tell."""
    *head, last = Version(version).release
    return ".".join(map(str, (*head, last - 1, 999) if last else (*head[:-1], head[-1] - 1, 999)))


def test_what_nobody_looks_after_is_not_among_them() -> None:
    assert NEVER & {each.name for each in locked(DEV)} == set()


# As packages name them: SPDX, or the words of before it.
FREE = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python", "ISC", "MIT", "MIT-0", "MIT-CMU"),
    *("PSF-2.0", "Unlicense", "Zlib", "BSD", "BSD License", "MIT License", "Apache Software License", "Public Domain"),
    *("ISC License (ISCL)", "Python Software Foundation License", "BSD 3-Clause"),
}
# Used as they are, unchanged and replaceable: what they ask for then is kept.
UNCHANGED = {"LGPL-3.0-only", "MPL-2.0", "Mozilla Public License 2.0 (MPL 2.0)"}
LICENCES = {  # what a package does not say by itself, or offers to choose from
    "axe-playwright-python": "MIT",
    "pgserver": "Apache-2.0",
    "pyphen": "MPL-2.0",  # MPL 1.1, LGPL 2.1+ or GPL 2+: dictionaries and code, unchanged
    "pyrage": "MIT",
    "text-unidecode": "Artistic License",  # or GPL: the first; for tests alone
}
FOR_TESTS = {"Artistic License"}


def licences(package: Distribution) -> set[str]:
    """Every licence that a package names, for we keep all of them unless it offers a choice."""
    told = package.metadata.json
    said = LICENCES.get(str(told["name"]).lower()) or str(told.get("license_expression", ""))
    if not said:
        trove = [name for name in told.get("classifier", []) if name.startswith("License ::")]
        own = {name.rpartition(" :: ")[2] for name in trove} - {"OSI Approved"}
        if own:
            return own
        said = str(told.get("license", "none"))
    return set(re.split(r" AND | OR ", said))


@pytest.mark.parametrize(("name", "allowed"), [(RUN, FREE | UNCHANGED), (DEV, FREE | UNCHANGED | FOR_TESTS)])
def test_every_package_is_under_a_licence_that_we_may_pass_on(name: str, allowed: set[str]) -> None:
    named = {each.name: licences(distribution(each.name)) for each in here(name)}
    assert {package: own for package, own in named.items() if not own <= allowed} == {}


def test_the_bill_of_materials_says_what_the_lock_says_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    subprocess.run([ROOT / "tools/sbom.sh", tmp_path / "sbom.json"], check=True, capture_output=True)
    bill = json.loads((tmp_path / "sbom.json").read_text("utf-8"))
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "rightful")
    pinned = {(each.name, str(each.specifier).removeprefix("==")) for each in locked(RUN)}
    assert {(each["name"], each["version"]) for each in bill["components"]} == pinned
    digests = [one for each in bill["components"] for place in each["externalReferences"] for one in place["hashes"]]
    assert len(digests) == (ROOT / RUN).read_text("utf-8").count("--hash=sha256:")
    assert {"serialNumber", "timestamp"} & {*bill, *bill["metadata"]} == set()


READS_XML = ("xml", "lxml", "defusedxml", "html5lib", "bs4")


def test_no_code_of_ours_reads_xml() -> None:
    every = [(at(path), name) for path in naming(READS_XML, *CODE) for _, name in imported(path)]
    reads = [f"{place} {name}" for place, name in every if name in READS_XML or name.startswith("xml.")]
    assert reads == []


LAUGHS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))


@pytest.mark.parametrize("bomb", [f'<!ENTITY e0 "{"ha" * 500}">{LAUGHS}', '<!ENTITY e8 SYSTEM "file:///etc/hostname">'])
def test_what_reads_the_answers_of_an_object_store_expands_no_bomb_and_opens_no_file(bomb: str) -> None:
    """Botocore reads them by this parser; expat refuses both since 2.4.1."""
    with pytest.raises(ET.ParseError, match=r"amplification|undefined entity"):
        ET.fromstring(f"<!DOCTYPE x [{bomb}]><x>&e8;</x>")  # noqa: S314  what is tested

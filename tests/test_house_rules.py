"""The rules that keep the tree readable, checked on the files themselves."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("config", "schemas", "store", "harvester", "indexer", "search_api", "lampway")
FILES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))

HOMES = {
    "sickle": r"harvester/protocols/oai_\w+\.py",
    "tantivy": r"indexer/engines/embedded\w*\.py",
    "elasticsearch": r"indexer/engines/elasticsearch\w*\.py",
    "sqlalchemy": r"store/.*\.py",
    "alembic": r"store/(migrating|migrations/.*)\.py",
    "psycopg": r"store/postgresql\.py",
    "opening_hours": r"schemas/hours\w*\.py",
    "cql": r"search_api/cql\w*\.py",
    "cryptography": r"store/secrets\.py",
    "apscheduler": r"(harvester/schedule|lampway/worker)\.py",
    # Outside addresses are asked by the guarded client only; place service and log-in provider are the operator's own.
    "requests": r"(harvester/(fetching|sender|credentials|addresses)"
    r"|search_api/(geocoder|accounts/provider_client))\.py",
    "urllib3": r"harvester/(fetching|addresses)\.py",
    "httpx": r"nowhere",
    "aiohttp": r"nowhere",
    "smtplib": r"search_api/accounts/mail\.py",
    "dns": r"harvester/proofs\.py",
    "argon2": r"search_api/accounts/passwords\.py",
    "pyotp": r"search_api/accounts/codes\.py",
    "joserfc": r"search_api/accounts/provider\.py",
    "webauthn": r"search_api/accounts/passkeys\.py",
    "fastapi": r"search_api/(app|accounts/guard|dependencies|errors|json_response|routes/.*|web/.*)\.py",
    "openpyxl": r"harvester/protocols/csv_workbook\.py",
    "confusable_homoglyphs": r"schemas/names\.py",
    "anyascii": r"indexer/merging/sounds\.py",
    "opencc": r"indexer/analysis\w*\.py",
    "pypinyin": r"indexer/analysis_romanised\.py",
    "geopy": r"(schemas/geo|search_api/geocoder)\.py",
    "tldextract": r"schemas/domains\.py",
    "typer": r"lampway/.*\.py",
}


def imported(file: Path) -> set[str]:
    """Top-level names of the modules a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def test_one_library_has_one_home() -> None:
    strays = [
        f"{path} imports {library}"
        for file in FILES
        for path in [file.relative_to(ROOT).as_posix()]
        for library in imported(file) & HOMES.keys()
        if not re.fullmatch(HOMES[library], path)
    ]
    assert strays == []


def test_outside_addresses_are_asked_by_the_guarded_client_only() -> None:
    opened = re.compile(
        r"urllib\.request|urlopen|http\.client|HTTPConnection\(|create_connection\(|requests\.(get|post|request)\("
    )
    allowed = {"harvester/addresses.py"}
    strays = [file.relative_to(ROOT).as_posix() for file in FILES if opened.search(file.read_text("utf-8"))]
    assert set(strays) <= allowed


def test_nobody_is_sent_where_a_request_says() -> None:
    given = re.compile(r"form\[|query_params|headers\.get|referer", re.IGNORECASE)
    sent = re.compile(r"(?:Redirect|see_)(?:Response|other)\(|\"Location\":|SeeOther\(")
    raw = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for file in FILES
        for line in file.read_text("utf-8").splitlines()
        if sent.search(line) and given.search(line) and "safe_next(" not in line
    ]
    assert raw == []


def test_files_are_short() -> None:
    lengths = {file.relative_to(ROOT).as_posix(): len(file.read_text("utf-8").splitlines()) for file in FILES}
    code = {name: n for name, n in lengths.items() if n > 3 and "migrations/versions" not in name}
    assert {name: n for name, n in code.items() if n > 450} == {}
    assert statistics.median(code.values()) <= 120


@pytest.mark.parametrize("name", ["harvester/harvest.py", "indexer/build.py", "search_api/search.py"])
def test_the_stages_read_as_prose(name: str) -> None:
    assert len((ROOT / name).read_text("utf-8").splitlines()) <= 150


def test_only_the_settings_read_the_environment() -> None:
    readers = [
        file.relative_to(ROOT).as_posix()
        for file in FILES
        if re.search(r"os\.(environ|getenv)", file.read_text("utf-8"))
    ]
    assert readers in ([], ["config/settings.py"])


def test_every_package_is_declared() -> None:
    declared = set(
        re.findall(r'"([\w.]+)"', re.search(r"packages = \[(.*?)\n\]", (ROOT / "pyproject.toml").read_text(), re.S)[1])
    )
    present = {
        file.parent.relative_to(ROOT).as_posix().replace("/", ".") for file in FILES if file.name == "__init__.py"
    }
    assert declared == present


def test_lock_file_names_no_host() -> None:
    text = (ROOT / "constraints.txt").read_text()
    assert not re.search(r"https?://|@ |--index", text)
    assert all(re.fullmatch(r"[A-Za-z0-9_.\-\[\]]+==[^\s;]+", line) for line in text.splitlines() if line)


def test_every_setting_is_documented() -> None:
    from config.settings import Settings

    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert [name for name in Settings.model_fields if f"`LAMPWAY_{name.upper()}`" not in page] == []


def test_the_tree_is_clean_of_build_products() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    assert [name for name in tracked if re.search(r"__pycache__|\.pyc$|\.egg-info|^var/", name)] == []

"""What operators are given: commands of docs/operations.md that work as they stand there, a sound compose file."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import ComposeSpecification, Service

from config.settings import Settings, load_settings
from lampway.cli import COMMANDS
from schemas.catalogue import RawRecord, Source
from store import harvest_runs, raw_records, secrets, sources
from store.database import Database, open_database

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")


def commands(name: str) -> str:
    """The block of commands of the page that begins with the comment ``# name``."""
    [block] = re.findall(rf"```bash\n# {name}\n(.*?)```", PAGE, re.DOTALL)
    return block  # type: ignore[no-any-return]


def run(script: str, folder: Path, **environment: str) -> None:
    """Run commands as they stand in the page."""
    servers = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    path = os.pathsep.join([*(str(server) for server in servers[-1:]), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def fill(database: Database, count: int) -> None:
    """Some records, more with each call."""
    with database.begin() as connection:
        number = sources.add(connection, Source(id="s", protocol="oai", location="x", format="x", institution=""))
        run_ = harvest_runs.start(connection, number)
        rows = [RawRecord(source="s", record=str(n), payload=b"\0\xff" * n) for n in range(count)]
        raw_records.store_page(connection, number, run_, rows)


def kept(database: Database) -> list[tuple[str, bytes]]:
    """All that is in there."""
    with database.connect() as connection:
        return [(raw.record, raw.payload) for page in raw_records.iterate(connection, 1, "s") for _, raw in page]


def test_an_sqlite_store_is_backed_up_while_it_is_written_and_restored(tmp_path: Path) -> None:
    if not shutil.which("sqlite3"):
        pytest.skip("no sqlite3 on the PATH")
    settings = load_settings(home=tmp_path / "var", _env_file=None)
    database = open_database(settings.database)
    fill(database, 50)
    with database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM notes")  # a writer is at work; what it has not committed is not in it
        run(commands("back up SQLite"), tmp_path)
    fill(database, 80)
    database.close()
    run(commands("restore SQLite"), tmp_path)
    restored = open_database(settings.database)
    assert len(kept(restored)) == 50
    restored.close()


@pytest.fixture
def two_databases(postgresql: Any) -> Iterator[tuple[str, str]]:
    """Addresses of a database and of an empty new one."""
    addresses = postgresql.database(), postgresql.address(postgresql.create("TEMPLATE template0"))
    yield addresses
    for address in addresses:
        postgresql.drop(address)


def test_a_postgresql_store_is_backed_up_and_restored(two_databases: tuple[str, str], tmp_path: Path) -> None:
    if not shutil.which("pg_dump"):
        pytest.skip("no pg_dump on the PATH")
    old, new = two_databases
    database = open_database(old)
    fill(database, 50)
    run(commands("back up PostgreSQL"), tmp_path, LAMPWAY_DATABASE_URL=old)
    restored_from = kept(database)
    fill(database, 80)
    database.close()
    run(commands("restore PostgreSQL"), tmp_path, NEW_DATABASE_URL=new)
    restored = open_database(new)
    assert kept(restored) == restored_from
    fill(restored, 90)  # numbers go on where they were
    assert len(kept(restored)) == 90
    restored.close()


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """compose.yaml, with its anchors resolved."""
    return yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))  # type: ignore[no-any-return]


def test_the_compose_file_is_valid_and_has_no_unknown_words(compose: dict[str, Any]) -> None:
    specification = ComposeSpecification.model_validate(compose)
    assert set(specification.services or {}) == {"api", "worker", "postgresql", "elasticsearch"}
    known = {field.alias or name for name, field in Service.model_fields.items()}
    for service in compose["services"].values():
        assert set(service) <= known
        assert set(service["networks"]) <= set(compose["networks"])
        assert {volume.partition(":")[0] for volume in service.get("volumes", ())} <= set(compose["volumes"])
        assert service["healthcheck"]["test"][0] == "CMD"


def test_only_the_api_is_reachable_and_it_runs_twice(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["api"]
    assert all(port.startswith("127.0.0.1:") for port in services["api"]["ports"])
    assert services["api"]["deploy"]["replicas"] == 2
    assert compose["networks"]["inside"]["internal"] is True
    assert services["postgresql"]["networks"] == services["elasticsearch"]["networks"] == ["inside"]
    for service in (services["api"], services["worker"]):
        assert service["cap_drop"] == ["ALL"]
        assert set(service["depends_on"]) == {"postgresql", "elasticsearch"}


def test_all_processes_of_compose_have_one_key_and_one_folder_of_uploads(compose: dict[str, Any]) -> None:
    home = re.search(r"LAMPWAY_HOME=(\S+)", (ROOT / "Dockerfile").read_text("utf-8"))[1]  # type: ignore[index]
    for service in (compose["services"]["api"], compose["services"]["worker"]):
        assert service["secrets"] == [{"source": "key", "target": f"{home}/{secrets.KEY_FILE}"}]
        assert f"uploads:{home}/uploads" in service["volumes"]
    assert compose["secrets"]["key"]["file"] == f"./{secrets.KEY_FILE}"
    assert secrets.KEY_FILE in (ROOT / ".gitignore").read_text("utf-8").split()


def test_the_key_that_the_page_makes_seals(tmp_path: Path) -> None:
    [line] = re.findall(r"^(openssl .+?) && sudo", PAGE, re.MULTILINE)
    run(line, tmp_path)
    made = (tmp_path / secrets.KEY_FILE).read_bytes()
    assert secrets.unseal(tmp_path, secrets.seal(tmp_path, "s3cret")) == "s3cret"
    assert (tmp_path / secrets.KEY_FILE).read_bytes() == made


def test_what_compose_sets_are_settings_and_no_secret_stands_in_it(compose: dict[str, Any]) -> None:
    names = {name for name in compose["services"]["api"]["environment"] if name.startswith("LAMPWAY_")}
    example = (ROOT / ".env.example").read_text("utf-8")
    names |= set(re.findall(r"^(LAMPWAY_\w+)=", example, re.MULTILINE))
    assert names <= {f"LAMPWAY_{name.upper()}" for name in Settings.model_fields}
    text = (ROOT / "compose.yaml").read_text("utf-8")
    for name in set(re.findall(r"\$\{(\w+)", text)):
        assert re.search(rf"^{name}=", example, re.MULTILINE), name
    assert re.search(r"^POSTGRES_PASSWORD=$", example, re.MULTILINE)


def test_the_image_has_all_that_the_package_has() -> None:
    recipe = (ROOT / "Dockerfile").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = {name.partition(".")[0] for name in project["tool"]["setuptools"]["packages"]}
    copied = set(re.findall(r"^COPY (\w+) \1$", recipe, re.MULTILINE))
    assert copied == packages
    allowed = set(re.findall(r"^!([\w.]+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE))
    files = set(re.search(r"^COPY (.+) \./$", recipe, re.MULTILINE)[1].split())  # type: ignore[index]
    assert copied | files == allowed
    assert all((ROOT / name).exists() for name in allowed)
    assert re.search(r"^USER lampway$", recipe, re.MULTILINE)


@pytest.mark.parametrize("name", ["lampway", "lampway-worker"])
def test_the_units_of_systemd_are_valid_and_what_they_start_exists(name: str, tmp_path: Path) -> None:
    text = (ROOT / "config" / "systemd" / f"{name}.service").read_text("utf-8")
    command = re.search(r"^ExecStart=/opt/lampway/bin/lampway (\w+)", text, re.MULTILINE)[1]  # type: ignore[index]
    assert command in COMMANDS
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / f"{name}.service"
    unit.write_text(text.replace("/opt/lampway/bin/lampway", sys.executable).replace("User=lampway\n", ""))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")

"""Fixtures shared by all tests.

Strategy: the smallest real thing that serves. A store is a SQLite file in tmp_path, an engine a real index, a server a
real server on a free loopback port; doubles only for what cannot run here. Real catalogues come from the folder that
LAMPWAY_TEST_DATA names; without it those tests say that they were skipped, and why.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec
import pytest

from config.settings import Settings, load_settings
from schemas.catalogue import CatalogueRecord, RawRecord, Source
from schemas.institution import Institution
from schemas.work import Edition, Work
from store import harvest_runs, institutions, raw_records, records, sources, tables, works
from store.database import Database, open_database
from store.harvest_runs import RunReport

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_LONG = ("flow", "worker")
"""Folders whose tests wait for processes and servers: they begin first, beside all others."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long ones first, so that at the end of a run in several processes none waits for the other."""
    items.sort(key=lambda item: item.path.parent.name not in _LONG)


BROWSER_ARGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the developer's own shell reaches a test."""
    for name in list(os.environ):
        if name.startswith("LAMPWAY_") and not name.startswith("LAMPWAY_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def data() -> Path:
    """Folder of the real catalogues."""
    folder = os.environ.get("LAMPWAY_TEST_DATA", "")
    if not folder:
        pytest.skip("LAMPWAY_TEST_DATA names no folder with the real catalogues")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"LAMPWAY_TEST_DATA={folder} is not a folder")
    return path


def without(part: str, why: object) -> NoReturn:
    """Skip, or fail where LAMPWAY_TEST_REQUIRE names the part."""
    if part in os.environ.get("LAMPWAY_TEST_REQUIRE", "").split(","):
        pytest.fail(f"{part}: {why}")
    pytest.skip(f"{part}: {why}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium. A module's, not the session's: its event loop must not run beside that of other tests."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        without("browser", "no chromium, chromium-browser or google-chrome on the PATH")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=list(BROWSER_ARGS))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def elasticsearch_nodes() -> ModuleType:
    """The module servers/elasticsearch.py, where a node can run on this machine."""
    name = "lampway_tests_elasticsearch"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / "servers" / "elasticsearch.py")
        assert spec
        assert spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    module = sys.modules[name]
    try:
        module.java()
        module.jars()
    except module.NotHereError as error:
        without("elasticsearch", error)
    return module


@pytest.fixture(scope="session")
def elasticsearch_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Elasticsearch: the one that LAMPWAY_TEST_ELASTICSEARCH_URL names, or a node of our own."""
    given = os.environ.get("LAMPWAY_TEST_ELASTICSEARCH_URL", "")
    if given:
        yield given
        return
    nodes: Any = request.getfixturevalue("elasticsearch_nodes")
    node = nodes.Node(tmp_path_factory.mktemp("elasticsearch") / "node")
    try:
        yield node.start().wait().url
    finally:
        node.kill()


@pytest.fixture(scope="session")
def elasticsearch_cluster(elasticsearch_nodes: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Three nodes of our own, to be killed and started again; whoever kills one starts it again."""
    cluster = elasticsearch_nodes.start_cluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def engine_settings(request: pytest.FixtureRequest) -> Iterator[Callable[..., Settings]]:
    """Settings for an engine by its name, each call with an index of its own: ``engine_settings(name, home)``."""
    made: list[Settings] = []

    def make(engine: str, home: Path, **more: object) -> Settings:
        if engine == "elasticsearch" and "elasticsearch_url" not in more:
            more["elasticsearch_url"] = request.getfixturevalue("elasticsearch_url")
        values = {"fetch_allow": "127.0.0.1 localhost ::1", "fetch_pause": 0, **more}
        prefix = f"test-{secrets.token_hex(5)}"
        made.append(load_settings(home=home, engine=engine, elasticsearch_prefix=prefix, _env_file=None, **values))
        return made[-1]

    yield make
    given = os.environ.get("LAMPWAY_TEST_ELASTICSEARCH_URL", "")
    for settings in made if given else ():  # a node of our own is gone with all it held
        if settings.engine == "elasticsearch":
            from elasticsearch import Elasticsearch

            with Elasticsearch(list(settings.elasticsearch_url), request_timeout=30) as client:
                names = list(client.indices.get(index=f"{settings.elasticsearch_prefix}-*", filter_path="*.aliases"))
                if names:
                    client.indices.delete(index=",".join(names))


@pytest.fixture(scope="session")
def oai() -> ModuleType:
    """The module tests/oai_server.py."""
    name = "lampway_tests_oai_server"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / "oai_server.py")
        assert spec
        assert spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture
def serve(oai: ModuleType) -> Iterator[Callable[..., Any]]:
    """Starts servers: ``serve(items, page=10, script=...)``; they end with the test."""
    servers: list[Any] = []

    def start(*args: Any, **options: Any) -> Any:
        servers.append(oai.Server(*args, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Any]:
    """A real PostgreSQL: the one that LAMPWAY_TEST_DATABASE_URL names, or a server of our own."""
    spec = importlib.util.spec_from_file_location(
        "lampway_tests_postgresql", Path(__file__).parent / "servers" / "postgresql.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        server = module.open_server()
    except ImportError as error:
        without("postgresql", f"{error}: pip install 'lampway[postgres]'")
    except module.NotHereError as error:
        without("postgresql", error)
    yield server
    server.stop()


@pytest.fixture
def postgresql_url(postgresql: Any) -> Iterator[str]:
    """Address of a database of this test alone: migrated and empty."""
    url = postgresql.database()
    yield url
    postgresql.drop(url)


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings with a home of their own; loopback may be fetched. LAMPWAY_TEST_STORE chooses the database."""
    own = os.environ.get("LAMPWAY_TEST_STORE", "sqlite") == "sqlite"
    url = "" if own else request.getfixturevalue("postgresql_url")
    allow = "127.0.0.1 localhost ::1"
    return load_settings(home=tmp_path / "home", database_url=url, fetch_allow=allow, fetch_pause=0, _env_file=None)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """An empty store."""
    opened = open_database(settings.database)
    yield opened
    opened.close()


@pytest.fixture
def stock(database: Database) -> Callable[..., None]:
    """Fills the store with works of one record each, as if harvested and merged: ``stock(institutions, records)``."""

    def fill(
        places: list[Institution], rows: list[CatalogueRecord], *, source: str = "shelf", seen: datetime | None = None
    ) -> None:
        with database.begin() as connection:
            institutions.upsert(connection, places)
            owner = places[0].id if places else ""
            number = sources.add(
                connection,
                Source(id=source, protocol="csv", location="x.csv", format="csv", institution=owner),
            )
            run = harvest_runs.start(connection, number)
            raw = [RawRecord(source=source, record=row.record, payload=msgspec.json.encode(row)) for row in rows]
            outcome = raw_records.store_page(connection, number, run, raw)
            ids = {stored.record: id_ for id_, stored in outcome.new}
            harvest_runs.finish(connection, run, RunReport(status="complete"))
            if seen is not None:
                for table, column in ((tables.raw_records, "changed_at"), (tables.harvest_runs, "started_at")):
                    text = seen.astimezone(UTC).isoformat(timespec="seconds")
                    connection.execute(table.update().where(table.c.source == number).values({column: text}))
            records.upsert(connection, number, [(ids[row.record], row) for row in rows])
            first = works.next_number(connection)
            made = [
                Work(
                    id=f"w{first + i}",
                    number=first + i,
                    editions=[Edition(id=f"e{first + i}", record_ids=[ids[row.record]])],
                    **{name: getattr(row, name) for name in Work.__struct_fields__ if hasattr(row, name)},
                )
                for i, row in enumerate(rows)
            ]
            works.add(connection, made)
            works.assign(
                connection, [(ids[row.record], w.number, f"e{w.number}") for row, w in zip(rows, made, strict=True)]
            )

    return fill


class Federation:
    """A small town's catalogues, merged and indexed, with a clock that stands at its ``now`` until it is moved."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        from search_api.context import open_context

        self.settings, self.now = settings, now
        self.context = open_context(settings, clock=lambda: self.now)

    def close(self) -> None:
        self.context.close()


@pytest.fixture(scope="session")
def federation_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the federation in data/federation.json; not to be written to."""
    from indexer.build import rebuild
    from indexer.engines import open_engine

    facts = msgspec.json.decode((Path(__file__).parent / "data" / "federation.json").read_bytes())
    settings = load_settings(home=tmp_path_factory.mktemp("federation"), _env_file=None)
    database, engine, seen = open_database(settings.database), open_engine(settings), facts["harvested"]
    with database.begin() as connection:
        institutions.upsert(connection, msgspec.convert(facts["institutions"], list[Institution]))
        for given in facts["sources"]:
            rows = msgspec.convert(given.pop("records"), list[CatalogueRecord])
            number = sources.add(connection, msgspec.convert({"location": given["id"], **given}, Source))
            run = harvest_runs.start(connection, number)
            raw = [RawRecord(source=row.source, record=row.record, payload=msgspec.json.encode(row)) for row in rows]
            ids = {stored.record: id_ for id_, stored in raw_records.store_page(connection, number, run, raw).new}
            records.upsert(connection, number, [(ids[row.record], row) for row in rows])
            harvest_runs.finish(connection, run, RunReport(status="complete", received=len(rows), new=len(rows)))
        connection.execute(tables.raw_records.update().values(changed_at=seen))
        connection.execute(tables.harvest_runs.update().values(started_at=seen, finished_at=seen))
    rebuild(database, engine, settings)
    engine.close()
    database.close()
    return settings.home


@pytest.fixture
def federation(federation_home: Path, tmp_path: Path) -> Iterator[Federation]:
    """The federation in a home of its own, which a test may change."""
    home = shutil.copytree(federation_home, tmp_path / "federation")
    settings = load_settings(
        home=home, fetch_allow="127.0.0.1", fetch_pause=0, public_url="https://lampway.example", _env_file=None
    )
    opened = Federation(settings, datetime.fromisoformat("2026-11-23T10:00:00+00:00"))
    yield opened
    opened.close()

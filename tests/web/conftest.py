"""A small town served on a free port, and a browser that watches for errors and for requests to any other host."""

from __future__ import annotations

import importlib.util
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page

from config.settings import load_settings
from indexer.build import rebuild
from indexer.engines import open_engine
from lampway.merging import StoreMerges
from schemas.catalogue import RawRecord, Source
from search_api.app import create_app
from search_api.context import Context, open_context
from store import harvest_runs, institutions, raw_records, records, sources
from store.database import open_database
from store.harvest_runs import RunReport

STARTS_WITHIN_S = 20


@pytest.fixture(scope="session")
def city() -> ModuleType:
    """The module city.py beside this file."""
    name = "lampway_tests_city"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / "city.py")
        assert spec
        assert spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def town(city: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """The context of the indexed town; its clock stands still."""
    settings = load_settings(home=tmp_path_factory.mktemp("town"), _env_file=None)
    database = open_database(settings.database)
    with database.begin() as connection:
        institutions.upsert(connection, city.PLACES)
        source = Source(id="town", protocol="csv", location="x.csv", format="csv", institution="central")
        number = sources.add(connection, source)
        run = harvest_runs.start(connection, number)
        raw = [RawRecord(source="town", record=row.record, payload=msgspec.json.encode(row)) for row in city.RECORDS]
        outcome = raw_records.store_page(connection, number, run, raw)
        ids = {stored.record: id_ for id_, stored in outcome.new}
        harvest_runs.finish(connection, run, RunReport(status="complete"))
        records.upsert(connection, number, [(ids[row.record], row) for row in city.RECORDS])
    engine = open_engine(settings)
    rebuild(database, engine, settings)
    engine.close()
    database.close()
    context = open_context(settings, clock=lambda: city.NOW)
    yield context
    context.close()


@pytest.fixture(scope="session")
def site(town: Context) -> Iterator[str]:
    """The address of the served town."""
    with served(town) as address:
        yield address


class served:  # noqa: N801 - reads as the verb of a with statement
    """Serves a context on a free loopback port while the block runs."""

    def __init__(self, context: Context) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        app = create_app(context, merging=StoreMerges(context.database))
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="on")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        give_up = time.monotonic() + STARTS_WITHIN_S
        while not self._server.started:
            assert time.monotonic() < give_up, "the server did not start"
            time.sleep(0.02)
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=STARTS_WITHIN_S)
        self._socket.close()


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """Opens a page in a browser of its own: ``visit("/search?q=x", width=360, scheme="dark", scripts=False)``.

    At the end of the test no page may have complained in its console or asked another host for anything.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    host = urlsplit(site).netloc

    def note_request(url: str) -> None:
        if urlsplit(url).scheme != "data" and urlsplit(url).netloc != host:
            complaints.append(f"asked {url}")

    def open_page(
        path: str, *, width: int = 1280, scheme: str = "light", scripts: bool = True, locale: str = "en-GB",
        expect: int = 200, **more: Any,
    ) -> Page:  # fmt: skip
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=scripts, locale=locale,
            base_url=site, **more,
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("request", lambda request: note_request(request.url))
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        if expect == 200:
            page.on(
                "console", lambda line: complaints.append(f"console: {line.text}") if line.type == "error" else None
            )
        response = page.goto(path)
        assert response is not None
        assert response.status == expect
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Keeps a picture of a page in the folder that LAMPWAY_TEST_SCREENSHOTS names, if it names one."""

    def keep(page: Page, name: str, *, full: bool = True) -> None:
        if folder := os.environ.get("LAMPWAY_TEST_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=full)

    return keep

"""A Lampway that harvested three institutions over loopback, merged them, and sets the result out at /oai."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.sax.saxutils import escape

import pytest
import uvicorn

from config.settings import Settings, load_settings
from harvester.fetching import Client
from harvester.harvest import harvest_source
from indexer.engines import open_engine
from indexer.update import update
from schemas.catalogue import Source
from schemas.institution import Institution
from search_api.app import create_app
from search_api.context import open_context
from store import institutions, sources
from store.database import open_database
from store.harvest_runs import RunReport

PLACES = [
    Institution(id="city", name="City Library", kind="library", isil="GB-CITY", lat=54.9, lon=-1.6),
    Institution(id="north", name="North Branch", kind="library", parent="city", lat=54.95, lon=-1.6),
    Institution(id="museum", name="Museum & Archive", kind="museum", lat=54.97, lon=-1.61),
    Institution(id="école 7", name="École", kind="other", lat=54.97, lon=-1.62),
]
MARC = """<record xmlns="http://www.loc.gov/MARC21/slim"><leader>00000cam a2200000 a 4500</leader>
<controlfield tag="001">m{number}</controlfield>
<controlfield tag="008">990101s19{year:02d}    enk           000 0 eng d</controlfield>
<datafield tag="020" ind1=" " ind2=" "><subfield code="a">{isbn}</subfield></datafield>
<datafield tag="100" ind1="1" ind2=" "><subfield code="a">Author, Nº {number}</subfield></datafield>
<datafield tag="245" ind1="1" ind2="0"><subfield code="a">{title}</subfield></datafield>
<datafield tag="650" ind1=" " ind2="0"><subfield code="a">Harbours &amp; tides</subfield></datafield>
<datafield tag="852" ind1=" " ind2=" "><subfield code="b">{branch}</subfield><subfield code="h">82{number}</subfield>
</datafield></record>"""


def isbn(number: int) -> str:
    """A valid ISBN-13 for each number."""
    digits = f"9780{number:08d}"
    return digits + str(-sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits)) % 10)


class Lampway:
    """An installation of its own: sources on loopback, store, index, service at ``url``."""

    def __init__(self, oai: ModuleType, home: Path) -> None:
        self.oai = oai
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.settings: Settings = load_settings(
            home=home, public_url=self.url, fetch_allow="127.0.0.1", fetch_pause=0, contact="office@city.example",
            _env_file=None,
        )  # fmt: skip
        self.database = open_database(self.settings.database)
        self.context: Any = None
        with self.database.begin() as connection:
            institutions.upsert(connection, PLACES)

    def add(self, source: Source) -> None:
        with self.database.begin() as connection:
            sources.add(connection, source)

    def harvest(self, id_: str, *, full: bool = False) -> RunReport:
        with self.database.connect() as connection:
            source = sources.get(connection, id_)
        assert source
        with closing(Client.from_settings(self.settings)) as client:
            return harvest_source(self.database, source, client, full=full)

    def index(self) -> None:
        with closing(open_engine(self.settings)) as engine:
            update(self.database, engine, self.settings)

    def serve(self) -> Lampway:
        self.context = open_context(self.settings)
        config = uvicorn.Config(create_app(self.context), log_level="warning", access_log=False, lifespan="on")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        give_up = time.monotonic() + 30
        while not self._server.started:
            assert time.monotonic() < give_up, "the server did not start"
            time.sleep(0.01)
        return self

    def close(self) -> None:
        if self.context:
            self._server.should_exit = True
            self._thread.join(timeout=30)
            self.context.close()
        self._socket.close()
        self.database.close()


class Town(Lampway):
    """City library (MARC, with a branch) and museum (Dublin Core) over OAI-PMH, and a school's CSV file."""

    def __init__(self, oai: ModuleType, home: Path, books: int, objects: int) -> None:
        super().__init__(oai, home)
        self.catalogue = oai.Server([self.book(n) for n in range(books)], formats=("marc21",), page=100)
        self.museum = oai.Server([oai.item(n, f"Tall ship {n}") for n in range(objects)], page=100)
        table = home.parent / f"{home.name}.csv"
        table.write_text('id,title,author,isbn,year\n7,School book,Teacher T,,1999\n8,Work 0,"Author, Nº 0",,1900\n')
        self.add(Source(id="library", protocol="oai", location=self.catalogue.url, format="marcxml",
                        institution="city", licence="https://creativecommons.org/publicdomain/zero/1.0/"))  # fmt: skip
        self.add(Source(id="museum", protocol="oai", location=self.museum.url, format="oai_dc", institution="museum",
                        licence="Only with our name & <permission>"))  # fmt: skip
        self.add(Source(id="school", protocol="csv", location=str(table), format="csv", institution="école 7"))

    def book(self, number: int, title: str = "", branch: str = "", **changes: Any) -> Any:
        branch = branch or ("north" if number % 3 == 0 else "city")
        text = MARC.format(number=number, year=number % 100, isbn=isbn(number), branch=branch,
                           title=escape(title or f"Work {number}"))  # fmt: skip
        return self.oai.Item(f"oai:library:{number}", text, **changes)

    def harvest_all(self) -> None:
        for id_ in ("library", "museum", "school"):
            report = self.harvest(id_)
            assert report.status == "complete", report

    def close(self) -> None:
        super().close()
        self.catalogue.close()
        self.museum.close()


@pytest.fixture(scope="session")
def town(oai: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town of 262 works, 12 of them deleted, that stands still; one went on under another id when its record did."""
    town = Town(oai, tmp_path_factory.mktemp("town") / "home", books=200, objects=60)
    try:
        town.harvest_all()
        town.index()
        time.sleep(1.1)  # so that not all have one datestamp
        for number in range(9):
            town.catalogue.items[number] = oai.Item(
                f"oai:library:{number}", None, deleted="deleted", datestamp="2024-06-02T00:00:00Z"
            )
        town.museum.items[:3] = [
            oai.tombstone(number, datestamp="2024-06-02T00:00:00Z") for number in range(3)
        ]  # fmt: skip
        town.catalogue.items[9] = town.book(9, "Another title", datestamp="2024-06-02T00:00:00Z")
        town.harvest_all()
        town.index()
        town.serve()
        yield town
    finally:
        town.close()


@pytest.fixture
def village(oai: ModuleType, tmp_path: Path) -> Iterator[Town]:
    """A town of few works, to be changed."""
    made = Town(oai, tmp_path / "village", books=12, objects=4)
    try:
        made.harvest_all()
        made.index()
        yield made.serve()
    finally:
        made.close()


@pytest.fixture
def peer(oai: ModuleType, tmp_path: Path) -> Iterator[Lampway]:
    """Another Lampway, which is to harvest one of ours."""
    made = Lampway(oai, tmp_path / "peer")
    yield made
    made.close()

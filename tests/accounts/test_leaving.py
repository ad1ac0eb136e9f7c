"""What is withdrawn is found nowhere, comes back whole while it rests, and is gone for good afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from harvester.fetching import Client
from harvester.harvest import harvest_source
from indexer.engines import open_engine
from indexer.update import update
from lampway.housekeeping import Housekeeping
from lampway.outside import Harvester
from schemas.catalogue import Source
from schemas.registration import Proposal
from search_api.accounts import registering
from store import accounts, api_keys, audit, raw_records, records, registrations, sources, tables, works

ADA = "ada@example.org"
TABLE = "id,title,author,isbn,copies\n" + "".join(f"n{n},The northern harbour {n},Ann Li,,1\n" for n in range(1, 5))
SOUTH = "id,title,author,isbn\ns1,The northern harbour 1,Ann Li,\ns2,Something else,Bo Ek,\n"


class House:
    """The north has a registered, uploaded table; the south a file of its own; the index is real."""

    def __init__(self, context: Any) -> None:
        self.context, self.settings, self.database = context, context.settings, context.database
        self.upload = self.settings.home / "uploads" / "north.csv"
        self.upload.parent.mkdir()
        self.upload.write_text(TABLE)
        other = self.settings.home / "south.csv"
        other.write_text(SOUTH)
        with self.database.begin() as connection:
            ada = accounts.add(connection, ADA)
            place = Proposal(location=str(self.upload), protocol="csv", format="csv", institution="north")
            made = registrations.add(connection, ada.number, "probed", place)
            registering.proven(connection, self.settings, made, "vouched", "boss@example.org")
            self.id, self.source = made.id, made.source
            accounts.set_role(connection, ada.number, "north", "editor")
            sources.add(
                connection, Source(id="south", protocol="csv", location=str(other), format="csv", institution="south")
            )
        self.harvest(self.source)
        self.harvest("south")
        self.index()

    def harvest(self, id_: str, *, full: bool = False) -> Any:
        with self.database.connect() as connection:
            source = sources.get(connection, id_)
        with closing(Client.from_settings(self.settings)) as client:
            return harvest_source(self.database, source, client, full=full)

    def index(self) -> None:
        with closing(open_engine(self.settings)) as engine:
            update(self.database, engine, self.settings)
        self.context.refresh()

    def ids(self) -> dict[str, str]:
        """Work by record."""
        with self.database.connect() as connection:
            return {row.record: row.work for row in works.memberships(connection)}


@pytest.fixture
def house(context: Any) -> House:
    return House(context)


def found(browser: Any) -> dict[str, str]:
    """What every way out shows."""
    return {
        "search": browser.get("/api/search?q=northern+harbour").text,
        "feed": browser.get("/search.atom?q=northern+harbour").text,
        "oai": browser.get("/oai?verb=ListRecords&metadataPrefix=oai_dc").text,
        "marc": browser.get("/oai?verb=ListRecords&metadataPrefix=marcxml").text,
        "sitemap": browser.get("/sitemaps/works-0.xml").text,
    }


def test_out_of_everything_and_back_with_the_same_ids(house: House, visitor: Callable[..., Any]) -> None:
    browser = visitor(Accept="*/*")
    before, ids = found(browser), house.ids()
    alone = {ids[f"n{n}"] for n in (2, 3, 4)}
    assert ids["n1"] == ids["s1"]
    for name, text in before.items():
        assert all((work if name == "sitemap" else "northern harbour 2") in text for work in alone), name
    outside = Harvester(house.database, house.settings)
    with house.database.connect() as connection:
        registration = registrations.get(connection, house.id)
    assert registering.withdraw(house.database, outside, registration, ADA) == 4
    house.index()
    after = found(browser)
    for name, text in after.items():
        assert "northern harbour 2" not in text, name
    assert all(f"<identifier>oai:lampway.example:{work}</identifier>" in after["oai"] for work in alone)
    assert after["oai"].count('status="deleted"') >= 3
    assert not any(work in after["sitemap"] for work in alone)
    assert all(browser.get(f"/api/works/{work}").status_code == 404 for work in alone)
    assert [row["institution"] for row in holdings(browser, house.ids()["s1"])] == ["South"]

    with house.database.connect() as connection:
        registration = registrations.get(connection, house.id)
    assert registering.come_back(house.database, outside, registration, ADA) == 4
    house.index()
    assert house.ids() == ids
    again = found(browser)
    assert "northern harbour 2" in again["oai"]
    assert again["oai"].count('status="deleted"') == 1  # the name that the south's work bore meanwhile
    assert len(holdings(browser, ids["n1"])) == 2


def holdings(browser: Any, work: str) -> list[Any]:
    return [row["best"] for row in browser.get(f"/api/works/{work}/holdings").json()["holdings"]]


def test_gone_for_good_when_the_rest_is_over(house: House, visitor: Callable[..., Any]) -> None:
    ids, outside = house.ids(), Harvester(house.database, house.settings)
    with house.database.begin() as connection:
        api_keys.create(connection, "north", label="shelf")
        registration = registrations.get(connection, house.id)
        number = sources.number_of(connection, house.source)
    registering.withdraw(house.database, outside, registration, ADA)
    house.index()
    day = datetime.now(UTC)
    keeping = Housekeeping(house.database, house.settings, outside, clock=lambda: day)
    keeping.look()
    assert house.upload.exists()
    day += timedelta(days=house.settings.rest_days + 1)
    keeping.look()
    house.index()
    assert not house.upload.exists()
    with house.database.connect() as connection:
        assert sources.get(connection, house.source) is None
        left = {
            name: connection.execute(table.select().where(table.c.source == number)).all()
            for name, table in tables.metadata.tables.items()
            if "source" in table.c and name != "registrations"
        }
        assert not any(left.values()), left
        gone = connection.execute(tables.works.select().where(tables.works.c.id == ids["n2"])).one()
        registration = registrations.get(connection, house.id)
        keys = [key for key in api_keys.all_keys(connection, "north") if not key.revoked_at]
        people = accounts.members_of(connection, "north")
        acts = [line.action for line in audit.read(connection, institutions=["north"])]
    assert gone.data is None
    assert (registration.state, registration.source, keys, people) == ("withdrawn", "", [], [])
    assert acts[:3] == ["member.remove", "key.revoke", "source.remove"]
    assert 'status="deleted"' in found(visitor(Accept="*/*"))["oai"]
    with pytest.raises(registrations.StepError, match="gone for good"):
        registering.come_back(house.database, outside, registration, ADA)


def test_a_withdrawal_that_was_cut_off_is_gone_on_with(house: House) -> None:
    with house.database.begin() as connection:
        registration = registrations.get(connection, house.id)
        source = sources.get(connection, house.source)
        source.paused = True
        sources.add(connection, source)
        registrations.step(connection, registration, "withdrawn", ADA)
        number = sources.number_of(connection, house.source)
    Housekeeping(house.database, house.settings, Harvester(house.database, house.settings)).look()
    with house.database.connect() as connection:
        assert records.count_live(connection, number) == 0
        assert raw_records.count(connection, number) == (0, 4)


def test_nothing_goes_of_a_source_that_is_not_paused(house: House) -> None:
    assert Harvester(house.database, house.settings).take_out(house.source) == 0
    assert len(house.ids()) == 6


def test_files_that_nothing_needs_are_swept(house: House) -> None:
    stray: Path = house.upload.with_name("stray")
    stray.write_text("x")
    os.utime(stray, (0, 0))
    os.utime(house.upload, (0, 0))
    Housekeeping(house.database, house.settings, Harvester(house.database, house.settings)).look()
    assert (stray.exists(), house.upload.exists()) == (False, True)

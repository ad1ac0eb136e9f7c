"""What is withdrawn is found nowhere, comes back whole while it rests, and is gone for good afterwards."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from typer.testing import CliRunner

from harvester.fetching import Client
from harvester.harvest import harvest_source
from harvester.normalise import renormalise
from harvester.removals import DecisionError
from harvester.restore import restore
from harvester.run import WithdrawnError
from indexer.engines import open_engine
from indexer.update import update
from lampway.acts import operator
from lampway.cli import app as cli
from lampway.housekeeping import Housekeeping
from lampway.outside import Harvester
from schemas.catalogue import Quarantined, Source
from schemas.registration import Proposal
from search_api.accounts import registering
from store import accounts, api_keys, audit, quarantine, raw_records, records, registrations, sources, tables, works
from store.leases import LeaseLostError

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


LEAVE = "/i/north/sources/north/leave"


def test_what_disappears_and_a_copy_of_it(house: House, person: Callable[..., Any]) -> None:
    ada = person("bea@example.org", north="editor")
    with house.database.begin() as connection:
        api_keys.create(connection, "north", label="shelf <3")
    text = ada.get(LEAVE).text
    facts = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", text))
    assert facts["Records"] == "4"
    assert facts["Works that nobody else has here"] == "3"
    assert facts["Copies"] == "4"
    assert "shelf &lt;3" in text
    assert ADA in text
    rows = ada.get("/i/north/sources/north/export/records.jsonl")
    assert rows.headers["content-disposition"] == 'attachment; filename="records.jsonl"'
    assert [json.loads(line)["record"] for line in rows.text.splitlines()] == ["n1", "n2", "n3", "n4"]
    raw = [json.loads(line) for line in ada.get("/i/north/sources/north/export/raw.jsonl").text.splitlines()]
    assert json.loads(raw[1]["payload"])[1][:2] == ["n2", "The northern harbour 2"]
    assert ada.get("/i/north/sources/north/export/secrets.jsonl").status_code == 404


def everything_kept(house: House) -> str:
    """All that the store keeps, readable."""
    with house.database.connect() as connection:
        kept = [repr(raw) for name in ("north", "south") for _, raw in raw_of(connection, name)]
        kept += [repr(record) for batch in records.iterate(connection) for _, record in batch]
        return "\n".join(kept) + repr(list(works.iterate(connection)))


def raw_of(connection: Any, name: str) -> Any:
    number = sources.number_of(connection, name)
    return [row for batch in raw_records.iterate(connection, number, name) for row in batch]


def test_one_record_is_erased_and_stays_away(
    house: House, person: Callable[..., Any], visitor: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bea, browser, ids = person("bea@example.org", north="editor"), visitor(Accept="*/*"), house.ids()
    assert "harbour 2" in everything_kept(house)
    path = "/i/north/sources/north/take-down"
    assert "There is and was no record" in bea.post(path, data={"record": "s2", "reason": "x"}).text
    assert "Give a reason" in bea.post(path, data={"record": "n2"}).text
    for _ in range(2):
        assert bea.post(path, data={"record": "n2", "reason": "a donor asked"}).status_code == 303
    assert bea.post(path, data={"record": "n1", "reason": "a donor asked"}).status_code == 303
    house.index()
    assert "harbour 2" not in everything_kept(house)
    assert "northern harbour 2" not in "".join(found(browser).values())
    assert browser.get(f"/api/works/{ids['n2']}").status_code == 404
    assert "n2" in bea.get(LEAVE).text

    house.upload.write_text(TABLE + "n5,The northern harbour 5,Ann Li,,1\n")
    for full in (False, True):
        report = house.harvest("north", full=full)
        assert (report.status, report.received, report.quarantined) == ("complete", 5, 0), report
    renormalise(house.database, source_named(house, "north"))
    with house.database.begin() as connection:  # not even in quarantine
        number = sources.number_of(connection, "north")
        quarantine.add(connection, number, 1, [Quarantined(source="north", record="n2", reason="x", payload=b"n2")])
        assert quarantine.count(connection, number) == 0
    with pytest.raises(DecisionError):
        restore(house.database, "north", ["n2"])
    house.index()
    assert "harbour 2" not in everything_kept(house)
    assert set(house.ids()) == {"n3", "n4", "n5", "s1", "s2"}

    monkeypatch.setenv("LAMPWAY_HOME", str(house.settings.home))
    run = CliRunner().invoke
    assert "n2" in run(cli, ["records", "taken-down", "--source", "north"]).stdout
    assert run(cli, ["records", "allow", "n3", "--source", "north", "--reason", "x"]).exit_code == 2
    assert run(cli, ["records", "allow", "n2", "--source", "north", "--reason", "agreed"]).exit_code == 0
    assert run(cli, ["records", "take-down", "n9", "--source", "north", "--reason", "x"]).exit_code == 2
    assert run(cli, ["records", "take-down", "n4", "--source", "north", "--reason", "x"]).exit_code == 0
    house.harvest("north", full=True)
    house.index()
    assert set(house.ids()) == {"n2", "n3", "n5", "s1", "s2"}
    assert house.ids()["n2"] == ids["n2"]
    with house.database.connect() as connection:
        acts = [(line.action, line.actor) for line in audit.read(connection, institutions=["north"])][:4]
    who = f"command ({operator()})"
    assert acts[:2] == [("record.take_down", who), ("record.allow", who)]
    assert acts[2:] == [("record.take_down", "bea@example.org")] * 2


def source_named(house: House, id_: str) -> Source:
    with house.database.connect() as connection:
        return sources.get(connection, id_)


def test_the_operator_takes_a_record_of_a_work_down(house: House, person: Callable[..., Any]) -> None:
    boss, work = person("boss@example.org", operator=True), house.ids()["s1"]
    for asked in (work, f"https://lampway.example/works/{work}?lang=en"):
        page = boss.get("/operator/records", params={"work": asked}).text
        assert 'name="record" value="n1"' in page
        assert 'name="record" value="s1"' in page
    assert 'value="south"' in boss.get("/operator/records?work=s2").text
    assert "Nothing of that name" in boss.get("/operator/records?work=%00").text
    form = {"work": work, "source": "south", "record": "s1", "reason": "court order"}
    assert boss.post("/operator/records", data=form).headers["location"].startswith("/account/confirm")
    with_second_factor(boss)
    assert boss.post("/operator/records", data=form | {"reason": ""}).status_code == 422
    assert boss.post("/operator/records", data=form | {"record": "s9"}).status_code == 404
    assert boss.post("/operator/records", data=form).status_code == 303
    house.index()
    assert set(house.ids()) == {"n1", "n2", "n3", "n4", "s2"}


def with_second_factor(browser: Any) -> None:
    secret = re.search(r"<code>(\w+)</code>", browser.get("/account").text)[1]
    code = pyotp.TOTP(secret).at(time.time() - 30)
    assert browser.post("/account/totp", data={"secret": secret, "code": code}).status_code == 303


def test_a_harvest_under_way_brings_nothing_back(house: House, person: Callable[..., Any]) -> None:
    house.upload.write_text("id,title\n" + "".join(f"m{n},More {n}\n" for n in range(3000)))
    outside = Harvester(house.database, house.settings)

    def withdraw(*_: Any) -> None:
        with house.database.connect() as connection:
            own = registrations.get(connection, house.id)
        if own.state == "live":
            others = threading.Thread(target=registering.withdraw, args=(house.database, outside, own, ADA))
            others.start()
            others.join()

    with closing(Client.from_settings(house.settings)) as client, pytest.raises(LeaseLostError):
        harvest_source(house.database, source_named(house, "north"), client, on_progress=withdraw)
    with pytest.raises(WithdrawnError):
        house.harvest("north")
    bea = person("bea@example.org", north="editor")
    for act in ("run", "resume", "pause"):
        answer = bea.post(f"/i/north/sources/north/{act}", data={})
        assert answer.status_code == 422
        assert "is withdrawn" in answer.text
    with house.database.connect() as connection:
        assert records.count_live(connection, sources.number_of(connection, "north")) == 0
        assert sources.get(connection, "north").paused

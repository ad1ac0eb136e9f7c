"""What an institution wants shown here only is given to nobody else: not at /oai, in no feed, no MARC, no export."""

from __future__ import annotations

import gzip
import json
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from typer.testing import CliRunner

from lampway.cli import app
from search_api import marc_records
from search_api.borrow_feed import write_feed
from store import sources
from store.tables import works

OAI = "{http://www.openarchives.org/OAI/2.0/}"


def withhold(town: Any, id_: str, licence: str = "none") -> None:
    with town.database.begin() as connection:
        source = sources.get(connection, id_)
        source.licence = licence
        sources.add(connection, source)


def get(town: Any, path: str) -> bytes:
    with urllib.request.urlopen(town.url + path, timeout=30) as answer:
        return bytes(answer.read())


def listed(town: Any, prefix: str = "oai_dc", set_: str = "") -> tuple[dict[str, str], set[str], str]:
    """Living records as text by identifier, deleted ones, and the whole answer."""
    body = get(town, f"/oai?verb=ListRecords&metadataPrefix={prefix}" + (f"&set={set_}" if set_ else ""))
    living, deleted = {}, set()
    for record in etree.fromstring(body).iter(OAI + "record"):
        header = record.find(OAI + "header")
        if header.get("status") == "deleted":
            deleted.add(header.findtext(OAI + "identifier"))
        else:
            living[header.findtext(OAI + "identifier")] = etree.tostring(record, encoding="unicode")
    return living, deleted, body.decode()


def test_what_is_withheld_is_given_to_nobody(village: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, _, _ = listed(village)
    shared = next(name for name, text in before.items() if ">Work 0<" in text)
    ships = {name for name, text in before.items() if "Tall ship" in text}
    withhold(village, "library")
    withhold(village, "museum")
    at_once, gone, body = listed(village)  # before the indexer has dated anything
    assert "Harbours" not in body
    assert "Tall ship" not in body
    assert gone == set(before) - set(at_once)
    village.index()
    living, gone, body = listed(village)
    assert set(living) == set(at_once)
    assert ships <= gone
    assert shared in living
    assert "Harbours" not in living[shared]
    assert "institution:city" not in living[shared]
    assert "institution:~C3~A9cole~207" in living[shared]
    assert village.catalogue.url not in body
    _, _, marc = listed(village, "marcxml")
    assert "Harbours" not in marc
    assert listed(village, set_="institution:city")[0] == {}
    asked = get(village, f"/oai?verb=GetRecord&metadataPrefix=oai_dc&identifier={min(ships)}").decode()
    assert 'status="deleted"' in asked
    assert "metadata>" not in asked

    with village.database.connect() as connection:
        number = {row.number: row.id for row in connection.execute(works.select())}
    assert marc_records.of_works(village.database, number) == {}
    write_feed(village.database, tmp_path / "feed", village.url, datetime.now(UTC))
    books = gzip.decompress((tmp_path / "feed" / "books-1.json.gz").read_bytes())
    assert json.loads(books)["dataFeedElement"] == []

    monkeypatch.setenv("LAMPWAY_HOME", str(village.settings.home))
    run = CliRunner().invoke
    kept = [json.loads(line) for line in run(app, ["records", "export"]).stdout.splitlines()]
    assert {row["source"] for row in kept} == {"school"}
    assert run(app, ["records", "export", "--source", "museum"]).stdout == ""
    assert len(run(app, ["records", "export", "--source", "museum", "--all"]).stdout.splitlines()) == 4
    assert len(run(app, ["records", "export", "--all"]).stdout.splitlines()) == 18
    assert {json.loads(line)["source"] for line in run(app, ["works", "export"]).stdout.splitlines()} == {"school"}
    assert len(run(app, ["works", "export", "--all"]).stdout.splitlines()) == 18

    found = json.loads(get(village, "/api/search?q=tall+ship"))
    assert found["total"] == 4
    assert "Shown here only" in get(village, "/sources/museum").decode()

    withhold(village, "museum", "CC0-1.0")
    village.index()
    assert ships <= set(listed(village)[0])

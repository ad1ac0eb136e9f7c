"""The sample city's data: the same each time, well formed, and told to be a sample."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from datetime import date, timedelta
from importlib import resources

import pytest
from lxml import etree
from stdnum import isbn, issn

from lampway.demo_city import FEEDS, City, build
from lampway.demo_items import city, isbn10, items, state_of
from lampway.demo_seeds import names, seeds
from lampway.demo_server import serve
from schemas.hours import OpeningHours

DAY = date(2026, 11, 24)
MARC = {"m": "http://www.loc.gov/MARC21/slim"}


@pytest.fixture(scope="module")
def made() -> City:
    return build(DAY)


@pytest.fixture(scope="module")
def institutions() -> list[dict]:
    text = resources.files("config").joinpath("demo", "institutions.geojson").read_text("utf-8")
    return [feature["properties"] for feature in json.loads(text)["features"]]


def rows(made: City, name: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(made.files[name].decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_a_day_has_one_set_of_catalogues(made: City) -> None:
    again = build(DAY)
    assert again.files == made.files
    assert {name: r.records for name, r in again.repositories.items()} == {
        name: r.records for name, r in made.repositories.items()
    }


def test_the_next_day_only_loans_have_moved(made: City) -> None:
    later = build(DAY + timedelta(days=1))
    for name, repository in later.repositories.items():
        before = {record.identifier: record for record in made.repositories[name].records}
        changed = [record for record in repository.records if before[record.identifier] != record]
        assert {record.datestamp for record in changed} <= {"2026-11-25T00:00:00Z"}
        assert all(re.search(b'On loan|code="q">2026', record.metadata["marcxml"]) for record in changed)


def test_it_is_large_enough_and_of_many_kinds(made: City) -> None:
    files = sum(content.count(b"\r\n") - 1 for content in made.files.values())
    records = [record for r in made.repositories.values() for record in r.records]
    assert files + len(records) >= 2_500
    assert any(not record.metadata for record in records)
    assert len([s for s in seeds() if s.type == "book"]) >= 250
    kinds = Counter(item.type for item in items())
    assert kinds.keys() == {"book", "score", "video", "article", "serial"}
    assert {"en", "de", "fr", "es", "zh", "ru", "ja", "ar"} <= {item.language for item in items()}
    assert {item.script for item in items() if item.language == "zh"} == {"hans", "hant"}


def test_identifiers_are_unique_and_numbers_valid(made: City) -> None:
    numbers = [item.isbn for item in items() if item.isbn]
    assert len(numbers) == len(set(numbers)) > 1_000
    assert all(isbn.is_valid(number) and number.startswith("97869") for number in numbers)  # a block nobody was given
    assert all(isbn.to_isbn13(isbn10(number)) == number for number in numbers)
    assert all(issn.is_valid(seed.issn) for seed in seeds() if seed.issn)
    for name, repository in made.repositories.items():
        identifiers = [record.identifier for record in repository.records]
        assert len(identifiers) == len(set(identifiers)), name
    for name, delimiter in (("irwell-libraries.csv", ","), ("museum-of-work.csv", ","), ("maps.tsv", "\t")):
        found = [next(iter(row.values())) for row in rows(made, name, delimiter)]
        assert len(found) == len(set(found)), name


def test_csv_rows_are_whole(made: City) -> None:
    for name, content in made.files.items():
        delimiter = {"lesesaal.csv": ";", "maps.tsv": "\t"}.get(name, ",")
        table = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter, strict=True))
        assert {len(row) for row in table} == {len(table[0])}, name
    lent = [row for row in rows(made, "irwell-libraries.csv") if row["Status"] == "On loan"]
    assert lent
    assert all(DAY < date.fromisoformat(row["Due date"]) <= DAY + timedelta(days=28) for row in lent)


def test_every_record_is_well_formed_and_marc_is_marc(made: City) -> None:
    tags: Counter[str] = Counter()
    for repository in made.repositories.values():
        for record in repository.records:
            for prefix, content in record.metadata.items():
                root = etree.fromstring(content)
                if prefix == "marcxml":
                    assert len(root.findtext("m:leader", namespaces=MARC)) == 24
                    assert len(root.findtext("m:controlfield[@tag='008']", namespaces=MARC)) == 40
                    tags.update(field.get("tag") for field in root.iterfind("m:datafield", MARC))
                else:
                    assert root.find("{http://purl.org/dc/elements/1.1/}title") is not None
    assert {"020", "022", "024", "100", "240", "245", "246", "264", "650", "700", "773", "852", "876", "880"} <= set(
        tags
    )
    assert tags["852"] == tags["876"]


def test_every_state_occurs() -> None:
    found = {state_of(str(number), DAY)[0] for number in range(500)}
    assert found == set(city()["states"])


def test_names_belong_to_works() -> None:
    assert set(names()) <= {creator for seed in seeds() for creator in seed.creators}


def test_institutions_are_told_to_be_samples_and_their_hours_are_valid(institutions: list[dict]) -> None:
    assert len(institutions) >= 14
    assert {place["kind"] for place in institutions} == {"library", "museum", "archive"}
    ids = {place["id"] for place in institutions}
    assert all("does not exist" in place["description"] for place in institutions)
    assert all(place["parent"] in ids for place in institutions if "parent" in place)
    assert sum(not place["opening_hours"] for place in institutions) == 1
    assert any(place.get("exceptions") for place in institutions)
    for place in institutions:
        texts = [place["opening_hours"], *(p["hours"] for p in place.get("service_points", []))]
        for text in texts:
            if text and not text.startswith("-"):
                OpeningHours.parse(text, timezone=place["timezone"], country=place["country"])


def test_every_feed_has_an_institution_and_an_address(made: City, institutions: list[dict]) -> None:
    assert {feed.institution for feed in FEEDS} <= {place["id"] for place in institutions}
    codes = {code for place in institutions for code in [place["id"], *place.get("aliases", [])]}
    assert {row["Branch"] for row in rows(made, "irwell-libraries.csv")} <= codes
    with serve(made.repositories, made.files) as server:
        assert [source.id for source in made.sources(server)] == [feed.source for feed in FEEDS]


def test_the_committed_data_stays_small() -> None:
    folder = resources.files("config").joinpath("demo")
    assert sum(len(file.read_bytes()) for file in folder.iterdir()) < 300_000

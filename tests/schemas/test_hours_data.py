"""Opening hours of the real world: strings seen in OpenStreetMap, intervals from other projects, libraries' tables."""

import csv
import gzip
import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from schemas.hours import HoursError, OpeningHours
from schemas.hours_schema_org import from_schema_org
from schemas.hours_text import from_text, from_weekday_table

pytestmark = pytest.mark.data
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
BERLIN = ZoneInfo("Europe/Berlin")
LINE = re.compile(
    r"(?:\w+ (?P<start>\d{4}-\d\d-\d\d \d\d:\d\d)|-inf)"
    r" - (?:\w+ (?P<end>\d{4}-\d\d-\d\d \d\d:\d\d)\+?|inf): (?P<state>\w+)(?: \((?P<comment>.*)\))?"
)
DIFFERENT_BY_INTENT = {
    # "18:00+" lasts one hour there; here it is unknown until midnight, because nobody says when it closes.
    "openendtime2.intervals",
}


@pytest.fixture
def strings(data: Path) -> Path:
    return data / "hours-osm-values"


def test_all_valid_strings_are_read(strings):
    lines = (strings / "opening-hours-rs" / "sample.txt").read_text().splitlines()
    valid = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    refused = []
    for line in valid:
        try:
            hours = OpeningHours.parse(line, timezone="Europe/Paris")
            hours.at(datetime(2026, 11, 24, 10, tzinfo=BERLIN))
            hours.spans(datetime(2026, 12, 20, tzinfo=BERLIN), datetime(2027, 1, 5, tzinfo=BERLIN))
        except HoursError as error:
            refused.append((line, str(error)))
    assert len(valid) > 180
    assert refused == []


def test_intervals_are_as_given(strings):
    differences = []
    files = sorted((strings / "kopeninghours" / "data").glob("*.intervals"))
    for file in files:
        expression, _, *lines = file.read_text().splitlines()
        hours = OpeningHours.parse(expression, timezone="Europe/Berlin", country="DE", region="BE", lat=52.5, lon=13.0)
        # The times of the sun are rounded differently, by a minute.
        slack = timedelta(minutes=1 if "sun" in expression else 0)
        for line in filter(None, lines):
            found = LINE.match(line)
            assert found, line
            start, end = (
                datetime.fromisoformat(found[name] or default).replace(tzinfo=BERLIN)
                for name, default in (("start", "2020-11-07 00:00"), ("end", "2021-11-07 00:00"))
            )
            states = {span.state for span in hours.spans(start + slack, end - slack)}
            if states != {found["state"]}:
                differences.append((file.name, line, states))
            if found["comment"] and found["state"] == "unknown":
                assert hours.at(start).comment == found["comment"]
            if start.replace(tzinfo=None) > datetime(2020, 11, 8) and found["start"] and found["state"] != "unknown":
                change = hours.at(start + slack).next_change
                assert change is None or file.name in DIFFERENT_BY_INTENT or change + slack >= end, (
                    file.name,
                    line,
                    change,
                )
    assert len(files) == 27
    assert {name for name, _, _ in differences} == DIFFERENT_BY_INTENT, differences


def test_invalid_strings_are_read_or_refused_with_a_place_and_most_can_be_understood(strings):
    now = datetime(2026, 11, 24, 10, tzinfo=BERLIN)
    total = understood = 0
    misplaced = []
    with gzip.open(strings / "invalid_but_unambiguous_opening_hours.tsv.gz", "rt", encoding="utf-8") as file:
        for line in list(file)[:4000]:
            count, text = line.rstrip("\n").split("\t", 1)
            total += int(count)
            try:
                OpeningHours.parse(text, timezone="Europe/Berlin").at(now)
            except HoursError as error:
                if error.position is None or not 0 <= error.position <= len(text):
                    misplaced.append((text, error.position))
                try:
                    OpeningHours.parse(from_text(text).expression, timezone="Europe/Berlin").at(now)
                except HoursError:
                    continue
            understood += int(count)
    assert misplaced == []
    assert understood / total > 0.94


def test_prose_of_all_the_world_is_understood_or_refused(strings):
    now = datetime(2026, 11, 24, 10, tzinfo=BERLIN)
    refused = 0
    with gzip.open(strings / "invalid_opening_hours.tsv.gz", "rt", encoding="utf-8") as file:
        lines = list(file)[:2000]
    for line in lines:
        try:
            OpeningHours.parse(from_text(line.rstrip("\n").split("\t", 1)[1]).expression, timezone="UTC").at(now)
        except HoursError:
            refused += 1
    assert refused < len(lines)


def test_schema_org_of_others(strings):
    files = sorted((strings / "kopeninghours" / "jsonlddata").glob("*.json"))
    expressions = {file.stem: from_schema_org(json.loads(file.read_text())).expression for file in files}
    assert expressions["oh-array"] == "Mo-Fr 10:00-19:00; Sa 10:00-22:00; Su 10:00-21:00"
    assert expressions["ohs-mixed"].endswith("2013 Dec 24-2013 Dec 25 09:00-11:00; 2014 Jan 01 12:00-14:00")


def rows(path: Path) -> list[dict[str, str]]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(content.decode("utf-8-sig").splitlines()))


@pytest.mark.parametrize(
    ("file", "columns", "tables"),
    [
        ("schemas/libraries.csv.gz", "{} staffed hours", 2955),
        ("schemas/libraries.csv.gz", "{} unstaffed hours", 15),
        ("libraries_northern_ireland.csv", "{}", 98),
    ],
)
def test_all_tables_of_the_libraries_of_the_united_kingdom_are_understood(data, file, columns, tables):
    understood = doubtful = 0
    for row in rows(data / "institutions-uk-libraries" / file):
        table = {day: row[columns.format(day)] for day in DAYS}
        if not any(value.strip() for value in table.values()):
            continue
        found = from_weekday_table(table)
        understood += 1
        doubtful += bool(found.notes)
        for place, day in enumerate(DAYS):
            open_at = re.match(r"(\d\d:\d\d)-", table[day].strip())
            if open_at:
                moment = datetime.fromisoformat(f"2026-11-{2 + place:02d}T{open_at[1]}+00:00")
                assert OpeningHours.parse(found.expression, timezone="UTC").at(moment).state == "open", (table, found)
    assert understood == tables
    # One cell says a lone "00:00".
    assert doubtful <= 1


def test_prose_of_new_yorks_libraries_and_museums(data):
    texts = [row["hours of operation"] for row in rows(data / "institutions-nyc" / "spreadsheet-libraries.csv")]
    texts += [row["Hours of Operation"] for row in rows(data / "institutions-nyc" / "spreadsheet-museums.csv")]
    texts = [text for text in texts if text.strip()]
    refused = []
    for text in texts:
        try:
            from_text(text)
        except HoursError as error:
            refused.append((text, str(error)))
    assert len(texts) == 285
    # Two mistype 10;00, two say a date since when, or a single evening a month, one names holidays by their names.
    assert len(refused) <= 6, refused

"""A librarian keeps the entry of her house right on its page: hours, special days, position, and states of copies."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.catalogue import CatalogueRecord, Holding, RawRecord, Source
from schemas.institution import HoursException
from store import audit, availability, harvest_runs, institutions, raw_records, records, sources

ADA = "ada@example.org"
PAST = HoursException(first="2020-01-01", note="Flood")


def entry_of(context: Any) -> Any:
    with context.database.connect() as connection:
        return institutions.get(connection, "north")


def day(in_days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=in_days)).isoformat()


@pytest.fixture
def ada(person: Any, context: Any) -> Any:
    with context.database.begin() as connection:
        place = institutions.get(connection, "north")
        place.exceptions = [HoursException(first=day(30), hours="09:00-12:00", note="Eve"), PAST]
        institutions.upsert(connection, [place])
    return person(ADA, north="editor")


def fields_of(page: str) -> dict[str, str]:
    """The form of the entry as a browser would send it back."""
    form = page[page.index('action="/i/north/entry"') :].partition("</form>")[0]
    found = dict(re.findall(r'<input[^>]*? name="([^"]+)" ?(?:dir="auto" )?value="([^"]*)"', form))
    return found | dict(re.findall(r'<textarea[^>]*? name="([^"]+)"[^>]*>([^<]*)</textarea>', form))


def test_special_days_are_rows_and_what_is_over_stays(ada: Any, context: Any) -> None:
    sent = fields_of(ada.get("/i/north").text)
    assert (sent["first-1"], sent["hours-1"], sent["note-1"]) == (day(30), "09:00-12:00", "Eve")
    assert "2020-01-01" not in sent.values()
    sent |= {"first-2": day(3), "last-2": day(5), "note-2": "Moving house", "phone": "+44 1"}
    assert ada.post("/i/north/entry", data=sent).status_code == 303
    entry = entry_of(context)
    moving = HoursException(first=day(3), last=day(5), hours="off", note="Moving house")
    assert entry.exceptions == [PAST, HoursException(first=day(30), hours="09:00-12:00", note="Eve"), moving]
    assert entry.phone == "+44 1"
    assert "Moving house" in ada.get("/institutions/north").text
    again = fields_of(ada.get("/i/north").text)
    assert (again["first-1"], again["hours-1"]) == (day(3), "")  # the next comes first; empty means closed
    again |= {"first-1": "", "last-1": "", "note-1": ""}  # an emptied row is one that goes
    assert ada.post("/i/north/entry", data=again).status_code == 303
    assert moving not in entry_of(context).exceptions
    with context.database.connect() as connection:
        told = [line.detail for line in audit.read(connection) if line.action == "institution.edit"]
    assert "Moving house" in told[1]["exceptions"]


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"last-2": "2031-01-02"}, "exceptions", "Give the first day"),
        ({"first-2": "2031-13-45"}, "exceptions", "2026-12-24"),
        ({"first-2": "2031-01-01", "hours-2": "9 to 99"}, "exceptions", "or off"),
        ({"position": "on the hill"}, "position", "no position"),
        ({"position": "154.9,-1.6"}, "position", "no position"),
        ({"url": "not one"}, "url", "no web address"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    ada: Any, context: Any, wrong: dict[str, str], field: str, words: str
) -> None:
    before = entry_of(context)
    sent = fields_of(ada.get("/i/north").text) | {"phone": "+44 2"} | wrong
    answer = ada.post("/i/north/entry", data=sent)
    assert answer.status_code == 422
    assert words in re.search(rf'id="{field}-wrong"[^>]*>(.*?)</(?:p|span)>', answer.text, re.DOTALL)[1]
    typed = fields_of(answer.text).values()
    assert {"+44 2", *wrong.values()} <= {*typed}
    assert entry_of(context) == before


def test_hours_may_be_written_in_words_and_are_told_back(ada: Any, context: Any) -> None:
    sent = fields_of(ada.get("/i/north").text) | {"opening_hours": "Monday to Friday 9 am to 6 pm,\r\nSaturday 10-14"}
    assert ada.post("/i/north/entry", data=sent | {"position": "54.9, -1.6"}).status_code == 303
    entry = entry_of(context)
    assert (entry.lat, entry.lon) == (54.9, -1.6)
    assert "09:00-18:00" in entry.opening_hours
    assert "Read as: Mon–Fri 09:00–18:00; Sat 10:00–14:00" in ada.get("/i/north").text
    assert "理解为：周一–周五 09:00–18:00；周六 10:00–14:00" in ada.get("/i/north?lang=zh").text


def test_nobody_undoes_what_somebody_else_has_changed(ada: Any, context: Any) -> None:
    stale = fields_of(ada.get("/i/north").text)
    assert ada.post("/i/north/entry", data=stale | {"phone": "+44 3"}).status_code == 303
    answer = ada.post("/i/north/entry", data=stale | {"email": "desk@example.org"})
    assert answer.status_code == 422
    assert "Somebody has changed the entry" in answer.text
    assert entry_of(context).phone == "+44 3"
    assert ada.post("/i/north/entry", data=fields_of(answer.text)).status_code == 303


def test_the_state_of_a_copy_is_told_by_hand(ada: Any, context: Any) -> None:
    record = CatalogueRecord(
        source="n", record="17", title="The harbour", holdings=[Holding(key="c1"), Holding(key="c2")]
    )
    with context.database.begin() as connection:
        number = sources.add(
            connection, Source(id="n", protocol="csv", location="n.csv", format="csv", institution="north")
        )
        run = harvest_runs.start(connection, number)
        page = raw_records.store_page(connection, number, run, [RawRecord(source="n", record="17", payload=b"17")])
        records.upsert(connection, number, [(page.new[0][0], record)])
    told = {"thing": "17", "holding": "c2", "state": "expected", "service": "loan", "due": "2031-02-03", "branch": ""}
    assert ada.post("/i/north/availability", data=told).status_code == 303
    with context.database.connect() as connection:
        (stored,) = availability.of_records(connection, [page.new[0][0]])[page.new[0][0]]
        assert (stored.holding, stored.state, stored.due, stored.how) == ("c2", "expected", "2031-02-03", "pushed")
        assert "17" in audit.read(connection)[0].detail["record"]
    unknown = ada.post("/i/north/availability", data=told | {"thing": "18"})
    assert unknown.status_code == 422
    assert "no record" in re.search(r'id="thing-wrong">(.*?)</span>', unknown.text, re.DOTALL)[1]
    assert 'value="18"' in unknown.text

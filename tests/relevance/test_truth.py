"""The truth table of ``truth.yaml``, on every engine: which of some copies is first, which is hidden, what is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import yaml

from config.settings import Settings
from indexer.build import rebuild
from indexer.engines import ENGINES
from schemas.catalogue import Availability, CatalogueRecord, Creator, Holding, RawRecord, Source
from schemas.institution import HoursException, Institution, ServicePoint
from search_api.context import Context, open_context
from search_api.search import search
from search_api.understand import understand
from store import availability, harvest_runs, institutions, raw_records, records, sources, works
from store.availability import Fact
from store.database import open_database
from store.harvest_runs import RunReport

HERE = Path(__file__).parent
MARKET = (54.97, -1.61)
KM_A_DEGREE = 111.32
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
_SPAN = {"h": "hours", "d": "days"}


class Case(NamedTuple):
    """One line of the table."""

    number: int
    group: str
    order: list[str]
    hidden: list[str]
    asked: dict[str, str]
    says: str
    q: str
    titles: list[str]
    units: list[str]
    tie: bool

    @property
    def word(self) -> str:
        return f"zq{self.number:03d}"

    @property
    def copies(self) -> list[str]:
        return self.order + self.hidden

    def __str__(self) -> str:
        return f"{self.number}: {self.group}: {'; '.join(self.order)} {self.asked or ''}"


def read_cases() -> list[Case]:
    found = []
    for group in yaml.safe_load((HERE / "truth.yaml").read_text("utf-8")):
        for given in group["cases"]:
            found.append(
                Case(
                    number=len(found) + 1,
                    group=group["group"],
                    order=[str(copy) for copy in given["order"]],
                    hidden=[str(copy) for copy in given.get("hidden", [])],
                    asked={**group.get("with", {}), **given.get("with", {})},
                    says=str(given.get("says", "")),
                    q=given.get("q", ""),
                    titles=given.get("titles", []),
                    units=given.get("units", []),
                    tie=given.get("tie", False),
                )
            )
    return found


CASES = read_cases()


def slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def read_places() -> list[Institution]:
    found = []
    for name, given in yaml.safe_load((HERE / "places.yaml").read_text("utf-8")).items():
        points = [ServicePoint(name="last_entry", hours=given["last_entry"])] if "last_entry" in given else []
        found.append(
            Institution(
                id=slug(name),
                name=name,
                kind=given["kind"],
                parent=slug(given.get("parent", "")),
                lat=MARKET[0] + given["km"] / KM_A_DEGREE if "km" in given else None,
                lon=MARKET[1] if "km" in given else None,
                country="GB",
                timezone=given.get("timezone", "Europe/London"),
                opening_hours=given["hours"],
                exceptions=[HoursException(first=given["closed_on"])] if "closed_on" in given else [],
                service_points=points,
                services=given.get("offers", []),
                closed=given.get("closed", False),
            )
        )
    return found


def holding(text: str) -> Holding:
    """The copy in "Place | service state [due DATE] and ... | age | pushed service state"."""
    place, said, *age = (part.strip() for part in text.split("|"))
    span = re.fullmatch(r"(\d+) ([hd])", age[0]) if age else None
    at = NOW - timedelta(**{_SPAN[span[2]]: int(span[1])}) if span else NOW
    states = []
    for part in said.split(" and ") if said != "nothing said" else []:
        service, state, *due = part.split()
        states.append(
            Availability(service=service, state=state, due=due[1] if due else "", checked_at=at)  # type: ignore[arg-type]
        )
    return Holding(branch=slug(place), availability=states)


def records_of(case: Case) -> list[CatalogueRecord]:
    rows = []
    for position, copies in enumerate(case.copies):
        title = case.titles[position] if case.titles else f"{case.word} {'abcdefgh'[position]}"
        title, _, creator = title.partition(" / ")
        rows.append(
            CatalogueRecord(
                source="table",
                record=f"{case.word}-{position}",
                title=title,
                creators=[Creator(name=creator)] if creator else [],
                type="object",
                unit_id=case.units[position] if case.units else "",
                holdings=[holding(copy) for copy in copies.split(" + ")],
            )
        )
    return rows


def pushed(ids: dict[str, int], numbers: dict[str, int]) -> list[Fact]:
    """What institutions told just now, by the ids of records and the numbers of institutions."""
    found = []
    for case in CASES:
        copies = [(position, copy) for position, thing in enumerate(case.copies) for copy in thing.split(" + ")]
        for position, copy in copies:
            place, *told = (part.strip() for part in copy.split("|"))
            if len(told) == 3:
                service, state = told[2].split()
                found.append(
                    Fact(
                        record=ids[f"{case.word}-{position}"],
                        institution=numbers[slug(place)],
                        service=service,  # type: ignore[arg-type]
                        state=state,  # type: ignore[arg-type]
                        how="pushed",
                        checked_at=NOW.isoformat(),
                    )
                )
    return found


class Table:
    """A context on the whole table's catalogue, and the record of each work."""

    def __init__(self, context: Context) -> None:
        self.context = context
        with context.database.connect() as connection:
            self._records = {row.work: row.record for row in works.memberships(connection)}

    def ask(self, case: Case) -> list[tuple[int, Any]]:
        """The answer's hits, each with the position of its copy in the case."""
        asked = {"q": case.q or case.word, "near": f"{MARKET[0]},{MARKET[1]}", "at": "2026-11-24T10:00", "limit": "100"}
        asked |= case.asked
        lang = asked.pop("lang", "en")
        request = understand(self.context, {name: [str(value)] for name, value in asked.items()}, lang)
        answer = search(self.context, request)
        assert answer.exact
        assert answer.total == len(answer.hits)
        return [(int(self._records[hit.id].rpartition("-")[2]), hit) for hit in answer.hits]


@pytest.fixture(scope="module", params=sorted(ENGINES))
def table(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    engine_settings: Callable[..., Settings],
) -> Iterator[Table]:
    settings = engine_settings(request.param, tmp_path_factory.mktemp("truth"))
    database, engine = open_database(settings.database), ENGINES[request.param](settings)
    rows = [row for case in CASES for row in records_of(case)]
    with database.begin() as connection:
        institutions.upsert(connection, read_places())
        number = sources.add(connection, Source(id="table", protocol="csv", location="x", format="csv"))
        run = harvest_runs.start(connection, number)
        page = [RawRecord(source="table", record=row.record, payload=msgspec.json.encode(row)) for row in rows]
        ids = {raw.record: id_ for id_, raw in raw_records.store_page(connection, number, run, page).new}
        harvest_runs.finish(connection, run, RunReport(status="complete"))
        records.upsert(connection, number, [(ids[row.record], row) for row in rows])
        numbers = {row.id: row.number for row in institutions.all_institutions(connection)}
        availability.put(connection, pushed(ids, numbers))
    rebuild(database, engine, settings)
    engine.close()
    database.close()
    context = open_context(settings, clock=lambda: NOW)
    yield Table(context)
    context.close()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_truth(case: Case, table: Table) -> None:
    hits = table.ask(case)
    got = [position for position, _ in hits]
    wanted = list(range(len(case.order)))
    assert sorted(got) == wanted, "these are found and no others"
    if case.tie:
        scores = [hit.score for _, hit in hits]
        assert max(scores) - min(scores) < 1e-6
    else:
        assert got == wanted
        scores = [round(hit.score, 6) for _, hit in hits]
        assert case.asked.get("sort") or all(a > b for a, b in pairwise(scores))
    if case.says:
        assert case.says in hits[0][1].best.reason


def test_the_table_is_large_and_complete() -> None:
    assert len(CASES) >= 200
    said = " ".join(copy for case in CASES for copy in case.copies)
    for name in yaml.safe_load((HERE / "places.yaml").read_text("utf-8")):
        assert name in said, f"{name} is in no case"
    for word in (
        "loan",
        "on_site",
        "interloan",
        "digital",
        "available",
        "limited",
        "expected",
        "unavailable",
        "unknown",
    ):
        assert word in said
    asked = {name for case in CASES for name in case.asked}
    assert asked >= {"at", "near", "mode", "open", "available", "within_km", "service", "kind", "institution", "sort"}

"""A generated catalogue for the ranking: works, institutions in cities, copies half of them near one another.

Words are drawn from a Zipf distribution, independently: AND matches are rarer and scores flatter than in real data.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from config.settings import Settings
from indexer.analysis import SENTINEL, sort_title, title_key
from indexer.engines.base import SearchEngine
from schemas.catalogue import SERVICES, STATES, Availability, CatalogueRecord, Holding, Source
from schemas.document import Document
from schemas.institution import Institution
from schemas.work import Edition, Work
from store import codec, institutions, sources, tables
from store.column_files import Pointer, point, write_base, writing
from store.column_rows import Rows
from store.database import Database
from store.packed_state import pack, quarter_of
from store.works import encode

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
VOCABULARY, CITIES = 200_000, 50
HOURS = [
    f"Mo-Fr {opens:02d}:{half}-{closes}:00; Sa {saturday}"
    for opens in (8, 9, 10, 13)
    for half in ("00", "30")
    for closes in (17, 18, 19, 20)
    for saturday in ("10:00-14:00", "off")
] + ["", "24/7", "Tu-Su 10:00-17:00"]
_BLOCK = 5000
_LETTERS = str.maketrans("0123456789", "abcdefghij")
_LANGUAGES, _TYPES = ("en", "de", "fr", "zh"), ("book", "serial", "image", "audio")


def cities(rng: np.random.Generator) -> np.ndarray:
    """Positions of the cities."""
    return np.column_stack([rng.uniform(40, 58, CITIES), rng.uniform(-8, 25, CITIES)])


def make_institutions(count: int, rng: np.random.Generator) -> list[Institution]:
    """Institutions, numbered along the cities."""
    at, city = cities(np.random.default_rng(7)), np.sort(rng.integers(0, CITIES, count))
    return [
        Institution(
            id=f"i{n}",
            name=f"Institution {n}",
            kind=("library", "museum", "archive")[n % 3],
            lat=float(at[c, 0] + rng.normal(0, 0.08)),
            lon=float(at[c, 1] + rng.normal(0, 0.12)),
            city=f"City {c}",
            country="GB",
            timezone="Europe/London",
            opening_hours=HOURS[int(rng.integers(0, len(HOURS)))],
        )
        for n, c in enumerate(city.tolist(), start=1)
    ]


def words(rng: np.random.Generator, count: int) -> list[str]:
    """Words by their rank: the first is the most frequent."""
    ranks = np.minimum(rng.zipf(1.15, count), VOCABULARY)
    return [word(rank) for rank in ranks.tolist()]


def word(rank: int) -> str:
    """A word of letters alone: digits would look like an identifier."""
    return "w" + str(rank).translate(_LETTERS)


def copies(works: int, places: int, rng: np.random.Generator) -> Rows:
    """Copies of works: 1 to 30, most of them few, half at institutions that are neighbours."""
    counts = np.minimum(rng.geometric(0.3, works), 30).astype(np.int64)
    total = int(counts.sum())
    home = np.repeat(rng.integers(1, places + 1, works), counts)
    near = (home + rng.integers(-15, 16, total) - 1) % places + 1
    institution = np.where(rng.random(total) < 0.5, near, rng.integers(1, places + 1, total)).astype(np.int32)
    ages = rng.choice([0, 2, 12, 48, 200], total)
    kinds = [(), *(((service, state),) for service in SERVICES[:2] for state in STATES)]
    packed = {
        (kind, age): pack(
            [Availability(service=service, state=state) for service, state in kinds[kind]],
            quarter_of(NOW) - age * 4,
        )
        for kind in range(len(kinds))
        for age in (0, 2, 12, 48, 200)
    }
    chosen = np.where(rng.random(total) < 0.4, 0, rng.integers(0, len(kinds), total))
    state = np.array([packed[pair] for pair in zip(chosen.tolist(), ages.tolist(), strict=True)], np.uint32)
    numbers = np.arange(1, works + 1)
    ordinal = (np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)).astype(np.int32)
    return Rows(numbers, counts, institution, state, np.repeat(numbers, counts), ordinal)


def documents(rows: Rows, rng: np.random.Generator) -> Iterator[tuple[Document, Work, CatalogueRecord]]:
    """The works with their documents and records."""
    ends = np.cumsum(rows.counts).tolist()
    start = 0
    for number, end in zip(rows.numbers.tolist(), ends, strict=True):
        title = words(rng, int(rng.integers(4, 13)))
        subject, text = words(rng, int(rng.integers(3, 9))), words(rng, int(rng.integers(0, 40)))
        language, type_ = _LANGUAGES[number % 4], _TYPES[number % 7 % 4]
        year = 1900 + number % 125
        held = rows.institution[start:end].tolist()
        start = end
        shown = " ".join(title)
        document = Document(
            number=number, title=[*title, SENTINEL], creator=[f"c{number % 5000}", SENTINEL],
            subject=[*subject, SENTINEL], text=[*text, SENTINEL], type=type_, language=[language],
            isbn=[], identifier=[], title_key=[title_key(shown)], institution=sorted(set(held)), year=year,
            sort_title=sort_title(shown),
        )  # fmt: skip
        work = Work(
            id=f"w{number}", number=number, title=shown, year=year, type=type_, languages=[language],
            editions=[Edition(id=f"e{number}", record_ids=[number])],
        )  # fmt: skip
        holdings = [Holding(branch=f"i{place}", call_number=f"QX {number}") for place in held]
        record = CatalogueRecord(source="all", record=str(number), title=shown, type="book", holdings=holdings)
        yield document, work, record


def fill(database: Database, engine: SearchEngine, settings: Settings, works: int, places: int) -> list[Institution]:
    """Store, index and columns of a catalogue, written directly: merging and harvesting have their own benchmarks."""
    rng = np.random.default_rng(42)
    made = make_institutions(places, rng)
    rows = copies(works, places, rng)
    writer = engine.open_generation("bench")
    with database.begin() as connection:
        institutions.upsert(connection, made)
        source = sources.add(connection, Source(id="all", protocol="csv", location="x", format="csv"))
    block: list[tuple[Document, Work, CatalogueRecord]] = []
    for item in documents(rows, rng):
        block.append(item)
        if len(block) == _BLOCK or item[1].number == works:
            writer.add([document for document, _, _ in block])
            _store(database, source, block)
            block = []
    writer.finish()
    engine.promote("bench")
    home: Path = settings.columns_home
    with writing(home):
        write_base(home, "base-1", [rows])
        point(home, Pointer(base="base-1"), None)
    return made


def _store(database: Database, source: int, block: list[tuple[Document, Work, CatalogueRecord]]) -> None:
    at = NOW.isoformat()
    with database.begin() as connection:
        connection.execute(
            insert(tables.works), [{"number": w.number, "id": w.id, "data": encode(w)} for _, w, _ in block]
        )
        connection.execute(
            insert(tables.raw_records),
            [
                {
                    "id": w.number, "source": source, "name": codec.key_of(r.record), "record": r.record, "digest": b"",
                    "payload": b"", "run": 1, "changed_at": at,
                }
                for _, w, r in block
            ],
        )  # fmt: skip
        connection.execute(
            insert(tables.records),
            [
                {"id": w.number, "source": source, "data": codec.compress(codec.to_json(r)), "work": w.number}
                for _, w, r in block
            ],
        )

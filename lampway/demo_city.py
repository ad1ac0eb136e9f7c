"""The sample city: its institutions, who of them holds what, and the feeds by which they offer it.

Everything here is sample data: the works are real, the institutions, editions and copies are made up.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from lampway import demo_unique
from lampway.demo_descriptions import Copy, csv_fields, marcxml, oai_dc, shelfmark
from lampway.demo_items import Item, draw, items, state_of
from lampway.demo_oai import OaiRecord, Repository
from schemas.catalogue import Source

if TYPE_CHECKING:
    from lampway.demo_server import DemoServer

LABEL = "sample data of the Lampway demo"
BRANCHES = ("irwell-central", "irwell-ancoats", "irwell-longsight", "irwell-chorlton", "irwell-didsbury")
Holds = Callable[[Item], float]
"""How likely an institution is to hold an item, 0..1."""

# Headers as exports of such systems have them: neutral name -> header.
ENGLISH = {
    "id": "Item ID", "title": "Title", "author": "Author", "isbn": "ISBN", "publisher": "Publisher", "year": "Year",
    "language": "Language", "type": "Format", "subjects": "Subjects", "branch": "Branch", "shelfmark": "Shelfmark",
    "status": "Status", "due": "Due date",
}  # fmt: skip
GERMAN = {
    "id": "Nummer", "title": "Titel", "author": "Verfasser", "isbn": "ISBN", "publisher": "Verlag", "year": "Jahr",
    "language": "Sprache", "type": "Medienart", "subjects": "Schlagwörter", "shelfmark": "Signatur",
    "status": "Status", "due": "Fällig am",
}  # fmt: skip
UNIQUE = {
    "id": "Accession number", "type": "Object type", "title": "Title", "creator": "Maker", "date": "Date",
    "material": "Material", "subject": "Subject", "description": "Description", "location": "Location",
    "status": "Status",
}  # fmt: skip
ARCHIVE = {
    "id": "Reference code", "type": "Type", "level": "Level", "title": "Title", "creator": "Creator", "date": "Dates",
    "material": "Extent", "path": "Part of", "description": "Description",
}  # fmt: skip


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """One source of the city: what ``sources add`` needs, with the name under which the demo's server offers it."""

    source: str
    protocol: str
    format: str
    institution: str
    name: str


FEEDS = tuple(
    Feed(source=source, protocol=protocol, format=format_, institution=institution, name=name)
    for source, protocol, format_, institution, name in (
        ("irwell-libraries", "csv", "csv", "irwell-central", "irwell-libraries.csv"),
        ("cottonopolis", "oai", "marcxml", "cottonopolis-university", "cottonopolis"),
        ("lantern-house", "oai", "marcxml", "lantern-house", "lantern-house"),
        ("mosley", "oai", "marcxml", "mosley-subscription", "mosley"),
        ("german-reading-room", "csv", "csv", "german-reading-room", "lesesaal.csv"),
        ("levant-room", "oai", "oai_dc", "levant-room", "levant"),
        ("museum-of-work", "csv", "csv", "museum-of-work", "museum-of-work.csv"),
        ("canal-gallery", "oai", "oai_dc", "canal-gallery", "canal-gallery"),
        ("map-museum", "csv", "csv", "map-museum", "maps.tsv"),
        ("record-office", "csv", "csv", "record-office", "record-office.csv"),
        ("labour-archive", "oai", "oai_dc", "labour-archive", "labour-archive"),
        ("film-archive", "oai", "oai_dc", "film-archive", "film-archive"),
    )
)


class City(msgspec.Struct, kw_only=True):
    """What the city's institutions offer on one day."""

    repositories: dict[str, Repository]
    files: dict[str, bytes]

    def sources(self, server: DemoServer) -> list[Source]:
        """The feeds as sources at the server's addresses."""
        return [
            Source(
                id=feed.source,
                protocol=feed.protocol,
                location=server.url(feed.name),
                format=feed.format,
                institution=feed.institution,
            )
            for feed in FEEDS
        ]


def build(today: date) -> City:
    """Make every catalogue.

    Args:
        today: loans are due in the four weeks after it; two calls for the same day give the same bytes.
    """
    everything = list(items())
    units = demo_unique.archive_units
    return City(
        repositories={
            "cottonopolis": _marc("cottonopolis", "Cottonopolis University", everything, _university, "latin", today),
            "lantern-house": _marc("lantern-house", "Lantern House", everything, _lantern, "hant", today),
            "mosley": _marc("mosley", "Mosley Subscription Library", everything, _mosley, "latin", today),
            "levant": _dublin("levant", "Levant Reading Room", _held("levant", everything, _levant)),
            "canal-gallery": _dublin("canal-gallery", "Gallery at the Canal Basin", demo_unique.pictures()),
            "labour-archive": _dublin("labour-archive", "Archive of Labour and Co-operation", units("labour-archive")),
            "film-archive": _dublin(
                "film-archive",
                "Northern Reel Film Archive",
                [*demo_unique.amateur_films(), *_held("film-archive", everything, _films)],
            ),
        },
        files={
            "irwell-libraries.csv": _table(ENGLISH, _city_rows(everything, today)),
            "lesesaal.csv": _table(GERMAN, _german_rows(everything, today), delimiter=";"),
            "museum-of-work.csv": _table(UNIQUE, map(_object_row, demo_unique.museum_objects())),
            "maps.tsv": _table(UNIQUE, map(_object_row, demo_unique.maps_and_instruments()), delimiter="\t"),
            "record-office.csv": _table(ARCHIVE, map(_unit_row, units("record-office"))),
        },
    )


def _city_libraries(item: Item) -> float:
    if item.type in {"article", "serial"}:
        return 0
    return {"en": 0.8, "zh": 0.35, "ar": 0.3, "fr": 0.2, "es": 0.2}.get(item.language, 0.12)


def _university(item: Item) -> float:
    return 1 if item.type in {"article", "serial"} else {"book": 0.5, "score": 0.9, "video": 0.4}[item.type]


def _lantern(item: Item) -> float:
    about_asia = item.seed is not None and item.seed.language in {"zh", "ja"}
    if item.type in {"article", "serial", "score"}:
        return 0
    return {"zh": 0.85, "ja": 0.5}.get(item.language, 0.5 if about_asia and item.language == "en" else 0)


def _mosley(item: Item) -> float:
    old = item.type == "book" and (item.year or 0) < 1990
    return {"en": 0.8, "la": 0.8, "grc": 0.8, "it": 0.6, "fr": 0.3}.get(item.language, 0) if old else 0


def _german(item: Item) -> float:
    return 0.85 if item.language == "de" and item.type in {"book", "score"} else 0


def _levant(item: Item) -> float:
    arabic = item.seed is not None and item.seed.language == "ar"
    return 1 if item.language == "ar" and item.type == "book" else 0.8 if arabic and item.type == "book" else 0


def _films(item: Item) -> float:
    return 0.7 if item.type == "video" else 0


def _held(holder: str, everything: Iterable[Item], holds: Holds) -> Iterator[Item]:
    return (item for item in everything if draw(f"{holder}|{item.key}").random() < holds(item))


def _copies(holder: str, item: Item, branches: list[str], today: date) -> list[Copy]:
    copies = []
    for branch in branches:
        state, due = state_of(f"{holder}|{branch}|{item.key}", today)
        if branch in {"CUS", "MSL"} or item.type in {"article", "serial"}:
            state, due = "reference", ""
        barcode = f"{draw(f'{holder}|{branch}|{item.key}').randrange(10**9, 10**10)}"
        copies.append(Copy(barcode=barcode, branch=branch, shelf=shelfmark(item), state=state, due=due))
    return copies


def _branches(holder: str, item: Item) -> list[str]:
    """Codes of the places of a library with MARC records where copies of an item stand."""
    rng = draw(f"branches|{holder}|{item.key}")
    if holder != "cottonopolis":
        return [{"lantern-house": "LHC", "mosley": "MSL"}[holder]]
    if item.type in {"score", "video"}:
        return ["CUM"]
    return ["CUS"] if item.type in {"article", "serial"} else rng.choice([["CUL"], ["CUL"], ["CUL", "CUS"]])


def _marc(holder: str, name: str, everything: list[Item], holds: Holds, chinese: str, today: date) -> Repository:
    records = []
    for number, item in enumerate(_held(holder, everything, holds), 1):
        copies = _copies(holder, item, _branches(holder, item), today)
        lent = any(copy.due for copy in copies)  # a loan moves from day to day, so its record changed today
        changed = today if lent else _some_day(item.key)
        xml = marcxml(item, f"{holder[:3]}{number:06d}", copies, chinese, changed, koha=holder == "lantern-house")
        dublin = oai_dc(item, chinese, name)
        records.append(_oai(holder, number, changed, {"marcxml": xml, "oai_dc": dublin}, item.type))
    gone = [_oai(holder, number, _some_day(f"{holder}{number}"), {}, "book") for number in range(90_001, 90_006)]
    return _repository(name, records + gone)


def _dublin(holder: str, name: str, held: Iterable[Item]) -> Repository:
    return _repository(
        name,
        [
            _oai(holder, number, _some_day(item.key), {"oai_dc": oai_dc(item, "hant", name)}, item.type)
            for number, item in enumerate(held, 1)
        ],
    )


def _oai(holder: str, number: int, changed: date, metadata: dict[str, bytes], set_: str) -> OaiRecord:
    return OaiRecord(
        identifier=f"oai:{holder}.example:{number}",
        datestamp=f"{changed.isoformat()}T00:00:00Z",
        sets=(set_,),
        metadata=metadata,
    )


def _repository(name: str, records: list[OaiRecord]) -> Repository:
    sets = {spec: spec.capitalize() for record in records for spec in record.sets}
    return Repository(f"{name} ({LABEL})", records, sets=dict(sorted(sets.items())))


def _some_day(key: str) -> date:
    return date.fromordinal(date(2019, 1, 1).toordinal() + draw(f"day|{key}").randrange(2400))


def _city_rows(everything: list[Item], today: date) -> Iterator[dict[str, str]]:
    for item in _held("irwell", everything, _city_libraries):
        rng = draw(f"irwell|{item.key}|branches")
        branches = rng.sample(BRANCHES, rng.choice((1, 1, 2, 3)))
        if rng.random() < 0.06:
            branches.append("irwell-locker")
        for copy in _copies("irwell", item, branches, today):
            row = csv_fields(item, copy, "English")
            yield row | {"type": {"video": "DVD", "score": "Sheet music"}.get(item.type, "Book")}


def _german_rows(everything: list[Item], today: date) -> Iterator[dict[str, str]]:
    for item in _held("lesesaal", everything, _german):
        for copy in _copies("lesesaal", item, ["DLK"], today):
            yield csv_fields(item, copy, "German") | {"type": "Noten" if item.type == "score" else "Buch"}


def _object_row(item: Item) -> dict[str, str]:
    return {
        "id": item.unit_id, "type": item.kind, "title": item.title, "creator": "; ".join(item.creators),
        "date": item.date, "material": item.extent, "subject": "; ".join(item.subjects),
        "description": item.description, "location": item.location, "status": item.state,
    }  # fmt: skip


def _unit_row(item: Item) -> dict[str, str]:
    return _object_row(item) | {"type": "Archival unit", "level": item.kind, "path": " > ".join(item.path)}


def _table(headers: dict[str, str], rows: Iterable[dict[str, str]], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(headers.values())
    for row in rows:
        writer.writerow(row.get(name, "") for name in headers)
    return text.getvalue().encode("utf-8-sig")

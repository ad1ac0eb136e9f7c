"""Field coverage on real catalogues: what share of their records is normalised, and which fields they get.

``python -m benchmarks.coverage [NAME]...`` walks the catalogues of ``benchmarks.coverage_sources`` in the folder that
LAMPWAY_TEST_DATA names and prints a Markdown table. Nothing is stored; it is read as a harvest would read it.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from benchmarks.coverage_sources import CATALOGUES, Catalogue
from harvester.fetching import Client, FetchError
from harvester.formats import FORMATS
from harvester.formats.base import MappingError
from harvester.normalise import read_all
from harvester.protocols import PROTOCOLS
from harvester.protocols.base import Page
from schemas.catalogue import CatalogueRecord, Source
from store.sources import SourceState

_FIELDS: dict[str, Callable[[CatalogueRecord], object]] = {
    "title": lambda record: record.title,
    "creator": lambda record: record.creators,
    "date": lambda record: record.year is not None or record.date,
    "language": lambda record: record.languages,
    "identifiers": lambda record: record.isbns or record.issns or record.identifiers,
    "holdings": lambda record: record.holdings,
}


class Coverage(msgspec.Struct, kw_only=True):
    """Counts of one catalogue: ``records`` = ``normalised`` + ``quarantined`` + ``deleted``."""

    records: int = 0
    normalised: int = 0
    quarantined: int = 0
    deleted: int = 0
    fields: Counter[str] = msgspec.field(default_factory=Counter)
    reasons: Counter[str] = msgspec.field(default_factory=Counter)


def measure(catalogue: Catalogue, folder: Path, client: Client) -> Coverage:
    """Read all files of a catalogue.

    Raises:
        FetchError: there is no such file, or it cannot be read at all.
        MappingError: the catalogue's columns or mapping cannot be used.
    """
    files = sorted(folder.glob(catalogue.glob))
    if not files:
        raise FetchError(f"no file {catalogue.glob}")
    found = Coverage()
    for file in files:
        source = Source(
            id="coverage", protocol=catalogue.protocol, location=str(file), format=catalogue.format,
            mapping_text=catalogue.mapping,
        )  # fmt: skip
        try:
            _measure_file(catalogue, source, file, client, found)
        except FetchError as error:
            if len(files) == 1:
                raise
            found.reasons[f"the whole file: {error}"] += 1
    return found


def _measure_file(catalogue: Catalogue, source: Source, file: Path, client: Client, found: Coverage) -> None:
    read = FORMATS[source.format](source)
    for page in _pages(catalogue, source, file, client):
        live = [(0, raw) for raw in page.records if not raw.deleted]
        done, failed = read_all(live, read)
        found.records += len(page.records) + len(page.quarantined)
        found.deleted += len(page.records) - len(live)
        found.normalised += len(done)
        found.quarantined += len(page.quarantined) + len(failed)
        found.reasons.update(row.reason for row in (*page.quarantined, *failed))
        for _, record in done:
            found.fields.update(name for name, has in _FIELDS.items() if has(record))


def _pages(catalogue: Catalogue, source: Source, file: Path, client: Client) -> Iterator[Page]:
    if catalogue.pages is not None:
        yield from catalogue.pages(file)
    else:
        yield from PROTOCOLS[source.protocol](source, SourceState(), {}, True, client).pages()


def table(names: list[str], folder: Path) -> list[str]:
    """The Markdown table of the named catalogues (by the beginning of their names), or of all."""
    head = ["source", "records", "normalised", "quarantined", *_FIELDS]
    lines = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    client = Client()
    notes: list[str] = []
    try:
        for catalogue in CATALOGUES:
            if names and not catalogue.name.startswith(tuple(names)):
                continue
            try:
                found = measure(catalogue, folder, client)
            except (FetchError, MappingError) as error:
                lines.append(f"| {catalogue.name} | cannot be read: {error} |{' |' * (len(head) - 2)}")
                continue
            live = found.records - found.deleted
            cells = [catalogue.name, f"{found.records:,}", _share(found.normalised, live), f"{found.quarantined:,}"]
            cells += [_share(found.fields[name], found.normalised) for name in _FIELDS]
            lines.append(f"| {' | '.join(cells)} |")
            notes += [f"- {catalogue.name}: {count:,} × {reason}" for reason, count in found.reasons.most_common(5)]
    finally:
        client.close()
    return [*lines, "", "Quarantined, by reason:", "", *notes] if notes else lines


def _share(part: int, whole: int) -> str:
    """A share in per cent that says 100 and 0 only where it is all or nothing."""
    if not whole or part == whole:
        return "100 %" if whole else "-"
    return f"{min(max(part / whole * 100, 0.1 if part else 0.0), 99.9):.1f} %"


def main() -> int:
    """Print the table."""
    folder = os.environ.get("LAMPWAY_TEST_DATA", "")
    if not folder or not Path(folder).is_dir():
        print("LAMPWAY_TEST_DATA must name the folder of the real catalogues", file=sys.stderr)
        return 2
    print("\n".join(table(sys.argv[1:], Path(folder))))
    return 0


if __name__ == "__main__":
    sys.exit(main())

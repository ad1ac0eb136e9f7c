"""Tries a source without storing anything: what it says of itself, its first page, a few records as they would be."""

from __future__ import annotations

from itertools import islice
from typing import Literal

import msgspec

from harvester.csv_preview import preview
from harvester.fetching import Client, FetchError
from harvester.formats import FORMATS
from harvester.formats.base import MappingError
from harvester.normalise import read_all
from harvester.protocols import PROTOCOLS, oai_identify
from harvester.protocols.oai_pages import BadPageError
from harvester.protocols.oai_sickle import Harvester
from schemas.catalogue import CatalogueRecord, Source
from store.sources import SourceState

SAMPLES = 5
_MOST_SETS_SHOWN = 20


class Trial(msgspec.Struct, kw_only=True):
    """What a trial found."""

    verdict: Literal["works", "with care", "cannot"] = "works"
    location: str
    facts: list[str] = msgspec.field(default_factory=list)
    problems: list[str] = msgspec.field(default_factory=list)
    samples: list[CatalogueRecord] = msgspec.field(default_factory=list)

    def in_words(self) -> list[str]:
        """Lines for people."""
        words = {"works": "works", "with care": "works, with care", "cannot": "cannot be harvested"}
        lines = [f"{self.location} {words[self.verdict]}."]
        lines += [f"  {fact}" for fact in self.facts]
        lines += [f"  ! {problem}" for problem in self.problems]
        for record in self.samples:
            names = "; ".join(creator.name for creator in record.creators)
            rest = ", ".join(str(part) for part in (names, record.year, record.type, *record.languages) if part)
            copies = f", {len(record.holdings)} holdings" if record.holdings else ""
            lines.append(f"  - {record.title or '(no title)'} ({rest}{copies}) [{record.record}]")
        return lines


def try_source(source: Source, client: Client) -> Trial:
    """Try a source. Whatever is wrong with it stands in the result."""
    trial = Trial(location=source.location)
    try:
        client.begin(source)
        if source.protocol == "oai":
            _introduce(source, client, trial)
        read = FORMATS[source.format](source)
        fetch = PROTOCOLS[source.protocol](source, SourceState(), {}, True, client)
        page = next(iter(fetch.pages()), None)
    except (FetchError, BadPageError, MappingError) as error:
        trial.verdict = "cannot"
        trial.problems.append(str(error))
        return trial
    if page is None or not (page.records or page.quarantined):
        trial.problems.append("it has no records")
        trial.verdict = "with care"
        return trial
    if source.protocol == "csv":
        trial.facts += preview(source, page.records)
    size = f" of {page.expected:,}" if page.expected else ""
    trial.facts.append(f"the first page has {len(page.records) + len(page.quarantined):,} records{size}")
    live = [(0, raw) for raw in page.records if not raw.deleted]
    done, failed = read_all(live, read)
    trial.samples = [record for _, record in islice(done, SAMPLES)]
    for row in (*page.quarantined, *failed)[:SAMPLES]:
        trial.problems.append(f"{row.record or row.position}: {row.reason}")
    broken = len(page.quarantined) + len(failed)
    if broken:
        trial.facts.append(f"{broken:,} of them cannot be read")
        trial.verdict = "with care" if done else "cannot"
    untitled = sum(not record.title for _, record in done)
    if untitled:
        trial.problems.append(f"{untitled:,} of {len(done):,} records have no title")
    trial.facts += fetch.notes  # how it was read; by itself nothing to be careful about
    if trial.problems and trial.verdict == "works":
        trial.verdict = "with care"
    return trial


def _introduce(source: Source, client: Client, trial: Trial) -> None:
    """What an OAI-PMH server says of itself."""
    harvester = Harvester(source.location, client)
    identity = oai_identify.identify(harvester)
    if not identity.trouble:
        trial.facts.append(
            f"{identity.repository_name or 'without a name'}, contact {identity.admin_email or 'not given'}, "
            f"datestamps to the {'day' if identity.granularity == oai_identify.DAY else 'second'}, "
            f"deletions: {identity.deleted_record or 'not said'}"
        )
    try:
        formats = oai_identify.list_formats(harvester)
        trial.facts.append("formats: " + ", ".join(item.prefix for item in formats))
    except (FetchError, BadPageError) as error:
        trial.problems.append(f"it does not list its formats: {error}")
    try:
        sets = oai_identify.list_sets(harvester)
    except (FetchError, BadPageError) as error:
        trial.problems.append(f"it does not list its sets: {error}")
        return
    names = ", ".join(name for name, _ in sets[:_MOST_SETS_SHOWN])
    more = f" and {len(sets) - _MOST_SETS_SHOWN:,} more" if len(sets) > _MOST_SETS_SHOWN else ""
    trial.facts.append(f"sets: {names}{more}" if sets else "it has no sets")

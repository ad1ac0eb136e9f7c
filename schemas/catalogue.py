"""What a source sends and what one institution's description says: Source, RawRecord, CatalogueRecord, Holding."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

import msgspec

from schemas.bindings import Binding

RecordType = Literal[
    "book", "serial", "article", "manuscript", "archive", "score", "map", "image", "audio", "video", "object",
    "software", "other",
]  # fmt: skip
RECORD_TYPES: tuple[str, ...] = get_args(RecordType)

UNIQUE_TYPES = frozenset({"object", "archive", "manuscript"})
"""Types whose things exist once: a museum's object or an archive's unit merges with nothing."""

Service = Literal["loan", "on_site", "interloan", "digital"]
"""The services of DAIA 1.0 (presentation = on_site, openaccess/remote = digital)."""
SERVICES: tuple[Service, ...] = get_args(Service)

State = Literal["available", "limited", "expected", "unavailable", "unknown"]
STATES: tuple[State, ...] = get_args(State)


class Availability(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The state of one holding for one service, when that was known, and how."""

    service: Service
    state: State = "unknown"
    due: str = ""
    """ISO date on which it is expected back, where the source says so."""
    checked_at: datetime | None = None
    """When the state was true (time zone aware). None: as old as the record's harvest."""
    how: Literal["catalogue", "pushed", "file", "live"] = "catalogue"


class Holding(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A copy, or a set of copies, of a record at one place.

    ``institution`` and ``branch`` are the source's own words; which Institution they mean is decided when the index
    is built, from the registry as it is then (see ``store.institutions.Resolver``).
    """

    key: str = ""
    """The source's own name of the copy (barcode, item id); empty when it has none."""
    institution: str = ""
    branch: str = ""
    location: str = ""
    """Where inside the building: collection, floor, gallery, reading room."""
    call_number: str = ""
    copies: int = 1
    status: str = ""
    """The source's own words, kept for the display and for a changed value map."""
    availability: list[Availability] = msgspec.field(default_factory=list)
    note: str = ""
    url: str = ""


class Creator(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person or body, with the MARC relator code of what they did ("" = not said)."""

    name: str
    role: str = ""


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """An address the source gives, with its label."""

    url: str
    label: str = ""


class Host(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Where an article stands: its journal or collection, volume, issue and pages."""

    title: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    issn: str = ""


class CatalogueRecord(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One institution's description of one thing, normalised.

    ``record`` is the source's own identifier: the OAI identifier, MARC 001, the CSV's id column (else its row number).
    Languages are BCP 47 tags, shortest form ("en", "zh", "grc"). ISBNs are valid ISBN-13 without hyphens, ISSNs valid
    with hyphen; other identifiers are "scheme:value" (doi, oclc, lccn, invalid-isbn ...).
    """

    source: str
    record: str
    deleted: bool = False
    datestamp: str = ""
    title: str = ""
    other_titles: list[str] = msgspec.field(default_factory=list)
    """Other forms of the title: original script (880), parallel, variant, uniform."""
    uniform_title: str = ""
    part: str = ""
    """Number and name of the part or volume ("2, Theory"); different parts never merge."""
    creators: list[Creator] = msgspec.field(default_factory=list)
    publisher: str = ""
    publication_place: str = ""
    year: int | None = None
    """Of publication or making; the first year of a span. Negative = BCE."""
    date: str = ""
    """The date in the source's words."""
    edition: str = ""
    type: RecordType = "other"
    languages: list[str] = msgspec.field(default_factory=list)
    isbns: list[str] = msgspec.field(default_factory=list)
    bindings: dict[str, Binding] = msgspec.field(default_factory=dict)
    """ISBN -> what this one is bound in, where the source says so beside it ("(pbk.)")."""
    issns: list[str] = msgspec.field(default_factory=list)
    identifiers: list[str] = msgspec.field(default_factory=list)
    subjects: list[str] = msgspec.field(default_factory=list)
    series: list[str] = msgspec.field(default_factory=list)
    extent: str = ""
    description: str = ""
    links: list[Link] = msgspec.field(default_factory=list)
    thumbnail: str = ""
    host: Host | None = None
    unit_id: str = ""
    """An object's accession number or an archive unit's reference code."""
    path: list[str] = msgspec.field(default_factory=list)
    """Titles of the archive units above this one, outermost first."""
    rights: str = ""
    holdings: list[Holding] = msgspec.field(default_factory=list)

    @property
    def unique(self) -> bool:
        """Whether the thing exists once, so that the record merges with nothing."""
        return self.type in UNIQUE_TYPES


class RecordHoldings(msgspec.Struct, kw_only=True):
    """The part of a CatalogueRecord that says where the thing is: reading no more takes a third of the time."""

    record: str
    deleted: bool = False
    holdings: list[Holding] = msgspec.field(default_factory=list)


WITHHELD = "none"
"""The licence of descriptions that are shown here and given to nobody else."""


class Source(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One feed of one institution: how and from where its records come."""

    id: str
    protocol: str
    """A key of ``harvester.protocols.PROTOCOLS``: oai, csv, marc."""
    location: str
    """URL, or path of a file."""
    format: str
    """A key of ``harvester.formats.FORMATS``: oai_dc, marcxml, csv ..."""
    institution: str = ""
    sets: list[str] = msgspec.field(default_factory=list)
    prefix: str = ""
    """OAI metadataPrefix where it is not the format's usual one."""
    mapping: str = ""
    """Path of a mapping file; its content is in ``mapping_text`` so that a moved file changes nothing."""
    mapping_text: str = ""
    encoding: str = ""
    licence: str = ""
    """Of the descriptions, as the institution states it; "" = not known."""
    delta: bool = False
    """A file that only adds, changes and deletes records: what is not in it has not vanished."""
    auth: str = ""
    """How to log in, KIND:NAME ("basic:reader"), without the secret; empty = no login."""
    sealed: str = ""
    """The secret of the login, encrypted; never shown."""
    schedule: str = ""
    """Cron expression; empty = the operator's for all sources, else only by hand."""
    full_schedule: str = ""
    """Cron expression of runs that ask for the whole list, and so find what vanished from it without a word."""
    window: str = ""
    """Hours of the day in which the schedule may harvest ("20:00-06:00"), in the institution's time zone."""
    scheduled_at: str = ""
    """When the schedule was set (ISO, UTC): what it would have asked for before is not owed."""
    wanted_at: str = ""
    """When a person last asked the worker for a run (ISO, UTC), beside the schedule."""
    paused: bool = False
    """The schedule leaves it alone."""

    @property
    def withheld(self) -> bool:
        """Whether its descriptions are shown here only: no harvester, feed or export gets them."""
        return self.licence == WITHHELD


class RawRecord(msgspec.Struct, kw_only=True):
    """What the source sent for one identifier, byte for byte."""

    source: str
    record: str
    payload: bytes
    """The record's own bytes: the XML of <record>, the MARC bytes, the CSV row as JSON list under its header."""
    datestamp: str = ""
    deleted: bool = False
    digest: bytes = b""
    """blake2b-128 of the payload; filled in by the store when empty."""


class Quarantined(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A record that could not be read: where it stood, why, and its bytes, so that nothing is lost."""

    source: str
    record: str
    reason: str
    position: str = ""
    """"byte 8123", "row 17", "page 3 record 5"."""
    payload: bytes = b""
    stage: Literal["fetch", "normalise"] = "fetch"

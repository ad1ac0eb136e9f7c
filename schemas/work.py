"""Work and Edition: records that describe the same thing, grouped for the result list."""

from __future__ import annotations

import msgspec

from schemas.catalogue import Creator, Host, Link


class Edition(msgspec.Struct, omit_defaults=True, kw_only=True):
    """Records that describe the same thing you would accept if asked for this one."""

    id: str
    record_ids: list[int]
    """Row numbers of the store's records, ascending."""
    year: int | None = None
    languages: list[str] = msgspec.field(default_factory=list)
    isbns: list[str] = msgspec.field(default_factory=list)
    publisher: str = ""
    edition: str = ""


class Work(msgspec.Struct, omit_defaults=True, kw_only=True):
    """Editions of the same work, with the merged description shown for all of them.

    ``number`` is the dense integer the engines and the columns use; ``id`` the public, stable one.
    """

    id: str
    number: int = 0
    title: str = ""
    other_titles: list[str] = msgspec.field(default_factory=list)
    part: str = ""
    creators: list[Creator] = msgspec.field(default_factory=list)
    publisher: str = ""
    publication_place: str = ""
    year: int | None = None
    date: str = ""
    type: str = "other"
    languages: list[str] = msgspec.field(default_factory=list)
    isbns: list[str] = msgspec.field(default_factory=list)
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
    path: list[str] = msgspec.field(default_factory=list)
    editions: list[Edition] = msgspec.field(default_factory=list)

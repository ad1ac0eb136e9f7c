"""The seam of the formats: what a renderer is given, and how it is registered.

A renderer is a function of a thing that is shown (``search_api.views``) and a ``Frame``; it returns bytes. It asks
nobody: no store, no engine, no clock. So all formats say the same as the page and the JSON of the API.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from urllib.parse import quote

import msgspec

from schemas.answer import Answer
from schemas.catalogue import Host, Link
from schemas.query import SearchRequest
from schemas.work import Work
from search_api.views import InstitutionList, InstitutionView, WorkView

Subject = Literal["work", "holdings", "institution", "institutions", "results"]


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What stands around the thing: where we are, for whom and when it is told."""

    base: str
    """Our own address without a slash at the end (LAMPWAY_PUBLIC_URL); the only source of absolute addresses."""
    address: str = ""
    """The whole address of this very answer, below ``base``."""
    moment: datetime
    """To which the age of a status counts: the later of now and the moment asked about."""
    lang: str = "en"
    """Language of texts for people."""
    next: str = ""
    """Address of the page of results that follows; empty = none."""

    marc: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """MARC <record>s as a source sent them, by the ids of their works; filled for formats that want them."""

    def work(self, id_: str) -> str:
        """The address of a work for the world; its name as a URI too."""
        return f"{self.base}/works/{quote(id_, safe='')}"

    def citable(self, id_: str) -> str:
        """The address of a work for a file that leaves this place; empty where no public address is set."""
        return self.work(id_) if self.base else ""

    def institution(self, id_: str) -> str:
        """The address of an institution for the world; its name as a URI too."""
        return f"{self.base}/institutions/{quote(id_, safe='')}"


class Results(msgspec.Struct, kw_only=True):
    """A page of a search. ``works`` are the whole descriptions of the hits, in their order."""

    request: SearchRequest
    answer: Answer
    works: Sequence[Work]
    changed: Mapping[int, str] = msgspec.field(default_factory=dict)
    """Number of a work -> when what is said of it, or who has it, last changed: ``2026-11-24T10:00:00Z``."""
    withheld: Collection[int] = ()
    """Positions on the page, from 0, of hits that are given to nobody: ``works`` and hits are without them."""


# What follows is told by the structs that fit: schemas.work.Work and views.WorkView.
# ruff: noqa: D102


class Named(Protocol):
    """A person or body with the MARC relator code of what they did."""

    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...


class Described(Protocol):
    """The description of a work: what ``Work`` and ``WorkView`` have in common. Bibliographic formats need no more."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def other_titles(self) -> Sequence[str]: ...
    @property
    def part(self) -> str: ...
    @property
    def creators(self) -> Sequence[Named]: ...
    @property
    def publisher(self) -> str: ...
    @property
    def publication_place(self) -> str: ...
    @property
    def year(self) -> int | None: ...
    @property
    def date(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def languages(self) -> Sequence[str]: ...
    @property
    def isbns(self) -> Sequence[str]: ...
    @property
    def issns(self) -> Sequence[str]: ...
    @property
    def identifiers(self) -> Sequence[str]: ...
    @property
    def subjects(self) -> Sequence[str]: ...
    @property
    def series(self) -> Sequence[str]: ...
    @property
    def extent(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def links(self) -> Sequence[Link]: ...
    @property
    def host(self) -> Host | None: ...
    @property
    def unit_id(self) -> str: ...
    @property
    def path(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format: its names, and a function for everything it can tell; None = it cannot."""

    media_type: str
    """As it is sent; without its parameters it is what an Accept header asks for."""
    suffix: str
    """End of the addresses that always give this format: "/works/ID.ris"."""
    work: Callable[[WorkView, Frame], bytes] | None = None
    holdings: Callable[[WorkView, Frame], bytes] | None = None
    institution: Callable[[InstitutionView, Frame], bytes] | None = None
    institutions: Callable[[InstitutionList, Frame], bytes] | None = None
    results: Callable[[Results, Frame], bytes] | None = None
    download: bool = False
    """People save it as a file: it comes with a file name, and of a search up to MOST_SAVED results at once."""
    wants_marc: bool = False
    """Renders MARC records as they were sent, where there are any (``Frame.marc``)."""

    @property
    def type(self) -> str:
        """The media type without parameters."""
        return self.media_type.partition(";")[0]


MOST_SAVED = 500


def bibliographic(
    media_type: str, suffix: str, write: Callable[[Sequence[Described], Frame], bytes], *, wants_marc: bool = False
) -> Format:
    """A format of descriptions: one function writes one work as well as the hits of a search."""
    return Format(
        media_type=media_type,
        suffix=suffix,
        work=lambda work, frame: write([work], frame),
        results=lambda results, frame: write(results.works, frame),
        download=True,
        wants_marc=wants_marc,
    )

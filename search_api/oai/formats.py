"""In which formats works are set out. ``FORMATS`` is the registry: one line each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from search_api.marc_records import stored_records
from search_api.oai.copies import copies
from search_api.oai.described import Described
from search_api.oai.identity import Identity
from search_api.oai.stored_marc import is_as_sent, preferred
from search_api.renderers import dublin_core, marcxml
from search_api.renderers.dublin_core import OAI_DC, OAI_DC_SCHEMA
from search_api.renderers.marcxml import MARC, MARC_SCHEMA
from search_api.renderers.xml import Element
from store import records
from store.database import Connection
from store.dated_works import Origin
from store.holdings import PlacedHolding, place
from store.institutions import Resolver

Written = tuple[Element, int]
"""The metadata of a work, and the row of the record that it is, unaltered; 0 = it was made of several, or altered."""
Write = Callable[[Connection, Sequence[Described], Identity, Resolver], list[Written]]
"""Writes the works of a page."""


class Format(msgspec.Struct, frozen=True):
    """A format by its metadataPrefix."""

    namespace: str
    schema: str
    write: Write


def _dublin_core(
    connection: Connection, page: Sequence[Described], identity: Identity, resolver: Resolver
) -> list[Written]:
    return [(dublin_core.element(one.work, identity.page(one.work.id)), 0) for one in page]


def _marc(connection: Connection, page: Sequence[Described], identity: Identity, resolver: Resolver) -> list[Written]:
    chosen = {one.dated.work: origin for one in page if (origin := preferred(one.origins))}
    stored = stored_records(connection, list(chosen.values()))
    made_of = [origin.row for one in page if _row(chosen, one) not in stored for origin in one.origins]
    described = records.with_sources(connection, made_of)
    written: list[Written] = []
    for one in page:
        row = _row(chosen, one)
        if row in stored:
            written.append((stored[row], row if is_as_sent(chosen[one.dated.work].source) else 0))
        else:
            written.append((_made(one, place(one.work, described, resolver), identity), 0))
    return written


def _made(one: Described, holdings: Sequence[PlacedHolding], identity: Identity) -> Element:
    """A record made of the merged description, with the copies."""
    return marcxml.element(
        one.work,
        identity.page(one.work.id),
        system=identity.host,
        changed="".join(character for character in one.dated.datestamp if character.isdigit()),
        more=copies(holdings),
    )


def _row(chosen: dict[int, Origin], one: Described) -> int:
    return chosen[one.dated.work].row if one.dated.work in chosen else 0


FORMATS: dict[str, Format] = {
    "oai_dc": Format(OAI_DC, OAI_DC_SCHEMA, _dublin_core),
    "marcxml": Format(MARC, MARC_SCHEMA, _marc),
    "marc21": Format(MARC, MARC_SCHEMA, _marc),
}
"""``marc21`` is ``marcxml`` under the other name that harvesters know it by."""

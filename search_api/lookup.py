"""What an identifier that other programs use means here: an address of ours, an ISBN or ISSN, a record of a source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote

import msgspec

from schemas.catalogue import Source
from schemas.identifiers import isbn13
from schemas.query import EngineQuery, Terms
from search_api.asked_numbers import standard_number
from search_api.context import Context
from search_api.registry import Registry
from search_api.views import HoldingView, WorkView
from store import raw_records, sources, works

MOST_WORKS = 20
"""Works that one identifier may mean: more share an ISBN only by mistake."""
_MOST_MATCHES = 5000


class Meant(msgspec.Struct, frozen=True, kw_only=True):
    """A work that an identifier means, wholly or in part."""

    work: str
    isbn: str = ""
    """Only the editions with it."""
    record: str = ""
    """Only what the records of this name describe ..."""
    sources: frozenset[str] = frozenset()
    """... in these sources."""

    def holdings(self, view: WorkView) -> list[HoldingView]:
        """The copies that are meant."""
        if self.record:
            return [one for one in view.holdings if one.record == self.record and one.source in self.sources]
        if not self.isbn:
            return view.holdings
        editions = {edition.id for edition in view.editions if self.isbn in edition.isbns}
        return [holding for holding in view.holdings if holding.edition in editions]


def works_meant(context: Context, identifiers: Sequence[str]) -> dict[str, list[Meant]]:
    """The works that identifiers mean, for each of them; none for what is unknown or cannot be understood.

    Args:
        context: the context.
        identifiers: ``isbn:…``, ``urn:isbn:…``, ``issn:…`` or the bare number, the address of a work, the record's
            identifier at its source (``oai:…``), or that after the ISIL of its institution and a colon.

    Raises:
        EngineError: ISBNs or ISSNs are asked for and the engine does not answer.
    """
    found: dict[str, list[Meant]] = {identifier: [] for identifier in identifiers}
    numbers: dict[str, str] = {}
    named: list[str] = []
    within: dict[str, tuple[str, str]] = {}
    base = f"{context.settings.public_url.rstrip('/')}/works/"
    for identifier in found:
        if identifier.startswith(base):
            address, _, part = identifier.removeprefix(base).partition("#")
            work = unquote(address.partition("?")[0])
            within[identifier] = (work, unquote(part))
            found[identifier] = [Meant(work=work)]
        elif number := _number(identifier):
            numbers[identifier] = number
        elif identifier.strip() and "\0" not in identifier:  # which PostgreSQL cannot even be asked for
            named.append(identifier)
    if numbers:
        by_number = _by_numbers(context, set(numbers.values()))
        found |= {identifier: by_number.get(number, []) for identifier, number in numbers.items()}
    if named:
        found |= _by_records(context, named)
    parts = [part for _, part in within.values() if part and not part.startswith(base)]
    if parts:  # an identifier that a DAIA answer gave its document: the work, and what of it was meant
        meant = works_meant(context, parts)
        for identifier, (work, part) in within.items():
            found[identifier] = [one for one in meant.get(part, found[identifier]) if one.work == work]
    return found


def _number(identifier: str) -> str:
    """The ISBN-13, or ISSN without hyphen, that an identifier is; else empty."""
    text = identifier.strip()
    if text.lower().startswith("urn:"):
        text = text[4:]
    return standard_number(text)


def _by_numbers(context: Context, numbers: set[str]) -> dict[str, list[Meant]]:
    """Works by ISBN-13 and by ISSN without hyphen."""
    query = EngineQuery(filters=(Terms("isbn", tuple(sorted(numbers))),))
    matching = context.engine.snapshot().all_matches(query, _MOST_MATCHES).tolist()
    with context.database.connect() as connection:
        rows = works.by_numbers(connection, sorted(matching))
    found: dict[str, list[Meant]] = {}
    for work in rows.values():
        carried = {*work.isbns, *(issn.replace("-", "") for issn in work.issns)} & numbers
        for number in carried:
            means = found.setdefault(number, [])
            if len(means) < MOST_WORKS:
                means.append(Meant(work=work.id, isbn=number if isbn13(number) else ""))
    return found


def _by_records(context: Context, identifiers: Iterable[str]) -> dict[str, list[Meant]]:
    """Works by the identifiers of their records at the sources; with an ISIL before it, of that institution's only."""
    registry = context.registry()
    asked: dict[str, tuple[str, set[str] | None]] = {}
    for identifier in identifiers:
        code, _, rest = identifier.partition(":")
        owner = registry.by_isil.get(code.strip().lower()) if rest else None
        asked[identifier] = (rest, _family(registry, owner.id)) if owner else (identifier, None)
    with context.database.connect() as connection:
        known = sources.numbers(connection)
        rows = raw_records.find(connection, list(known), list({record for record, _ in asked.values()}))
        assigned = works.assignments(connection, [id_ for pairs in rows.values() for _, id_ in pairs])
        alive = works.by_numbers(connection, sorted({number for number, _ in assigned.values()}))
    placed = {id_: alive[number].id for id_, (number, _) in assigned.items() if number in alive}
    return {
        identifier: _records(record, [(known[number], id_) for number, id_ in rows.get(record, [])], owners, placed)
        for identifier, (record, owners) in asked.items()
    }


def _records(
    record: str, rows: Iterable[tuple[Source, int]], owners: set[str] | None, placed: Mapping[int, str]
) -> list[Meant]:
    """The works to which the records of one name belong, of all or only of some institutions."""
    found: dict[str, set[str]] = {}
    for source, id_ in rows:
        if id_ in placed and (owners is None or source.institution in owners):
            found.setdefault(placed[id_], set()).add(source.id)
    return [Meant(work=work, record=record, sources=frozenset(own)) for work, own in found.items()][:MOST_WORKS]


def _family(registry: Registry, owner: str) -> set[str]:
    """Ids of an institution and all its branches."""
    return {registry.by_number[number].id for number in registry.family([owner])}

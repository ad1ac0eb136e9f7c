"""Explains why records are together or apart: the same rules as merging, asked about a few records.

Whoever changes a rule changes the explanation: verdicts and reasons come from ``compare``, groups from ``clusters``,
what people said from ``rulings``. Only words are added elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

import msgspec

from indexer.merging.clusters import equals, likenesses, same_works
from indexer.merging.compare import Verdict, compare
from indexer.merging.components import PartedSets
from indexer.merging.fields import in_order
from indexer.merging.keys import Features, features_of
from indexer.merging.provenance import provenance
from indexer.merging.rulings import Rulings
from schemas.catalogue import CatalogueRecord
from schemas.decisions import Level
from schemas.explanation import Apart, Described, Explanation, How, Link, Reason
from store import decisions, merge_cuts, precedence, record_keys, records, works
from store.database import Connection, Database

MAX_SHOWN = 40
"""Records that are compared each with each; of a work with more, those of the first editions."""
MAX_APART = 20
MAX_NEIGHBOURS = 1_000
"""Records that share a key with those shown. With more, an identifier that they share is taken for what it seems."""


class _Case(msgspec.Struct, frozen=True):
    """The records to explain, by position, and what surrounds them."""

    ids: list[int]
    records: list[CatalogueRecord]
    features: list[Features]
    """First theirs, then those of others that share a key with them."""
    places: list[tuple[str, str]]
    """Work and edition of each."""
    rulings: Rulings
    verdicts: dict[tuple[int, int], Verdict] = {}
    """Of the pairs that were compared by now."""

    def names(self, one: int, other: int) -> tuple[int, int]:
        return self.described(one).ref.name, self.described(other).ref.name

    def described(self, position: int) -> Described:
        record, (work, edition) = self.records[position], self.places[position]
        bare = msgspec.structs.replace(record, holdings=[])
        return Described(source=record.source, record=record.record, work=work, edition=edition, description=bare)

    def same(self, level: Level, one: int, other: int) -> bool:
        return self.places[one][level == "edition"] == self.places[other][level == "edition"]


def explain(database: Database, ids: Sequence[int]) -> Explanation:
    """Why some records are together or apart.

    Args:
        database: the store.
        ids: row numbers; deleted and missing ones are left out.
    """
    with database.connect() as connection:
        found = records.by_ids(connection, list(ids))
        living = [id_ for id_ in ids if id_ in found and not found[id_].deleted]
        shown = living[:MAX_SHOWN]
        assigned = works.assignments(connection, shown)
        known = works.by_numbers(connection, sorted({number for number, _ in assigned.values() if number}))
        places = [(known[n].id if n in known else "", edition) for n, edition in (assigned[id_] for id_ in shown)]
        case = _case(connection, shown, [found[id_] for id_ in shown], places)
        made = decisions.about(connection, [case.described(p).ref for p in range(len(shown))])
        cuts = {(row.record, row.other): row for row in merge_cuts.between(connection, shown)}
        ranks = {source: rank for rank, source in enumerate(precedence.get(connection))}
    work = next(iter(known.values())) if len({place for place, _ in places}) == 1 and known else None
    links = list(_links(case))
    apart = list(_apart(case, {pair: row.why for pair, row in cuts.items()}))[:MAX_APART]
    return Explanation(
        work=work.id if work else "",
        title=work.title if work else "",
        total=len(living),
        records=[case.described(position) for position in range(len(shown))],
        links=links,
        apart=apart,
        decisions=made,
        provenance=provenance(work, in_order((found[id_] for id_ in living), ranks), ranks) if work else [],
    )


def _case(connection: Connection, ids: list[int], found: list[CatalogueRecord], places: list[tuple[str, str]]) -> _Case:
    features = [features_of(record) for record in found]
    near = record_keys.records_with(connection, {key for own in features for key in own.keys}) - set(ids)
    if len(near) <= MAX_NEIGHBOURS:
        others = records.by_ids(connection, sorted(near)).values()
        features += [features_of(record) for record in others if not record.deleted]
    return _Case(ids, found, features, places, Rulings(decisions.active(connection)))


def _links(case: _Case) -> Iterator[Link]:
    """As many links as hold the editions together, the strongest first; then those that hold works together."""
    sets = PartedSets()
    for how, level, groups in _groups(case):
        for group in groups:
            pairs = [pair for pair in combinations(group, 2) if case.same(level, *pair)]
            weighed = sorted((-_verdict(case, pair).points, pair) for pair in pairs if not sets.together(*pair))
            for _, (one, other) in weighed:
                if not sets.together(one, other):
                    sets.join(one, other)
                    yield _link(case, how, level, one, other)


def _groups(case: _Case) -> Iterator[tuple[How, Level, Iterable[list[int]]]]:
    size = len(case.records)
    inside = [range(size)]

    def shown(groups: Iterable[list[int]]) -> list[list[int]]:
        return [own for group in groups if len(own := [place for place in group if place < size]) > 1]

    for level, sets in (("edition", case.rulings.editions), ("work", case.rulings.works)):
        decided = [pair for pair in combinations(inside[0], 2) if sets.together(*case.names(*pair))]
        if level == "edition":
            yield "decision", "edition", [list(pair) for pair in decided]
            groups = shown(equals(case.features))
            yield "identifier", "edition", [g for g in groups if any(_shared(case, *p) for p in combinations(g, 2))]
            yield "alike", "edition", [*groups, *shown(likenesses(case.features))]
        else:
            yield "decision", "work", [list(pair) for pair in decided]
            yield "work", "work", shown(same_works(case.features))


def _apart(case: _Case, cuts: dict[tuple[int, int], str]) -> Iterator[Apart]:
    """Records of different editions for which something speaks: one pair for two editions."""
    seen: set[tuple[tuple[str, str], tuple[str, str]]] = set()
    pairs = list(combinations(range(len(case.records)), 2))
    for one, other in sorted(pairs, key=lambda pair: -_verdict(case, pair).points):
        ends = case.places[one], case.places[other]
        if case.same("edition", one, other) or ends in seen:
            continue
        level: Level = "edition" if case.same("work", one, other) else "work"
        why = _why_apart(case, cuts, level, one, other)
        if why:
            seen.add(ends)
            verdict = _verdict(case, (one, other))
            yield Apart(one=one, other=other, level=level, why=why, **_told(verdict))


def _why_apart(case: _Case, cuts: dict[tuple[int, int], str], level: Level, one: int, other: int) -> str:
    names = case.names(one, other)
    if case.rulings.editions.parted(*names) or case.rulings.works.parted(*names):
        return "decision"
    low, high = sorted((case.ids[one], case.ids[other]))
    if (low, high) in cuts:
        return cuts[low, high]
    verdict = _verdict(case, (one, other))
    if _shared(case, one, other) and verdict.decision in ("same", "unsure"):
        return "shared"
    return "rules" if level == "work" or verdict.decision != "unknown" else ""


def _verdict(case: _Case, pair: tuple[int, int]) -> Verdict:
    if pair not in case.verdicts:
        case.verdicts[pair] = compare(case.features[pair[0]], case.features[pair[1]])
    return case.verdicts[pair]


def _link(case: _Case, how: How, level: Level, one: int, other: int) -> Link:
    shared = _shared(case, one, other)
    verdict = _verdict(case, (one, other))
    return Link(one=one, other=other, how=how, level=level, shared=shared, **_told(verdict))


def _told(verdict: Verdict) -> dict[str, Any]:
    reasons = [Reason(name=reason.name, points=reason.points) for reason in verdict.reasons]
    return {"verdict": verdict.decision, "points": verdict.points, "reasons": reasons}


def _shared(case: _Case, one: int, other: int) -> list[str]:
    """Identifiers that two records both have, as people read them."""
    a, b = (
        {*(f"isbn:{isbn}" for isbn in record.isbns), *(f"issn:{issn}" for issn in record.issns), *record.identifiers}
        for record in (case.records[one], case.records[other])
    )
    return sorted(a & b)

"""What the page "Why are these together?" shows: records side by side, what links and parts them, who says what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from indexer.analysis import title_key
from schemas.catalogue import CatalogueRecord
from schemas.decisions import Decision
from schemas.explanation import Apart, Comparison, Explanation, Link
from search_api.web.addresses import Addresses
from search_api.web.wording import Wording

FIELDS = (
    "title", "other_titles", "uniform_title", "part", "creators", "publisher", "publication_place", "year", "date",
    "edition", "type", "languages", "isbns", "issns", "identifiers", "series", "extent", "host", "subjects",
    "description",
)  # fmt: skip
NAMES_SHOWN = 5
"""Records named beside a value; of more it is told how many."""


class Cell(msgspec.Struct, frozen=True):
    """What one record says in one field."""

    values: list[str]
    differs: bool
    """From the first record that says anything there."""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two records, by their numbers on the page, and what is said of them."""

    one: int
    other: int
    level: str
    words: str
    shared: list[str]
    verdict: str
    reasons: list[tuple[str, str, bool]]
    """Points with their sign, words, and whether it is for them."""


def why_view(found: Explanation, say: Wording, to: Addresses) -> dict[str, Any]:
    """What the template shows of an explanation whose ``words`` are filled in."""
    editions = {edition: n for n, edition in enumerate(dict.fromkeys(r.edition for r in found.records), 1)}
    return {
        "found": found,
        "records": [(n, record, editions[record.edition]) for n, record in enumerate(found.records, 1)],
        "refs": [msgspec.json.encode(record.ref).decode() for record in found.records],
        "rows": _rows([record.description for record in found.records], say),
        "links": [_pair(link, say) for link in found.links],
        "apart": [_pair(pair, say) for pair in found.apart],
        "decisions": [(decision, _decision(decision, say)) for decision in found.decisions],
        "told": [
            (say(f"merging.field_{told.field}"), _shown(told.field, told.value, say), told.records[:NAMES_SHOWN],
             len(told.records) - NAMES_SHOWN)
            for told in found.provenance
        ],
        "work_page": to.work(found.work),
    }  # fmt: skip


def _rows(records: Sequence[CatalogueRecord], say: Wording) -> list[tuple[str, list[Cell]]]:
    rows = []
    for field in FIELDS:
        values = [_values(record, field) for record in records]
        first = next((_key(told) for told in values if told), None)
        if first is not None:
            cells = [Cell([_shown(field, v, say) for v in told], bool(told) and _key(told) != first) for told in values]
            rows.append((say(f"merging.field_{field}"), cells))
    return rows


def _values(record: CatalogueRecord, field: str) -> list[str]:
    if field == "host":
        host = record.host
        return [", ".join(t for t in (host.title, host.volume, host.issue, host.pages) if t)] if host else []
    value = getattr(record, field)
    if isinstance(value, list):
        return [getattr(one, "name", None) or str(one) for one in value]
    return [] if value in ("", None) else [str(value)]


def _key(values: Sequence[str]) -> list[str]:
    return sorted(title_key(value) or value for value in values)


def _shown(field: str, value: str, say: Wording) -> str:
    if field == "languages":
        return say.language(value)
    return say.named("type", value) if field == "type" else value


def _pair(pair: Link | Apart, say: Wording) -> Pair:
    return Pair(
        one=pair.one + 1,
        other=pair.other + 1,
        level=say(f"merging.level_{pair.level}"),
        words=pair.words,
        shared=pair.shared if isinstance(pair, Link) else [],
        verdict=say(f"merging.verdict_{pair.verdict}"),
        reasons=_reasons(pair),
    )


def _reasons(pair: Comparison) -> list[tuple[str, str, bool]]:
    ordered = sorted(pair.reasons, key=lambda reason: -abs(reason.points))
    return [(f"{reason.points:+d}".replace("-", "−"), reason.words, reason.points >= 0) for reason in ordered]


def _decision(decision: Decision, say: Wording) -> dict[str, Any]:
    kind, level = say(f"merging.decision_{decision.kind}"), say(f"merging.level_{decision.level}")
    undone = decision.revoked_at
    return {
        "words": say("merging.decision_by", kind=kind, level=level, author=decision.author, at=_day(decision.at, say)),
        "records": [str(ref) for ref in decision.records],
        "others": [str(ref) for ref in decision.others],
        "undone": say("merging.decision_undone", author=decision.revoked_by, at=_day(undone, say)) if undone else "",
    }


def _day(iso: str, say: Wording) -> str:
    return say.day(datetime.fromisoformat(iso).date())

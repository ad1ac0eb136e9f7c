"""What a trial has found, ready to be shown: the verdict, the records side by side, problems with their cure."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import repeat
from typing import Any

import msgspec
from markupsafe import Markup

from schemas.catalogue import CatalogueRecord
from schemas.geo import parse_point
from schemas.probe import Probe, Problem
from schemas.work import Work
from search_api.web.cards import text_language
from search_api.web.sentences import told
from search_api.web.wording import Wording

SHOWN = 50
_OWN = {"source", "record", "deleted", "datestamp"}
_VERDICTS = {"works": "good", "with care": "care", "cannot": "bad"}


def shown_probe(probe: Probe, say: Wording, joins: Mapping[str, Work]) -> dict[str, Any]:
    """What the template shows of a finished look; ``joins`` are the works here that its records would join."""
    grade = _VERDICTS[probe.verdict]
    return {
        "probe": probe,
        "problems": [_problem(problem, say) for problem in probe.problems],
        "grade": grade,
        "verdict": say(f"register.verdict_{grade}"),
        "shares": [
            (say(f"register.field_{name}"), round(100 * n / probe.looked_at)) for name, n in probe.fields.items()
        ]
        if probe.looked_at
        else [],
        "records": [
            _record(record, say) | {"joins": joins.get(record.record), "sent": sent}
            for record, sent in zip(probe.samples[:SHOWN], probe.sent or repeat(""), strict=False)
        ],
    }


def _problem(problem: Problem, say: Wording) -> dict[str, Any]:
    """What is wrong with some records: in other languages in a few words, then as the reader of the format says it."""
    reason, mend = told(problem.reason, None, say.lang), told(problem.mend, None, say.lang) if problem.mend else ""
    if say.lang != "en" and problem.what and problem.what != problem.reason:
        reason = Markup("{} ({})").format(told(problem.what, None, say.lang), reason)
    return {"reason": reason, "count": problem.count, "example": problem.example, "mend": mend}


def place_from(text: str) -> tuple[float, float] | None:
    """Coordinates as people copy them from a map; None when they are none."""
    point = parse_point(text)
    return (point.lat, point.lon) if point else None


def _record(record: CatalogueRecord, say: Wording) -> dict[str, Any]:
    """A record as its result card would look, beside the source's own words for it."""
    about = [
        say("list_comma").join(creator.name for creator in record.creators[:3]),
        str(record.year) if record.year is not None else "",
        say.named("type", record.type),
        say("list_comma").join(say.language(tag) for tag in record.languages[:3]),
    ]
    first = record.holdings[0] if record.holdings else None
    return {
        "id": record.record,
        "title": record.title,
        "lang": text_language(record.title, record.languages),
        "about": [text for text in about if text],
        "numbers": [*record.isbns, *record.issns, *record.identifiers][:4],
        "copies": len(record.holdings),
        "read": _fields(record),
        "where": " · ".join(text for text in (first.branch, first.location, first.call_number, first.status) if text)
        if first
        else "",
    }


def _fields(record: CatalogueRecord) -> list[tuple[str, str]]:
    """What was read of a record, field by field: its names are those of mapping files."""
    values = msgspec.to_builtins(record)
    return [
        (name, value if isinstance(value, str) else msgspec.json.encode(value).decode())
        for name, value in values.items()
        if value and name not in _OWN
    ]

"""Explanations and decisions as lines for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas.decisions import Decision
from schemas.explanation import Apart, Comparison, Decided, Described, Explanation, Link, Told
from search_api.messages import text


def explanation_in_words(found: Explanation) -> str:
    """The whole explanation. Its ``words`` must be filled in."""
    if not found.records:
        return "no living record"
    return "\n".join(_lines(found))


def decision_in_words(decision: Decision) -> str:
    """A decision in one line."""
    names = ", ".join(map(str, decision.records))
    others = f" from {', '.join(map(str, decision.others))}" if decision.others else ""
    kind = _say(f"decision_{decision.kind}")
    reason = f": {decision.reason}" if decision.reason else ""
    undone = f"  (undone {decision.revoked_at} by {decision.revoked_by})" if decision.revoked_at else ""
    return (
        f"{decision.id}  {decision.at}  {decision.author}  {kind} ({decision.level})  {names}{others}{reason}{undone}"
    )


def decided_in_words(decided: Decided) -> str:
    """What became of a decision."""
    lines = [decision_in_words(decided.decision)]
    if decided.overrules:
        lines.append(f"it overrules {', '.join(f'decision {id_}' for id_ in decided.overrules)}, wholly or in part")
    what = "now in" if decided.applied else "still in"
    lines.append(f"its records are {what} {', '.join(decided.works) or 'no work'}")
    return "\n".join(lines)


def _lines(found: Explanation) -> Iterator[str]:
    head = f"{found.work}  {found.title}" if found.work else "records of different works"
    more = f", the first {len(found.records)} shown" if found.total > len(found.records) else ""
    yield f"{head}  ({found.total:,} record{'' if found.total == 1 else 's'}{more})"
    for number, record in enumerate(found.records, 1):
        yield f"  [{number}] {record.ref}  {_described(record)}  {record.work} {record.edition}"
    for title, pairs in (("together", found.links), ("apart", found.apart)):
        if pairs:
            yield ""
            yield f"{title}:"
        for pair in pairs:
            yield from _pair(pair)
    if found.decisions:
        yield ""
        yield "decisions:"
        yield from (f"  {decision_in_words(decision)}" for decision in found.decisions)
    if found.provenance:
        yield ""
        yield "who says what (the first gave it):"
        yield from (f"  {_say(f'field_{told.field}')}: {_told(told)}" for told in found.provenance)


def _pair(pair: Link | Apart) -> Iterator[str]:
    shared = f" ({', '.join(pair.shared)})" if isinstance(pair, Link) and pair.shared else ""
    yield f"  [{pair.one + 1}] [{pair.other + 1}]  {_say(f'level_{pair.level}')}: {pair.words}{shared}"
    yield from _reasons(pair)


def _reasons(pair: Comparison) -> Iterator[str]:
    yield f"      {_say(f'verdict_{pair.verdict}')}, {pair.points} points by the rules alone"
    yield from (f"      {reason.points:+4d}  {reason.words}" for reason in pair.reasons)


def _described(record: Described) -> str:
    own = record.description
    parts: Sequence[object] = (own.title, own.creators[0].name if own.creators else "", own.year or "", own.edition)
    return " / ".join(str(part) for part in parts if part)


def _told(told: Told) -> str:
    # Asked about some records of a work, what only its others say has no name here.
    names = ", ".join(str(ref) for ref in told.records[:5]) or "other records of the work"
    more = f" and {len(told.records) - 5} more" if len(told.records) > 5 else ""
    value = told.value if len(told.value) <= 100 else f"{told.value[:99]}…"
    return f"{value}  <- {names}{more}"


def _say(key: str) -> str:
    return text("en", f"merging.{key}")

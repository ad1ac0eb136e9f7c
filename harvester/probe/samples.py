"""Some records as they would appear, what their fields hold, and what is wrong with them, grouped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from harvester.formats.base import Reader
from harvester.normalise import read_all
from harvester.probe.copies import look_for_copies
from harvester.probe.look import Look
from schemas.catalogue import CatalogueRecord, Quarantined, RawRecord
from schemas.probe import Problem
from schemas.said import say

SAMPLES = 50
_MOST_SENT = 4000
_MOST_PROBLEMS = 20
_MENDS = (
    (r"^no title|no dc:title|without a title|neither a title", "no title",
     "name the column or field that holds the title in a mapping file (--mapping), or ask the institution to "
     "fill it in"),
    (r"no metadata|<metadata>", "no metadata",
     "the server lists records that it does not give in this format: another --format may have them"),
    (r"no identifier|no header", "no identifier",
     "a record without an identifier cannot be told from others: ask the institution"),
    (r"outside the asked set", "outside the asked set",
     "the server mixes its sets: leave out --set, or ask the institution"),
    (r"well-formed|not XML|end tag|document type", "not well-formed",
     "ask the institution to repair it; until then it stays aside"),
    (r"cells|columns|quote|row", "not as many cells as columns",
     "cells that hold the separator or a line break must stand in quotes"),
    (r"decod|encod|UTF-8|codec", "unreadable characters", "name the right --encoding"),
    (r"holdings record", "a record of holdings alone",
     "send holdings records behind the bibliographic record they belong to, or leave them out"),
)  # fmt: skip
"""What is wrong, by a sign of it in the reason; in a few words; what to do about it."""
_FIELDS = ("title", "creators", "year", "languages", "identifiers", "holdings")


def look_at_records(look: Look, raws: Sequence[RawRecord], set_aside: Sequence[Quarantined], read: Reader) -> None:
    """Read records as a harvest would, without keeping them."""
    done, failed = read_all(((0, raw) for raw in raws if not raw.deleted), read)
    records = [record for _, record in done]
    found = look.found
    found.looked_at = len(records) + len(failed) + len(set_aside)
    found.samples = records[:SAMPLES]
    sent = {raw.record: raw.payload for raw in raws}
    found.sent = [_as_sent(sent.get(record.record, b"")) for record in found.samples]
    found.fields = {name: sum(_has(record, name) for record in records) for name in _FIELDS}
    found.problems = grouped([(row.reason, row.record or row.position) for row in (*set_aside, *failed)])
    untitled = [record.record for record in records if not record.title]
    if untitled:
        found.problems += grouped([("no title", name) for name in untitled])
    if found.format == "marcxml" and failed and all(_is_unimarc(row.payload) for row in failed):
        found.problems[0].mend = "these are UNIMARC records: take --format unimarc"
    deleted = sum(raw.deleted for raw in raws)
    if records:
        count = found.looked_at - len(records)
        words = say("{n:,} of {all:,} records looked at can be read", n=len(records), all=found.looked_at)
        look.tell("records", "care" if count else "good", words, read=len(records), unreadable=count, deleted=deleted)
        look_for_copies(look, raws)
    elif found.looked_at:
        words = say("none of {n:,} records looked at can be read", n=found.looked_at)
        look.tell("records", "bad", words, deleted=deleted)
    elif deleted:
        words = say("all {n:,} records looked at are marked as deleted", n=deleted)
        look.tell("records", "care", words, deleted=deleted)
    else:
        look.tell("records", "care", "it has no records", "is it the right address, set or format?")


def grouped(rows: Iterable[tuple[str, str]]) -> list[Problem]:
    """(reason, example) pairs as problems, the commonest first; reasons that differ in a number only are one."""
    found: dict[str, Problem] = {}
    for reason, example in rows:
        key = re.sub(r"\d+", "#", reason)
        if key in found:
            found[key].count += 1
        else:
            what, mend = next(((what, mend) for pattern, what, mend in _MENDS if re.search(pattern, reason)), ("", ""))
            found[key] = Problem(reason=reason[:300], what=what, example=example[:200], mend=mend)
    return sorted(found.values(), key=lambda problem: -problem.count)[:_MOST_PROBLEMS]


def _as_sent(payload: bytes) -> str:
    """The beginning of a record for people's eyes: what cannot be shown, as in binary MARC, is a dot."""
    text = payload[: 4 * _MOST_SENT].decode("utf-8", "replace")
    return "".join(c if c.isprintable() or c in "\n\t" else "·" for c in text[:_MOST_SENT])


def _has(record: CatalogueRecord, name: str) -> bool:
    if name == "identifiers":
        return bool(record.isbns or record.issns or record.identifiers)
    return getattr(record, name) not in ("", None, [])


def _is_unimarc(payload: bytes) -> bool:
    return bool(re.search(rb"tag=[\"']200[\"']", payload)) and not re.search(rb"tag=[\"']245[\"']", payload)

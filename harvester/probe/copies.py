"""Where records of MARC may have their copies, if none were recognised: the preview for a mapping's ``items``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from harvester.formats.base import UnreadableError
from harvester.formats.marc.record import MarcField, MarcRecord
from harvester.formats.marc21 import RECORD_END, read_bytes
from harvester.formats.marcxml import marc_record
from harvester.probe.look import Look
from schemas.catalogue import RawRecord
from schemas.said import say

_FORMATS = frozenset({"marc21", "marcxml", "unimarc", "cnmarc"})
_LOCAL = frozenset({*(f"{tag}" for tag in range(900, 1000)), "049", "090", "099", "852", "876", "877", "878"})
"""Where systems write what is theirs alone."""
_SHOWN = 4
_LONGEST = 60


def look_for_copies(look: Look, raws: Iterable[RawRecord]) -> None:
    """Tell of local fields where records have no copies that are understood."""
    found = look.found
    if found.format not in _FORMATS or not found.samples or found.fields.get("holdings"):
        return
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for raw in raws:
        for tag, fields in _local(raw.payload).data.items():
            counts[tag] += 1
            examples.setdefault(tag, _shown(fields[0]))
    if not counts:
        look.tell("copies", "good", "its records name no copies, and have no local fields that could", fields={})
        return
    listed = [
        say("{tag} in {n:,} records ({example})", tag=tag, n=count, example=examples[tag])
        for tag, count in counts.most_common(_SHOWN)
    ]
    look.tell(
        "copies", "good", say("no copies are recognised; local fields that may hold some: {listed}", listed=listed),
        "say in a mapping file which field is a copy, and what its subfields are (items: [{tag: ..., fields: ...}])",
        fields=dict(counts),
    )  # fmt: skip


def _local(payload: bytes) -> MarcRecord:
    try:
        if payload.lstrip()[:1] == b"<":
            return marc_record(payload, _LOCAL) or MarcRecord()
        return read_bytes(payload.split(RECORD_END)[0] + RECORD_END, _LOCAL)
    except UnreadableError:  # told among the problems of the records
        return MarcRecord()


def _shown(field: MarcField) -> str:
    text = " ".join(f"${code} {' '.join(value.split())}" for code, value in field.subfields)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"

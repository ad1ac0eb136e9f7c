"""Persons, bodies and families (70x-73x) with what they did, by the codes of UNIMARC or in words."""

from __future__ import annotations

from functools import lru_cache

from config.load import load_yaml
from harvester.formats.marc.creators import relator
from harvester.formats.marc.record import MarcField, MarcRecord
from harvester.formats.text import strip_name, tidy
from schemas.catalogue import Creator

_TAGS = ("700", "710", "720", "701", "711", "721", "702", "712", "722", "730")


def extract_creators(marc: MarcRecord) -> list[Creator]:
    """Names without dates, those with primary responsibility first, each once."""
    found: dict[str, Creator] = {}
    for field in marc.fields(*_TAGS):
        separator = ". " if field.tag[1] == "1" else ", "
        # $g are the forenames that $b has as initials.
        codes = "ag" if field.first("g").strip() and field.tag[1] != "1" else "ab"
        parts = [tidy(value).strip(" ,;") for value in field.values(codes)]
        name = strip_name(separator.join(part for part in parts if part))
        if name and name not in found:
            found[name] = Creator(name, _role(field))
    return list(found.values())


def _role(field: MarcField) -> str:
    for value in field.values("4"):
        code = value.strip().lower()
        known = _codes().get(code[:3]) if code[:3].isdigit() else relator(value)
        if known:
            return known
    return ""


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    return {str(code): marc for code, marc in load_yaml("maps/unimarc_relators.yaml").items()}

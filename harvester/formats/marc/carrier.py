"""The type of a thing: leader, 006-008, content types (336), genre and material designation."""

from __future__ import annotations

from harvester.formats.marc.record import MarcRecord
from harvester.formats.types import best_type
from schemas.catalogue import RecordType

_LEADER: dict[str, RecordType] = {
    "c": "score", "d": "score", "e": "map", "f": "map", "g": "video", "i": "audio", "j": "audio", "k": "image",
    "m": "software", "o": "other", "p": "archive", "r": "object", "t": "manuscript",
}  # fmt: skip
_TEXT: dict[str, RecordType] = {"s": "serial", "b": "article", "a": "article", "i": "other"}
_CONTENT: dict[str, RecordType] = {
    "txt": "book", "ntm": "score", "ntv": "score", "tcm": "score", "spw": "audio", "prm": "audio", "snd": "audio",
    "tdi": "video", "tdm": "video", "sti": "image", "cri": "map", "crt": "map", "crd": "map", "crm": "map",
    "tdf": "object", "cop": "software", "cod": "software", "tct": "book", "tci": "image",
}  # fmt: skip
_PROJECTED_STILL = frozenset({"f", "s", "t", "i", "k", "l", "n"})
"""008/33 of visual materials: filmstrip, slide, transparency, picture, graphic ... are not moving."""
_DOCUMENT_FILES = frozenset({"d", "e", "j"})
"""008/26 of computer files: document, bibliographic data, online service: texts, not programs."""

NOT_BIBLIOGRAPHIC = {"z": "an authority record", "w": "a classification record", "q": "a community information record",
                     "u": "a holdings record", "v": "a holdings record", "x": "a holdings record",
                     "y": "a holdings record"}  # fmt: skip


def type_of_marc(marc: MarcRecord) -> RecordType:
    """The type, by the first of: leader/06-08, content type (336), genre (655), designation (245 $h)."""
    leader = marc.leader
    kind, level = leader[6:7], leader[7:8]
    if level in "ab" and level and kind in "at" and "773" in marc.data:
        return "article"
    if kind == "a":
        if leader[8:9] == "a" or level in "cd":
            return "archive" if leader[8:9] == "a" or "351" in marc.data else "book"
        return _TEXT.get(level, "book")
    if kind == "t":
        # Typed theses are "manuscript language material" too, but nobody means them by the word.
        if "502" in marc.data:
            return "book"
        return "archive" if leader[8:9] == "a" else "manuscript"
    fixed = marc.first_control("008")
    if kind == "g":
        return "image" if fixed[33:34] in _PROJECTED_STILL and fixed[33:34] else "video"
    if kind == "m" and fixed[26:27] in _DOCUMENT_FILES and fixed[26:27]:
        return "serial" if level == "s" else "book"
    if kind in _LEADER:
        return _LEADER[kind]
    return _by_words(marc)


def _by_words(marc: MarcRecord) -> RecordType:
    for field in marc.fields("336"):
        for value in field.values("b"):
            if value in _CONTENT:
                return _CONTENT[value]
    words = [value for field in marc.fields("655") for value in field.values("a")]
    words += [field.first("h").strip("[] /:") for field in marc.fields("245") if field.first("h")]
    return best_type(words) or "other"

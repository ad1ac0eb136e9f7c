"""MARC 21 as a source sent it, set out again as MARCXML: the record that says most of a work, not our summary of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pymarc
from lxml import etree

from schemas.catalogue import RawRecord, Source
from search_api.renderers import marcxml
from search_api.renderers.xml import Element, branch
from store.dated_works import Origin

MARC_FORMATS = ("marcxml", "marc21")
"""Formats of sources whose payloads are MARC 21. UNIMARC and CNMARC look alike and mean something else."""
_PARSER = etree.XMLParser(
    resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True, remove_pis=True
)
_PRIVATE = frozenset({"541", "542", "561", "583"})
"""Fields with a first indicator 0 for "private": acquisition, copyright, provenance, actions."""
# What the schema of MARCXML takes; records as they are stray from it a little.
_TAG, _CODE = re.compile(r"[0-9A-Z]{3}|[0-9a-z]{3}"), re.compile(r"[!-~]")
_NO_INDICATOR, _NO_LEADER = re.compile(r"[^0-9a-z ]"), re.compile(r"[^0-9A-Za-z ]")
_HOLDINGS = ("852", "866", "867", "868", "876", "877", "878")
_UNREADABLE = (pymarc.exceptions.PymarcException, pymarc.exceptions.BadSubfieldCodeWarning)
Leader = str
Fields = list[tuple[str, str, list[tuple[str, str]] | str]]
"""Tag, indicators ("" for control fields), subfields (a text for control fields)."""


def preferred(origins: Sequence[Origin]) -> Origin | None:
    """The MARC record that says most; None where no source sent MARC 21, or may be passed on."""
    sent = [one for one in origins if one.source.format in MARC_FORMATS and not one.source.withheld]
    return min(sent, key=lambda origin: (-origin.size, origin.row), default=None)


def is_as_sent(source: Source) -> bool:
    """Whether a source's records are set out whole: what an OAI-PMH server gives to all is no secret."""
    return source.protocol == "oai"


def stored_marc(raw: RawRecord, source: Source) -> Element | None:
    """The MARC <record> of a payload; None when it cannot be read any more, so that our summary must do.

    A file was given to us, not to everybody: fields for the house's own use are left out (local ones, 9XX; those
    that say that they are private; notes that are not for the public).
    """
    payload = raw.payload.strip()
    try:
        leader, fields = _of_xml(payload) if payload.startswith(b"<") else _of_binary(payload)
    except (etree.XMLSyntaxError, *_UNREADABLE, ValueError, IndexError):
        return None
    if not fields:
        return None
    record = marcxml.empty()
    branch(record, "leader", _valid_leader(leader))
    told = fields if is_as_sent(source) else _public(fields)
    for tag, indicators, content in sorted(told, key=lambda field: not isinstance(field[2], str)):
        if not _TAG.fullmatch(tag):
            continue
        if isinstance(content, str):
            branch(record, "controlfield", content, tag=tag)
        else:
            subfields = [(code, value) for code, value in content if _CODE.fullmatch(code)]
            marcxml.add_field(record, (tag, _NO_INDICATOR.sub(" ", indicators.ljust(2)[:2]), subfields))
    return record


def _valid_leader(leader: str) -> str:
    """Without the numbers of ISO 2709, which mean nothing in XML and are often wrong."""
    kept = _NO_LEADER.sub(" ", leader.strip("\r\n\t").ljust(24))
    return f"00000{kept[5]}{kept[6].strip() or 'a'}{kept[7:10]}2200000{kept[17:20]}4500"


def _of_xml(payload: bytes) -> tuple[Leader, Fields]:
    try:
        tree = etree.fromstring(payload, _PARSER)
    except etree.XMLSyntaxError:  # a record of a file is followed by its holdings records, all without a root
        tree = etree.fromstring(b"<collection>" + payload + b"</collection>", _PARSER)
    for record in tree.iter("{*}record"):
        names = {etree.QName(child).localname for child in record}
        if "datafield" in names:
            return _read(record)
    raise ValueError("no MARC record in it")


def _read(record: Element) -> tuple[Leader, Fields]:
    leader = ""
    fields: Fields = []
    for child in record:
        name, tag = etree.QName(child).localname, child.get("tag") or ""
        if name == "leader":
            leader = child.text or ""
        elif name == "controlfield":
            fields.append((tag, "", child.text or ""))
        elif name == "datafield":
            indicators = (child.get("ind1") or " ")[:1] + (child.get("ind2") or " ")[:1]
            subfields = [(sub.get("code") or "", "".join(map(str, sub.itertext()))) for sub in child]
            fields.append((tag, indicators, subfields))
    return leader, fields


def _of_binary(payload: bytes) -> tuple[Leader, Fields]:
    first = payload.split(b"\x1d", 1)[0] + b"\x1d"
    record = pymarc.Record(data=first, to_unicode=True, hide_utf8_warnings=True)
    fields: Fields = []
    for field in record.fields:
        if field.control_field:
            fields.append((field.tag, "", field.data or ""))
        else:
            fields.append(
                (field.tag, "".join(field.indicators or "  "), [(sub.code, sub.value) for sub in field.subfields])
            )
    return str(record.leader)[:9] + "a" + str(record.leader)[10:], fields  # position 9: now it is Unicode


def _public(fields: Fields) -> Iterator[tuple[str, str, list[tuple[str, str]] | str]]:
    for tag, indicators, content in fields:
        if tag.startswith("9") or (tag in _PRIVATE and indicators.startswith("0")):
            continue
        if not isinstance(content, str) and tag in _HOLDINGS:
            yield tag, indicators, [(code, value) for code, value in content if code != "x"]
        else:
            yield tag, indicators, content

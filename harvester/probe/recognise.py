"""Tells by its first bytes what a file or an answer is."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from harvester.fetching import FetchError
from harvester.formats.csv_words import recognised
from harvester.formats.unimarc.encoding import code_page
from harvester.probe.foreign import foreign, foreign_archive, foreign_xml, pica_xml
from harvester.probe.kind import NOTHING, WEB_PAGE, Kind
from harvester.protocols.csv_workbook import is_workbook
from harvester.protocols.json_table import is_json
from harvester.protocols.local_file import open_unpacked, parts_of

HEAD = 1 << 18
_TAG = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)((?:\s[^<>]*)?)/?>")
_HTML = re.compile(
    rb"\s*+(?:<!--(?:(?!-->).)*+-->\s*+)*+<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_LEADER = re.compile(rb"\s*\d{5}[a-z ][\x20-\x7e]{4}[a2 ]?[\x20-\x7e]{2}\d{5}")
_DIRECTORY = re.compile(rb"\s*.{24}((?:\w{3}\d{9})+)\x1e", re.DOTALL)
_RECORDS = {"mods": "mods", "lido": "lido", "ead": "ead", "dc": "oai_dc", "qualifieddc": "qdc", "RDF": "edm"}
_NAMES = {
    "mods": "MODS",
    "lido": "LIDO",
    "ead": "EAD",
    "oai_dc": "Dublin Core",
    "qdc": "qualified Dublin Core",
    "edm": "RDF",
}
_DELIMITERS = b",;\t|^"
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"PK\x03\x04")


def recognise_file(path: Path, member: str = "") -> Kind:
    """What a file is, packed or not; of a folder or an archive of many, the first one.

    Args:
        path: of the file or folder.
        member: which file of an archive, instead.

    Raises:
        FetchError: it cannot be read.
    """
    if path.is_file() and zipfile.is_zipfile(path):
        try:
            other = foreign_archive(path)
        except (OSError, zipfile.BadZipFile, RuntimeError) as error:  # RuntimeError: locked by a password
            raise FetchError(f"{path.name} is no archive that can be read: {error}") from error
        if other or is_workbook(path):
            return other or Kind("a workbook (XLSX)", "csv", "csv")
    with open_unpacked(path, member) if member else parts_of(path)[0].opened() as content:
        return recognise(content.read(HEAD))


def recognise(head: bytes) -> Kind:
    """What the first bytes of something say that it is."""
    head = _plain(head)
    if not head.strip():
        return NOTHING
    if _HTML.match(head):
        return WEB_PAGE
    other = foreign(head)
    if other:
        return other
    if head.startswith(_PACKED):
        return Kind("a packed file", "packed")
    start = head.lstrip()
    if start.startswith(b"<"):
        return _xml(head)
    if is_json(head):
        return Kind("a file of JSON objects", "csv", "csv")
    if _LEADER.match(head):
        return _marc(head)
    first = start.split(b"\n", 1)[0]
    one_column = recognised([first.decode("utf-8", "replace").strip().strip('"')]) == 1
    if (one_column or any(mark in first for mark in _DELIMITERS)) and head.count(b"\0") < len(head) // 1000 + 1:
        return Kind("a table (CSV)", "csv", "csv")
    if b"\n" in start and not head.count(b"\0"):
        return Kind("a text of lines without columns; as CSV it would need a header and separators")
    return Kind("something that is not known here")


def _plain(head: bytes) -> bytes:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, "ignore").encode()
    return head


def _xml(head: bytes) -> Kind:
    tags = [(match[1].decode(), match[2]) for match in _TAG.finditer(head)]
    if not tags:
        return Kind("XML without an element in its beginning")
    other = pica_xml(head)
    if other:
        return other
    names = [name for name, _ in tags]
    oai = "OAI-PMH" in names[:3]
    if oai and not {"ListRecords", "GetRecord"} & set(names):
        return Kind("an answer of OAI-PMH", "oai")
    for name in names:
        if name in _RECORDS:
            return Kind(f"a file of {_NAMES[_RECORDS[name]]} records", "xml", _RECORDS[name])
        if name in {"leader", "controlfield", "datafield"}:
            both = rb"tag=[\"']200[\"']", rb"tag=[\"']245[\"']"
            unimarc = re.search(both[0], head) and not re.search(both[1], head)
            return Kind("a file of UNIMARC records", "marc", "unimarc") if unimarc else Kind(
                "a file of MARCXML records", "marc", "marcxml"
            )  # fmt: skip
    if b"purl.org/dc/" in head and {"title", "identifier"} & set(names):
        return Kind("a file of Dublin Core records", "xml", "oai_dc" if oai else "qdc")
    if oai:
        return Kind("an answer of OAI-PMH", "oai")
    if names[0].lower() in {"html", "body", "head"} or b"xhtml" in tags[0][1]:
        return WEB_PAGE
    root = f"XML in a format that is not read (its root is <{names[0][:60]}>)"
    return foreign_xml(head) or Kind(f"{root}: MARCXML, MODS, EAD, LIDO, EDM and Dublin Core are")


def _marc(head: bytes) -> Kind:
    directory = _DIRECTORY.match(head)
    tags = re.findall(rb"(\w{3})\d{9}", directory[1]) if directory else []
    if b"200" not in tags or b"245" in tags:
        return Kind("a file of MARC 21 records (ISO 2709)", "marc", "marc21")
    try:
        head[: head.rfind(b"\x1d")].decode("utf-8")
    except UnicodeDecodeError:
        if re.search(rb"(?:[\xb0-\xf7][\xa1-\xfe]){4}", head) and not code_page(head):
            return Kind("a file of CNMARC records (ISO 2709)", "marc", "cnmarc")
    return Kind("a file of UNIMARC records (ISO 2709)", "marc", "unimarc")

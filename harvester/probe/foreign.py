"""Files that people hand in and that are not read: what each is, and what to ask for or save instead.

A file is one of these only where its first bytes leave no doubt, so that a table of odd looks is never turned away.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

from harvester.probe.kind import Kind

_SHEET = "open it in a spreadsheet program and save the table as XLSX or CSV (UTF-8)"
_TABLE = "ask for the catalogue itself: an export as a table (CSV, XLSX), as MARC or as XML"
_DATABASE = "export the table, or a query that joins what belongs together, as CSV (UTF-8)"
_DUMP = f"load it into its database, and {_DATABASE}"
_PICA = (
    "PICA is not read yet: ask the institution or its network for MARCXML or oai_dc of the same records; "
    "K10plus and the DNB offer both"
)
_REFERENCES = "export CSV from the reference manager it is of (Zotero, JabRef), or ask for the catalogue's own export"
_MARC = "ask for MARCXML or binary MARC (ISO 2709) of the same records"
_UNPACK = "unpack it, and pack what is in it as zip or gzip"
_LINKED = "save it as RDF/XML in EDM, or as a table (CSV)"

_TAG = rb"[012]\d\d[A-Z@](?:/\d{2,3}+)?"
_TEXTS = (
    (rb"[\x1d\x1e\s]*+" + _TAG + rb" ?(?:[$\x1f\xc6\x9f]|\xc6\x92)\w", "a file of PICA records", _PICA),
    (rb"SET: \w[^\n]{0,200}?\bPPN: ", "a file of PICA records (as WinIBW shows them)", _PICA),
    (rb"(?:(?:0[1-9]|[12]\d)\d\d [^\n]*+\n){2,40}+[34]000 ", "a file of PICA records (Pica3)", _PICA),
    (rb"\s*+\[[\s\[]*\"" + _TAG + rb"\"\s*+,", "a file of PICA records (JSON)", _PICA),
    (rb"\s*+TY  - ", "a list of references (RIS)", _REFERENCES),
    (rb"(?:\s*+%[^\n]*+\n|\s*+@(?i:comment|preamble|string)\b[^\n]*+\n)*+\s*+@[A-Za-z]+\s*+[{(]\s*+[^\s,{}=]*+\s*+,",
     "a list of references (BibTeX)", _REFERENCES),
    (rb"\s*+PMID- ?\d", "a list of references (MEDLINE)", _REFERENCES),
    (rb"\s*+%0 [A-Z][^\n]*+\n%\w ", "a list of references (EndNote)", _REFERENCES),
    (rb"\s*+FN [^\n]*+\nVR ", "a list of references (Web of Science)", _REFERENCES),
    (rb"\s*+=(?:LDR|000)  ", "MARC as text (.mrk)", f"let MarcEdit compile it to .mrc, or {_MARC}"),
    (rb"\s*+\d{9} (?:LDR|FMT|\d{3})[ \w]{2} L ", "MARC as Aleph writes it, a line a field", _MARC),
    (rb"\s*+[\[{](?s:.{0,4000}?)\"leader\"\s*+:\s*+\"\d{5}[a-z ][^\"]{18}\"", "MARC as JSON", _MARC),
    (rb"\s*+(?i:@prefix|@base|prefix)\s++[\w.-]*+:?\s*+<", "linked data (Turtle)", _LINKED),
    (rb"(?:\s*+#[^\n]*+\n)*+\s*+(?:<[a-z]+:[^<>\s]++>|_:\w++)\s++<[a-z]+:[^<>\s]++>\s++[<\"_]",
     "linked data (N-Triples)", _LINKED),
    (rb"\s*+-- (?:MySQL|MariaDB|PostgreSQL|phpMyAdmin|SQLite)", "an SQL dump", _DUMP),
    (rb"(?:\s*+(?:--|/\*|#)[^\n]*+\n)*+\s*+(?i:create\s++(?:table|database|schema)|insert\s++into|drop\s++table|"
     rb"lock\s++tables|start\s++transaction|begin\s*+;|begin\s++transaction|pragma\s++\w++\s*+=|use\s++[`\w]++\s*+;|"
     rb"set\s++[@\w.]++\s*+=)", "an SQL dump", _DUMP),
    (rb"(?:From|MIME-Version): [^\n]*+\n[\w-]++: ", "a mail or a web page saved as one", _TABLE),
    (rb"\{\\rtf", "a text document (RTF)", _TABLE),
)  # fmt: skip
_MAGIC = (
    (rb"%PDF", "a PDF document", _TABLE),
    (rb"\x89PNG|\xff\xd8\xff|GIF8|II\*\0|MM\0\*|RIFF.{4}WEBP", "an image", _TABLE),
    (rb"SQLite format 3\0", "an SQLite database", _DATABASE),
    (rb"\0\x01\0\0Standard (?:Jet|ACE) DB", "an Access database (.mdb, .accdb)", _DATABASE),
    (rb"\0\x01\0\0\0\x02\0\x01.{7}HBAM", "a FileMaker database", _DATABASE),
    (rb"PGDMP", "a dump of PostgreSQL", _DUMP),
    (rb"[\x03\x30\x83\x8b\xf5].[\x01-\x0c][\x01-\x1f].{8}\0\0", "a dBase table (.dbf)", _SHEET),
    (rb"PAR1", "a Parquet table", "save it as CSV (UTF-8) or as JSON Lines"),
    (rb"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (rb"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (rb".{257}ustar", "a tar archive", _UNPACK),
)
_PICA_XML = re.compile(rb"info:srw/schema/5/picaXML|<ppxml:|\btag=[\"'][012]\d\d[A-Z@][\"']")
_XML = (
    (rb"urn:schemas-microsoft-com:office:spreadsheet", "a workbook of Excel 2003 (XML)", _SHEET),
    (rb"urn:oasis:names:tc:opendocument", "a document of LibreOffice (XML)", _SHEET),
    (rb"<ref-type\b", "a list of references (EndNote XML)", _REFERENCES),
    (rb"editeur\.org/onix|<ONIX[Mm]essage", "data of the book trade (ONIX)", _TABLE),
    (rb"tei-c\.org/ns", "texts (TEI)", _TABLE),
    (rb"<(?:rss|feed)\b", "a news feed", "ask for the address of the OAI-PMH server, or for a file of the catalogue"),
    (rb"sitemaps\.org/schemas", "a sitemap, which lists pages only", _TABLE),
    (rb"www\.w3\.org/2000/svg", "an image", _TABLE),
    (rb"urn:isbn:1-931666-33-4|archivists\.org/ns/eac", "names, not descriptions (EAC-CPF)", "ask for EAD"),
)
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STREAMS = (
    ("WordDocument", "an old Word document (.doc)", _TABLE),
    ("PowerPoint Document", "an old PowerPoint document (.ppt)", _TABLE),
    ("Book", "an old Excel workbook (.xls)", _SHEET),
    ("Workbook", "an old Excel workbook (.xls)", _SHEET),
)
"""Streams by which the kinds of old office documents are told apart."""
_INSIDE = (
    (r"xl/workbook\.bin", "a binary Excel workbook (.xlsb)", _SHEET),
    (r"word/.*", "a Word document (.docx)", _TABLE),
    (r"ppt/.*", "a PowerPoint document (.pptx)", _TABLE),
    (r"META-INF/container\.xml", "an e-book (EPUB)", _TABLE),
    (r"Index/Tables/.*|Index/Document\.iwa", "a document of Numbers or Pages", _SHEET),
)
_OPEN_DOCUMENTS = (
    (b"spreadsheet", "a spreadsheet of LibreOffice (.ods)", _SHEET),
    (b"text", "a document (.odt)", _TABLE),
)
_PICTURES = re.compile(r"(?i).*\.(?:jpe?g|png|gif|tiff?|jp2|webp|bmp|heic|svg|mp[34]|wav|mov|avi)")
_LOOKED_AT = 1 << 14
_MOST_MIMETYPE = 200


def foreign(head: bytes) -> Kind | None:
    """What a file is that is known and not read, by its first bytes (of text: as UTF-8); None = it may be read."""
    if head.startswith(_OLD_OFFICE):
        known = (Kind(words, mend=mend) for name, words, mend in _STREAMS if name.encode("utf-16-le") in head)
        return next(known, Kind("an old office document (.xls, .doc)", mend=_SHEET))
    start = head[:_LOOKED_AT]
    text = start.replace(b"\r\n", b"\n")
    return _first((re.match(p, start, re.DOTALL), w, m) for p, w, m in _MAGIC) or _first(
        (re.match(p, text), w, m) for p, w, m in _TEXTS
    )


def pica_xml(head: bytes) -> Kind | None:
    """PICA in XML, whose elements bear the names of MARCXML."""
    return Kind("a file of PICA records (XML)", mend=_PICA) if _PICA_XML.search(head) else None


def foreign_xml(head: bytes) -> Kind | None:
    """The same as ``foreign`` for XML in which no record is known."""
    return _first((re.search(p, head), w, m) for p, w, m in _XML)


def foreign_archive(path: Path) -> Kind | None:
    """What a zip file is that holds no catalogue: an office document, or pictures; None = it may hold one.

    Raises:
        zipfile.BadZipFile: it is no sound archive.
    """
    with zipfile.ZipFile(path) as archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir() and "__MACOSX" not in info.filename]
        mimetype = b""
        if "mimetype" in names:
            with archive.open("mimetype") as file:
                mimetype = file.read(_MOST_MIMETYPE)
    if names and all(_PICTURES.fullmatch(name) for name in names):
        return Kind(f"an archive of pictures or recordings only ({len(names):,})", mend=_TABLE)
    return _first((word in mimetype, w, m) for word, w, m in _OPEN_DOCUMENTS) or _first(
        (any(re.fullmatch(part, name) for name in names), w, m) for part, w, m in _INSIDE
    )


def _first(tried: Iterable[tuple[object, str, str]]) -> Kind | None:
    return next((Kind(words, mend=mend) for fits, words, mend in tried if fits), None)

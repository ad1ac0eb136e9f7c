"""Files that are something else than was thought: told with what to do instead, before anything is stored."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from harvester.probe.recognise import recognise, recognise_file
from lampway.commands import sources as sources_command

PICA = "MARCXML or oai_dc"
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def packed(**members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return held.getvalue()


def tar() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("books.csv"))
    return held.getvalue()


FOREIGN: dict[str, tuple[bytes, str, str]] = {
    "pica plain": (b"001A $02000:06-11-86\n003@ $0010000011\n021A $aEmma, or not\n", "PICA", PICA),
    "pica normalised": (b"003@ \x1f0010\x1e021A \x1faEmma, a novel\x1e\n", "PICA", PICA),
    "pica import": (b"\x1d\n\x1e003@ \x1f0010\n\x1e045E/01 \x1fa800; 820\n", "PICA", PICA),
    "pica of winibw": ("SET: S2 [373] TTL: 1   PPN: 103\r\n\r\n003@ ƒ0103\r\n".encode(), "PICA", PICA),
    "pica3": (b"0100 010000011\n0500 Aau\n1100 1985\n4000 Emma, or not\n", "PICA", PICA),
    "pica json": (b'[["003@",null,"0","010"],["021A",null,"a","Emma"]]', "PICA", PICA),
    "pica xml": (b'<collection><record xmlns="info:srw/schema/5/picaXML-v1.0"><datafield tag="021A"><subfield code="a">'
                 b"Emma</subfield></datafield></record></collection>", "PICA", PICA),
    "ris": (b"\xef\xbb\xbfTY  - BOOK\r\nAU  - Austen, Jane\r\nER  - \r\n", "references (RIS)", "CSV"),
    "bibtex": (b"% of Zotero, 2026\n@string{me = \"x\"}\n@book{austen1815,\n  title = {Emma},\n}\n", "BibTeX", "CSV"),
    "medline": (b"PMID- 123\nTI  - Emma\n", "MEDLINE", "CSV"),
    "pdf": (b"%PDF-1.7 x, y", "a PDF document", "export as a table"),
    "rtf": (b"{\\rtf1 x, y}", "RTF", "export as a table"),
    "word": (packed(**{"[Content_Types]_xml": b"", "word__document_xml": b""}), "a Word document", "export as a table"),
    "old word": (OLD + "WordDocument".encode("utf-16-le"), "(.doc)", "export as a table"),
    "old excel": (OLD + "Workbook".encode("utf-16-le"), "(.xls)", "save the table as XLSX or CSV"),
    "old office": (OLD, "old office document", "save the table as XLSX or CSV"),
    "ods": (packed(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "(.ods)", "XLSX or CSV"),
    "xlsb": (packed(**{"[Content_Types]_xml": b"", "xl__workbook_bin": b""}), "(.xlsb)", "XLSX or CSV"),
    "access": (b"\0\x01\0\0Standard Jet DB\0" + b"\0" * 50, "Access", "as CSV"),
    "dbase": (b"\x03\x63\x0b\x18" + b"\x05\0\0\0\x41\0\x20\0" + b"\0" * 40, "dBase", "XLSX or CSV"),
    "mysql": (b"-- MySQL dump 10.13, x\n\nCREATE TABLE `books` (\n", "SQL dump", "as CSV"),
    "sqlite": (b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nINSERT INTO t VALUES(1,2);\n", "SQL dump", "as CSV"),
    "statements": (b"/* ours */\nINSERT INTO `books` (`id`, `title`) VALUES (1, 'Emma');\n", "SQL dump", "as CSV"),
    "web page": (b"<!doctype html>\n<table><tr><td>Emma, a novel</td></tr></table>", "a web page", "XLSX or CSV"),
    "excel 2003": (b"<?xml version='1.0'?>\n<Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'/>",
                   "Excel 2003", "XLSX or CSV"),
    "pictures": (packed(a_jpg=b"\xff\xd8", b_TIF=b"II"), "pictures or recordings only (2)", "export as a table"),
    "tar": (tar(), "a tar archive", "pack what is in it as zip"),
    "mrk": (b"=LDR  00000nam a2200000 a 4500\n=245  10$aEmma, a novel\n", "(.mrk)", "MARCXML"),
    "aleph": (b"000000002 FMT   L BK\n000000002 LDR   L 00000nam\n", "Aleph", "MARCXML"),
    "marc json": (b'{"leader":"01471cjm a2200349 a 4500","fields":[{"001":"5674874"}]}', "MARC as JSON", "MARCXML"),
    "turtle": (b"@prefix dc: <http://purl.org/dc/terms/> .\n<http://x> dc:title \"Emma\", \"x\" .\n", "Turtle", "EDM"),
}  # fmt: skip


@pytest.fixture
def lampway(tmp_path: Path) -> Any:
    def run(*arguments: str) -> Any:
        return CliRunner().invoke(sources_command.app, list(arguments), env={"LAMPWAY_HOME": str(tmp_path / "home")})

    return run


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_not_read_is_called_what_it_is_with_what_to_do(name: str, tmp_path: Path, lampway: Any) -> None:
    content, words, mend = FOREIGN[name]
    path = tmp_path / "handed-in"
    path.write_bytes(content)
    kind = recognise_file(path)
    assert (kind.format, words in kind.words, mend in kind.mend) == ("", True, True), kind
    if name in {"pica plain", "pica xml", "old excel", "pictures", "web page"}:
        tried = lampway("test", str(path))
        assert (tried.exit_code, words in tried.stdout, mend in tried.stdout) == (1, True, True), tried.output
        for protocol in ("csv", "marc"):
            added = lampway("add", protocol, str(path))
            assert (added.exit_code, words in added.output, mend in added.output) == (2, True, True), added.output
        assert lampway("list").stdout == ""


@pytest.mark.parametrize(
    "content",
    [
        b"set,title\nSET: x,Emma\n", b"title\nEmma\n", b"id;title\n1;@book{x,\n", b'"001","title"\n"003@","%PDF"\n',
        b"use,title\n1,Emma\n", b"create,insert\n1,2\n", b'[{"title": "leader", "fields": []}]', b"From,To\n1,2\n",
        b"prefix\ttitle\na\tb\n",
    ],
)  # fmt: skip
def test_a_table_of_odd_looks_stays_a_table(content: bytes) -> None:
    assert recognise(content).protocol == "csv"


def test_a_file_goes_to_the_command_that_reads_it(tmp_path: Path, lampway: Any) -> None:
    marc = b"00062nam a2200037   4500" + b"245001100000" + b"\x1e00\x1faTitle\x1e\x1d"
    (tmp_path / "books.mrc").write_bytes(marc)
    (tmp_path / "unimarc.mrc").write_bytes(marc.replace(b"245001", b"200001"))
    (tmp_path / "books.csv").write_bytes(b"id,title\n1,Emma\n")
    (tmp_path / "aid.xml").write_bytes(b"<ead><archdesc/></ead>")
    book = openpyxl.Workbook()
    book.active.append(["id", "title"])
    book.save(tmp_path / "books.xlsx")
    for protocol, name, right in (
        ("csv", "books.mrc", "add marc {} --institution ID`"),
        ("csv", "unimarc.mrc", "add marc {} --institution ID --format unimarc`"),
        ("csv", "aid.xml", "add xml {} --institution ID --format ead`"),
        ("marc", "aid.xml", "add xml {} --institution ID --format ead`"),
        ("marc", "books.csv", "add csv {} --institution ID`"),
        ("marc", "books.xlsx", "add csv {} --institution ID`"),
    ):
        done = lampway("add", protocol, str(tmp_path / name))
        assert (done.exit_code, right.format(tmp_path / name) in done.output) == (2, True), done.output
    assert lampway("list").stdout == ""
    unread = lampway("add", "xml", "https://x.example/aid.xml")
    assert (unread.exit_code, "--format" in unread.output) == (2, True), unread.output
    assert lampway("add", "xml", str(tmp_path / "aid.xml"), "--id", "looked-at").exit_code == 0
    assert "looked-at  xml/ead" in lampway("list").stdout
    assert lampway("add", "marc", str(tmp_path / "unimarc.mrc"), "--id", "found-out").exit_code == 0
    assert "found-out  marc/unimarc" in lampway("list").stdout
    doubtful = lampway("add", "marc", str(tmp_path / "books.mrc"), "--format", "unimarc")
    assert (doubtful.exit_code, "--format marc21 reads it" in doubtful.output) == (0, True), doubtful.output

"""CSV catalogues as they come: encodings, dialects, packed, damaged, with copies in many rows, over a real store."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from harvester.fetching import Client, FetchError
from harvester.formats import FORMATS
from harvester.formats.base import MappingError
from harvester.formats.csv_words import holding_fields, record_fields
from harvester.formats.mapping import read_mapping
from harvester.formats.statuses import StatusMap
from harvester.harvest import harvest_source
from harvester.institution_mapping import institution_mapping
from harvester.protocols.base import Fetch, Page
from harvester.protocols.csv_file import open_csv
from schemas.catalogue import CatalogueRecord, Quarantined, RawRecord, Source
from store import records, sources
from store.database import Database
from store.sources import SourceState


@pytest.fixture
def client() -> Client:
    return Client(allow=("127.0.0.1",), pause=0)


class Read:
    """What a file gave."""

    def __init__(self, fetch: Fetch, source: Source) -> None:
        self.pages: list[Page] = list(fetch.pages())
        self.raw: list[RawRecord] = [record for page in self.pages for record in page.records]
        self.bad: list[Quarantined] = [row for page in self.pages for row in page.quarantined]
        self.notes = fetch.notes
        read = FORMATS["csv"](source)
        self.records: list[CatalogueRecord] = [read(raw) for raw in self.raw]


Reading = Callable[..., Read]


@pytest.fixture
def reading(tmp_path: Path, client: Client) -> Reading:
    """Reads the bytes of a file: ``reading(content, mapping="...", encoding="...")``."""

    def read(content: bytes, mapping: str = "", encoding: str = "", checkpoint: dict[str, Any] | None = None) -> Read:
        path = tmp_path / "table.csv"
        path.write_bytes(content)
        source = Source(
            id="t", protocol="csv", location=str(path), format="csv", mapping_text=mapping, encoding=encoding
        )
        return Read(open_csv(source, SourceState(), checkpoint or {}, False, client), source)

    return read


def many(header: str, row: str) -> str:
    """A table of forty rows."""
    return "\n".join([header, *(row.format(number, number) for number in range(40))]) + "\n"


TABLE = "id,title,author,year\n1,Größe und Maß,Müller,1999\n2,L'été à l'œuvre,Zoë,2001\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (TABLE, "utf-8"),
        (TABLE, "utf-8-sig"),
        (TABLE, "utf-16"),
        (TABLE, "utf-16-le"),
        (TABLE, "utf-16-be"),
        (TABLE * 8, "cp1252"),
        (many("编号,题名,作者,年份", "{},红楼梦研究集刊第{}辑,曹雪芹著作,1987"), "gb18030"),
        (many("編號,題名,作者,年份", "{},紅樓夢研究集刊第{}輯,臺灣學生書局,1987"), "big5"),
        (many("番号,タイトル,著者,出版年", "{},吾輩は猫であるの研究{},夏目漱石ほか,1987"), "shift_jis"),
        (many("번호,제목,저자,연도", "{},한국 도서관의 역사와 전망 제{}권,홍길동,1987"), "euc-kr"),
        (many("id,titre,auteur,année", "{},L’été à l’œuvre, c’est la fête {},Zoë,1987".replace(", c", " c")), "cp1252"),
        (many("id,nadpis,autor,rok", "{},Příliš žluťoučký kůň úpěl ďábelské ódy {},Čapek,1987"), "cp1250"),
        (many("番号,タイトル,著者,出版年", "{},吾輩は猫であるの研究{},夏目漱石ほか,1987"), "euc-jp"),
        (many("номер,заглавие,автор,год", "{},Мёртвые души и другие повести {},Гоголь,1987"), "cp1251"),
    ],
)  # fmt: skip
def test_every_usual_encoding_is_recognised(reading: Reading, text: str, encoding: str) -> None:
    got = reading(text.encode(encoding))
    assert not got.bad
    rows = text.splitlines()[1:]
    titles = {record.title for record in got.records}
    expected = {row.split(",")[1] for row in rows if row.split(",")[1] != "title"}
    assert expected <= titles
    assert {record.year for record in got.records} >= {int(rows[0].split(",")[3])}


def test_utf8_with_a_few_other_bytes_keeps_every_character_and_says_so(reading: Reading) -> None:
    good = "".join(f"{i},Größe {i}\n" for i in range(60)).encode()
    got = reading(b"id,title\n" + good + b"99,Gr\xf6\xdfe\n")
    assert got.records[-1].title == "Größe"
    assert got.records[0].title == "Größe 0"
    assert any("2 bytes were no UTF-8" in note for note in got.notes)


def test_a_stated_encoding_is_obeyed_or_refused(reading: Reading) -> None:
    assert reading("id;title\n1;Größe\n".encode("cp850"), encoding="cp850").records[0].title == "Größe"
    with pytest.raises(FetchError, match="--encoding"):
        reading("id,title\n1,Größe\n".encode("cp1252"), encoding="utf-8")
    with pytest.raises(FetchError, match="not known"):
        reading(b"id,title\n1,x\n", encoding="klingon")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_usual_delimiter_is_recognised(reading: Reading, delimiter: str) -> None:
    rows = [["id", "title", "year"], ["1", 'A, b; c| "d"\t e', "1999"], ["2", "line\nbreak", "2001"]]
    text = "\r\n".join(delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    got = reading(text.encode())
    assert [(r.record, r.title, r.year) for r in got.records] == [
        ("1", 'A, b; c| "d" e', 1999),
        ("2", "line break", 2001),
    ]


def test_marks_without_meaning_and_backslashes(reading: Reading) -> None:
    unquoted = 'id\ttitle\tauthor\n1\t"War" and peace\tTolstoy\n2\tthe 5" disk\tX\n'
    assert [r.title for r in reading(unquoted.encode()).records] == ['"War" and peace', 'the 5" disk']
    backslashes = 'id,title,author\n1,"the \\"new\\" world",X\n2,plain,Y\n'
    assert [r.title for r in reading(backslashes.encode()).records] == ['the "new" world', "plain"]


@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress,
        bz2.compress,
        lambda data: _zipped(data),
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b"\n", b"\r"),
    ],
)
def test_packed_files_and_line_ends(reading: Reading, pack: Callable[[bytes], bytes]) -> None:
    assert [r.title for r in reading(pack(b"id,title\n1,one\n2,two\n")).records] == ["one", "two"]


def _zipped(data: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("table.csv", data)
    return held.getvalue()


def test_a_file_that_unpacks_to_absurd_sizes_is_refused(reading: Reading) -> None:
    bomb = gzip.compress(b"id,title\n" + b"1,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n" * 3_000_000)
    with pytest.raises(FetchError, match="no honest file"):
        reading(bomb)


def test_a_file_about_the_others_is_no_catalogue(reading: Reading) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("books.csv", "id,title\n1,Emma\n")
        archive.writestr("ReadMe.txt", "Books of our library, as of today")
    assert [raw.record for raw in reading(held.getvalue()).raw] == ["1"]


def test_what_is_no_table_is_refused(reading: Reading, tmp_path: Path, client: Client) -> None:
    with pytest.raises(FetchError, match="empty"):
        reading(b"")
    held = tmp_path / "book.zip"
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
    with pytest.raises(FetchError, match="XLSX"):
        reading(held.read_bytes())
    missing = Source(id="t", protocol="csv", location=str(tmp_path / "none.csv"), format="csv")
    pages = open_csv(missing, SourceState(), {}, False, client).pages()
    with pytest.raises(FetchError, match="does not exist"):
        next(pages)
    with pytest.raises(FetchError, match="cannot be read"):
        reading(gzip.compress(b"id,title\n1,x\n" * 1000)[:-20])


def test_damaged_rows_are_set_aside_with_number_and_reason_and_reading_goes_on(reading: Reading) -> None:
    got = reading(
        b"id,title,year\n"
        b"1,one,1901\n"
        b"2\n"
        b"3,too,many,cells\n"
        b"\n"
        b'4,"unclosed,1904\n'
        b"5,five,1905\n"
        b'6,"a "wrong" quote",1906\n'
        b"7,seven,1907\n"
        b'8,"two\nlines",1908\n'
        b"9,n\0ine,1909\n"
    )
    assert [r.record for r in got.records] == ["1", "5", "7", "8", "9"]
    assert [(row.position, row.payload) for row in got.bad] == [
        ("row 2, line 3", b"2\n"),
        ("row 3, line 4", b"3,too,many,cells\n"),
        ("row 4, line 6", b'4,"unclosed,1904\n'),
        ("row 6, line 8", b'6,"a "wrong" quote",1906\n'),
    ]
    assert "only 1 cells where the header has 3" in got.bad[0].reason
    assert "4 cells" in got.bad[1].reason
    assert [r.title for r in got.records[-2:]] == ["two lines", "nine"]
    assert any("1 NUL" in note for note in got.notes)


def test_an_unclosed_quotation_mark_costs_one_row_of_a_long_file(reading: Reading) -> None:
    lines = [f"{i},title {i},{1900 + i % 100}" for i in range(30_000)]
    lines[100] = '100,"title 100,1900'
    got = reading(("id,title,year\n" + "\n".join(lines)).encode())
    assert len(got.records) == 29_999
    assert [row.record for row in got.bad] == ["row:101"]


def test_a_cell_over_the_limit_costs_its_row_only(reading: Reading) -> None:
    got = reading(b'id,title\n1,one\n2,"' + b"x" * (5 << 20) + b'"\n3,three\n')
    assert [r.record for r in got.records] == ["1", "3"]
    assert len(got.bad) == 1
    assert "limit" in got.bad[0].reason


COPIES = (
    b"bib id,title,isbn,branch,barcode,status,due date\n"
    b"b1,One,9783161484100,Main,c1,Available,\n"
    b"b1,One,9783161484100,East,c2,On loan,2026-02-01\n"
    b"b2,Two,,Main,c3,,\n"
    b"b1,One,9783161484100,West,c4,Missing,\n"
    b",No number,,Main,c5,,\n"
    b",No number either,,Main,c6,,\n"
    b"b2,Two,,East,c7,something odd,\n"
)


def test_rows_of_one_record_are_joined_wherever_they_stand(reading: Reading) -> None:
    got = reading(COPIES)
    copies = {record.record: [holding.key for holding in record.holdings] for record in got.records}
    assert copies == {"b1": ["c1", "c2", "c4"], "b2": ["c3", "c7"], "row:5": ["c5"], "row:6": ["c6"]}
    states = {h.key: {a.service: (a.state, a.due) for a in h.availability} for r in got.records for h in r.holdings}
    assert states["c2"] == {"loan": ("expected", "2026-02-01"), "on_site": ("expected", "2026-02-01")}
    assert states["c4"]["loan"] == ("unavailable", "")
    assert states["c3"] == states["c7"] == {}
    assert next(h.status for r in got.records for h in r.holdings if h.key == "c7") == "something odd"


def test_without_a_column_of_numbers_the_row_number_is_the_record(reading: Reading) -> None:
    got = reading(b"Title,Author\nOne,A\nTwo,B\nOne,A\n")
    assert [(r.record, r.title) for r in got.records] == [("1", "One"), ("2", "Two"), ("3", "One")]


def test_a_run_that_was_cut_off_leaves_out_what_is_stored(reading: Reading) -> None:
    content = b"id,title\n" + b"".join(b"%d,t%d\n" % (i, i) for i in range(1300)) + b"bad\n" + b"7,t7\n"
    whole = reading(content)
    assert len(whole.pages) == 3
    assert whole.pages[-1].last
    rest = reading(content, checkpoint=whole.pages[0].checkpoint)
    assert [r.record for r in whole.pages[0].records] + [r.record for r in rest.raw] == [r.record for r in whole.raw]
    changed = reading(content + b"new,n\n", checkpoint=whole.pages[0].checkpoint)
    assert len(changed.raw) == len(whole.raw) + 1  # another file is read from its start


def test_harvested_twice_nothing_changes_and_what_vanished_goes(
    tmp_path: Path, database: Database, client: Client
) -> None:
    path = tmp_path / "copies.csv"
    path.write_bytes(COPIES + b"broken row\n")
    source = Source(id="t", protocol="csv", location=str(path), format="csv")
    with database.begin() as connection:
        number = sources.add(connection, source)
    first = harvest_source(database, source, client)
    assert (first.status, first.received, first.new, first.quarantined) == ("incomplete", 5, 4, 1)
    assert first.losses[0].position == "row 8, line 9"
    second = harvest_source(database, source, client)
    assert (second.received, second.unchanged, second.quarantined) == (5, 4, 1)
    path.write_bytes(COPIES.replace(b"b2,Two,,East,c7,something odd,\n", b"b3,Three,,East,c8,on shelf,\n"))
    third = harvest_source(database, source, client)
    assert (third.status, third.new, third.changed, third.unchanged) == ("complete", 1, 1, 2 + 1)
    with database.connect() as connection:
        live = {r.record for batch in records.iterate(connection, source=number) for _, r in batch if not r.deleted}
    assert live == {"b1", "b2", "b3", "row:5", "row:6"}


HEADERS = {
    "de": "Datensatz-ID;Titel;Verfasser;Verlag;Erscheinungsjahr;Sprache;Signatur;Zweigstelle;Standort;Status;Fällig am",
    "fr": "Identifiant;Titre;Auteur;Éditeur;Année;Langue;Cote;Bibliothèque;Localisation;Disponibilité;Date de retour",
    "es": "Identificador;Título;Autor;Editorial;Año;Idioma;Signatura;Biblioteca;Ubicación;Estado;Fecha de devolución",
    "it": "Identificativo;Titolo;Autore;Editore;Anno;Lingua;Collocazione;Biblioteca;Ubicazione;Stato;Scadenza",
    "nl": "PPN;Titel;Auteur;Uitgever;Jaar;Taal;Signatuur;Vestiging;Locatie;Beschikbaarheid;Inleverdatum",
    "zh": "记录号;题名;责任者;出版社;出版年;语种;索书号;分馆;馆藏位置;馆藏状态;应还日期",
    "zh-Hant": "記錄號;題名;責任者;出版者;出版年;語言;索書號;分館;位置;狀態;應還日期",
    "ja": "書誌ID;タイトル;著者;出版者;出版年;言語;請求記号;図書館;配架場所;状態;返却期限",
    "ru": "Номер записи;Заглавие;Автор;Издательство;Год издания;Язык;Шифр;Филиал;Место хранения;Статус;Срок возврата",
    "en": "record_id;TITLE;main author;Publisher;pub.year;lang;Call No;Branch name;Shelf Location;Item Status;DueDate",
}  # fmt: skip
ON_LOAN = {"de": "ausgeliehen", "fr": "emprunté", "es": "prestado", "it": "in prestito", "nl": "uitgeleend",
           "zh": "已借出", "zh-Hant": "已借出", "ja": "貸出中", "ru": "выдан", "en": "Checked out"}  # fmt: skip


@pytest.mark.parametrize("language", HEADERS)
def test_headers_and_statuses_are_understood_in_many_languages(reading: Reading, language: str) -> None:
    row = f"x1;Harbour lights;Holt, Ada;Example Press;1955;ger;677 HOL;Main;Floor 2;{ON_LOAN[language]};05.02.2026"
    got = reading(f"{HEADERS[language]}\n{row}\n".encode())
    (record,) = got.records
    (holding,) = record.holdings
    assert (record.record, record.title, record.creators[0].name) == ("x1", "Harbour lights", "Holt, Ada")
    assert (record.publisher, record.year, record.languages) == ("Example Press", 1955, ["de"])
    assert (holding.call_number, holding.branch, holding.location) == ("677 HOL", "Main", "Floor 2")
    assert {a.service: (a.state, a.due) for a in holding.availability} == {
        "loan": ("expected", "2026-02-05"),
        "on_site": ("expected", "2026-02-05"),
    }


def test_columns_of_articles(reading: Reading) -> None:
    got = reading(
        b"id,Title,Authors,Journal,Volume,Issue,Pages,Year,DOI,ISSN\n"
        b"a1,On looms,A. Holt,Journal of Craft,12,3,45-67,1999,https://doi.org/10.1000/ABC,0378-5955\n"
    )
    (record,) = got.records
    assert record.type == "article"
    assert record.host is not None
    assert (record.host.title, record.host.volume, record.host.issue, record.host.pages, record.host.issn) == (
        "Journal of Craft", "12", "3", "45-67", "0378-5955",
    )  # fmt: skip
    assert record.identifiers == ["doi:10.1000/abc"]
    assert record.issns == []


def test_a_mapping_decides(reading: Reading) -> None:
    mapping = """
columns: {title: Werk, creator: [Erster, Zweiter], year_made: 4}
"""
    with pytest.raises(MappingError, match="'year_made' is no field"):
        reading(b"id,Werk,Erster,Zweiter\n1,a,b,c\n", mapping)
    mapping = """
columns: {title: Werk, creator: [Erster, Zweiter], date: 5, status: Da}
constants: {institution: Museum of Craft, language: English}
values: {type: {X: image}}
statuses: {J: available, N: {loan: unavailable, on_site: limited}, W: on_loan}
branches: {"1": main}
split: {subject: "+"}
dates: month_first
"""
    got = reading(
        b"nr,Werk,Erster,Zweiter,Entstanden,Da,Type,Branch,Subject,Due\n"
        b"1,A,B,C,1999,J,X,1,r+s,\n2,D,E,,2000,n,X,2,,\n3,F,,,2001,W,X,2,,3/4/2026\n",
        mapping,
    )
    first, second, third = got.records
    assert (first.title, [c.name for c in first.creators], first.year, first.type) == ("A", ["B", "C"], 1999, "image")
    assert (first.languages, first.subjects) == (["en"], ["r", "s"])
    assert (first.holdings[0].branch, second.holdings[0].branch) == ("main", "2")
    assert first.holdings[0].institution == "Museum of Craft"
    assert {a.service: a.state for a in second.holdings[0].availability} == {
        "loan": "unavailable",
        "on_site": "limited",
    }
    assert third.holdings[0].availability[0].due == "2026-03-04"


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("columns: {title: Nope}", "there is no column 'Nope'"),
        ("columns: {title: 9}", "column 9: the file has 2 columns"),
        ("colums: {title: T}", "line 1: unknown key 'colums'"),
        ("type: libro", "'libro' is not one of"),
        ("split: {subject: 5}", "line 1: split"),
        ("id: id\nstatuses:\n  X: gone", "statuses: X: 'gone' is neither a meaning"),
        ("status_system: horizon", "'horizon' is not known"),
        ("a: [", "line 1: not YAML"),
        ("- a", "must be keys and values"),
        ("id: id\ngroup_by: title", "group_by"),
    ],
)
def test_a_wrong_mapping_says_what_and_where(reading: Reading, mapping: str, message: str) -> None:
    with pytest.raises((MappingError, FetchError), match=message.replace("(", r"\(")):
        reading(b"id,title\n1,x\n", mapping)


def test_columns_that_nobody_understands_are_an_error_not_empty_records(reading: Reading) -> None:
    with pytest.raises(MappingError, match="name them in a mapping file"):
        reading(b"foo,bar\n1,2\n")


def test_files_without_a_header(reading: Reading) -> None:
    by_number = reading(b"7,One,1999\n8,Two,2000\n", "header: false\nid: 1\ncolumns: {title: 2, date: 3}\n")
    by_name = reading(b"7,One,1999\n8,Two,2000\n", "header: [id, title, year]\n")
    for got in (by_number, by_name):
        assert [(r.record, r.title, r.year) for r in got.records] == [("7", "One", 1999), ("8", "Two", 2000)]


def test_a_raw_record_can_be_read_again_without_the_file(reading: Reading) -> None:
    got = reading(COPIES)
    header, *rows = json.loads(got.raw[-2].payload)
    assert header[0] == "bib id"
    assert all(row[0] == got.raw[-2].record for row in rows)


def test_all_columns_of_isbns_count_and_no_copies_left_is_unavailable(reading: Reading) -> None:
    got = reading(
        b"id,title,ISBN-13,isbn10,branch,copies\n"
        b"1,One,9783161484100,080442957X,Main,0\n"
        b"2,Two,9.78043902348e+12,439023483,Main,3\n"
    )
    first, second = got.records
    assert (first.isbns, second.isbns) == (["9783161484100", "9780804429573"], ["9780439023481"])
    assert (second.identifiers, second.holdings[0].copies) == ([], 3)
    assert {one.state for one in first.holdings[0].availability} == {"unavailable"}


def test_the_examples_of_the_documentation_are_valid() -> None:
    text = (Path(__file__).parent.parent.parent / "docs" / "mapping.md").read_text("utf-8")
    catalogues, folio, statuses, marc, institutions = re.findall(r"```yaml\n(.*?)```", text, re.S)
    items = marc.partition("items:\n")
    for snippet in (catalogues, folio, statuses, items[0], "items:\n" + items[2]):
        mapping = read_mapping(snippet)
        StatusMap(mapping.statuses, mapping.status_system)
    institution_mapping(yaml.safe_load(institutions))
    listed = set(re.findall(r"\w+", text.partition("Fields of the record:")[2].partition("## ")[0]))
    assert {*record_fields(), *holding_fields()} <= listed

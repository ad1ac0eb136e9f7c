"""The real catalogues: every record is read or refused with a reason; values against the raw data, read otherwise.

Independent readers are pymarc, plain ``csv`` and regular expressions over the bytes; nothing here asks our own code
what is right.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pymarc
import pytest

from harvester.fetching import Client, FetchError
from harvester.formats import FORMATS
from harvester.formats.base import UnreadableError
from harvester.protocols import PROTOCOLS
from schemas.catalogue import CatalogueRecord, Quarantined, RawRecord, Source
from store.sources import SourceState

pytestmark = pytest.mark.data
CLIENT = Client(pause=0)
FOLDERS = ("marc-uva-solrmarc", "marc-evergreen", "marc-princeton-bibdata", "marc-princeton-liberation", "marc-traject")
REASONS = ("holdings record", "authority record", "no title", "no MARC record", "not well-formed", "cut off")
"""All that may be wrong with a record of these folders."""


class Read:
    """What came of a file."""

    def __init__(self, path: Path, protocol: str, mapping: str = "") -> None:
        format_ = {"csv": "csv", "marc": "marc21"}[protocol]
        source = Source(id="s", protocol=protocol, location=str(path), format=format_, mapping_text=mapping)
        pages = list(PROTOCOLS[protocol](source, SourceState(), {}, False, CLIENT).pages())
        self.raw: list[RawRecord] = [raw for page in pages for raw in page.records]
        self.bad: list[Quarantined] = [bad for page in pages for bad in page.quarantined]
        read = FORMATS[format_](source)
        self.records: list[CatalogueRecord] = []
        self.unreadable: dict[str, str] = {}
        for raw in self.raw:
            try:
                self.records.append(read(raw))
            except UnreadableError as error:
                self.unreadable[raw.record] = str(error)

    @property
    def by_id(self) -> dict[str, CatalogueRecord]:
        return {record.record: record for record in self.records}


def rows(path: Path, delimiter: str = ",") -> Iterator[dict[str, str]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file, delimiter=delimiter)


def marc_files(folder: Path) -> list[Path]:
    suffixes = {".mrc", ".marc", ".xml", ".mrx"}
    packed = [path.with_suffix("") if path.suffix == ".gz" else path for path in folder.rglob("*") if path.is_file()]
    files = [path for path in packed if path.suffix in suffixes]
    return sorted(path if path.is_file() else path.with_name(f"{path.name}.gz") for path in files)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_marc_record_is_read_or_refused_for_a_known_reason(data: Path, folder: str) -> None:
    files = marc_files(data / folder)
    assert len(files) > 10
    good = 0
    for path in files:
        if path.name == "00000000.mrx":  # empty on purpose
            with pytest.raises(FetchError, match="empty"):
                Read(path, "marc")
            continue
        got = Read(path, "marc")
        good += len(got.records)
        for reason in [*got.unreadable.values(), *(bad.reason for bad in got.bad)]:
            assert any(known in reason for known in REASONS), f"{path.name}: {reason}"
        assert all(record.title for record in got.records if not record.deleted), path.name
        assert len(got.records) + len(got.unreadable) == len(got.raw)
    assert good >= {"marc-uva-solrmarc": 2570, "marc-evergreen": 2000, "marc-traject": 80}.get(folder, 150)


@pytest.fixture(scope="module")
def uva(data: Path) -> Read:
    return Read(data / "marc-uva-solrmarc/uva_001_2000.mrc.gz", "marc")


def test_uva_against_pymarc(uva: Read, data: Path) -> None:
    assert (len(uva.raw), len(uva.records), uva.bad) == (2000, 2000, [])
    ours = uva.by_id
    items: Counter[str] = Counter()
    with gzip.open(data / "marc-uva-solrmarc/uva_001_2000.mrc.gz") as file:
        for theirs in pymarc.MARCReader(file):
            assert theirs is not None
            record = ours[theirs["001"].data]
            first = theirs["245"]["a"].rstrip(" /:;=.,")
            plain = re.sub(r"\W+", "", first)
            assert re.sub(r"\W+", "", record.title).startswith(plain[:20]), record.record
            fields = theirs.get_fields("999")
            items.update(field["l"] for field in fields)
            assert [(h.key, h.branch, h.call_number) for h in record.holdings if h.key] == [
                (field["i"].strip(), field["m"].strip(), " ".join(field["a"].split())) for field in fields
            ]
    assert sum(len(record.holdings) for record in uva.records) == items.total() == 2903


def test_uva_values_read_in_the_file_by_eye(uva: Read) -> None:
    record = uva.by_id["u7"]
    assert (record.title, record.creators[0].name, record.year, record.languages) == (
        "L'inquisito ; Le due folle", "Saviane, Giorgio", 1982, ["it"],
    )  # fmt: skip
    assert record.holdings[0].availability[0].state == "available"
    lost = uva.by_id["u1"].holdings[0]
    assert (lost.status, lost.availability[0].state) == ("LOST", "unavailable")
    languages = Counter(language for record in uva.records for language in record.languages[:1])
    assert languages.most_common(3)[0][0] == "en"
    assert sum(len(record.isbns) for record in uva.records) > 1100
    loans = [h for record in uva.records for h in record.holdings if h.status == "CHECKEDOUT"]
    assert len(loans) == 53
    assert {a.state for h in loans for a in h.availability} == {"expected"}


def test_uva_as_xml_says_the_same(uva: Read, data: Path, tmp_path: Path) -> None:
    held = io.BytesIO()
    writer = pymarc.XMLWriter(held)
    with gzip.open(data / "marc-uva-solrmarc/uva_001_2000.mrc.gz") as file:
        for number, record in enumerate(pymarc.MARCReader(file)):
            if number < 300:
                writer.write(record)
    writer.close(close_fh=False)
    path = tmp_path / "uva.xml"
    path.write_bytes(held.getvalue())
    same = Read(path, "marc").by_id
    assert len(same) == 300
    assert all(uva.by_id[name] == record for name, record in same.items())


def test_princetons_items_hang_on_their_holdings(data: Path) -> None:
    path = data / "marc-princeton-bibdata/marc_to_solr/99102664603506421.mrx"
    (record,) = Read(path, "marc").records
    assert [(h.key, h.branch, h.location) for h in record.holdings] == [("32101101355020", "lewis", "stacks")]
    alma = Read(path, "marc", "status_system: alma\nstatuses: {'0': available}").records[0]
    assert alma.holdings[0].availability[0].state == "available"
    wanted, found = Counter[str](), Counter[str]()
    for file in marc_files(data / "marc-princeton-bibdata/marc_to_solr"):
        text = file.read_bytes() if file.suffix != ".gz" else gzip.decompress(file.read_bytes())
        for field in re.findall(rb'<(?:\w+:)?datafield[^>]*tag="876".*?</(?:\w+:)?datafield>', text, re.S):
            barcode = re.search(rb'code="p"[^>]*>([^<]+)<', field)
            if barcode:
                wanted[barcode[1].decode().strip()] += 1
        found.update(h.key for record in Read(file, "marc").records for h in record.holdings)
    assert wanted
    assert {key: found[key] for key in wanted} == dict(wanted)


def test_original_scripts_are_other_titles(data: Path) -> None:
    hebrew = Read(data / "marc-traject/hebrew880s.marc", "marc").records[0]
    assert any("\u0590" <= c <= "\u05ff" for title in hebrew.other_titles for c in title)
    assert any("\u0590" <= c <= "\u05ff" for creator in hebrew.creators for c in creator.name)
    packed = Read(data / "marc-traject/packed_041a_lang.marc", "marc").records[0]
    assert len(packed.languages) > 1


def test_berlins_union_records(data: Path) -> None:
    got = Read(data / "berlin-gbv-elag/perl_books.mrc.gz", "marc")
    assert (len(got.records), got.bad, got.unreadable) == (352, [], {})
    assert len({isbn for record in got.records for isbn in record.isbns}) >= 280


def test_gutenberg(data: Path) -> None:
    path = data / "library-gutenberg/gutenberg_metadata.csv.gz"
    table = list(rows(path))
    got = Read(path, "csv")
    ids = {row["gutenberg_id"] for row in table}
    assert len(table) == 82_415
    assert {raw.record for raw in got.raw} == ids  # several authors of one work are several rows
    assert not got.bad
    assert set(got.unreadable) == {row["gutenberg_id"] for row in table if not (row["title"] or row["author"])}
    chinese = {row["gutenberg_id"] for row in table if row["language"] == "zh"}
    assert {record.record for record in got.records if record.languages == ["zh"]} == chinese
    constitution = got.by_id["2"]
    assert constitution.title.startswith("The United States Bill of Rights The Ten Original Amendments")
    assert sum(len(json.loads(raw.payload)) - 1 for raw in got.raw) == len(table)


def test_british_library(data: Path) -> None:
    path = data / "library-bl-flickr-books/plates_1528-1926.tsv.gz"
    got = Read(path, "csv")
    books: dict[str, set[str]] = defaultdict(set)
    images = 0
    for row in rows(path, "\t"):
        books[row["book_identifier"]].add(row["title"])
        images += 1
    assert (images, len(books)) == (161_981, 10_751)
    assert {raw.record for raw in got.raw} == books.keys()
    assert sum(len(json.loads(raw.payload)) - 1 for raw in got.raw) == images
    for record in got.records[:2000]:  # the source writes accents as marks of their own (NFD)
        assert squeezed(record.title) in {squeezed(title) for title in books[record.record]}


def test_goodbooks_with_its_damaged_isbns(data: Path) -> None:
    path = data / "library-goodbooks10k/books.csv.gz"
    got = Read(path, "csv")
    table = {row["book_id"]: row for row in rows(path)}
    assert len(got.records) == 10_000
    sound = {name for name, row in table.items() if row["isbn"] and is_isbn10(row["isbn"].zfill(10))}
    assert sum(bool(row["isbn"]) for row in table.values()) == 9300
    assert {record.record for record in got.records if record.isbns} == sound
    assert len(sound) == 9277
    first = got.by_id["1"]
    assert (first.title, first.series, first.year, first.isbns) == (
        "The Hunger Games", ["The Hunger Games ; 1"], 2008, ["9780439023481"],
    )  # fmt: skip
    assert [creator.name for creator in got.by_id["2"].creators] == ["J.K. Rowling", "Mary GrandPré"]
    years = {
        name: float(row["original_publication_year"]) for name, row in table.items() if row["original_publication_year"]
    }
    assert all(got.by_id[name].year == int(year) for name, year in years.items() if int(year))
    assert {language for record in got.records for language in record.languages} >= {"en", "ar", "fr"}


def is_isbn10(text: str) -> bool:
    """ISO 2108: the weighted sum is a multiple of 11."""
    digits = [10 if c == "X" else int(c) for c in text]
    return sum((10 - place) * digit for place, digit in enumerate(digits)) % 11 == 0


def squeezed(text: str) -> str:
    """NFC without blanks."""
    return re.sub(r"\s", "", unicodedata.normalize("NFC", text))


def test_newcastles_copies(data: Path) -> None:
    path = data / "library-newcastle/top-5-most-borrowed-items-circulation/top-5-most-borrowed-items.csv.gz"
    got = Read(path, "csv", "id: isbn\ncolumns: {key: item}\nignore: [date, issuedate]\n")
    table = list(rows(path))
    last = {row["item"]: row["branch"] for row in table}
    assert len(table) == 2951
    assert len(got.records) == 32
    holdings = [holding for record in got.records for holding in record.holdings]
    assert {holding.key: holding.branch for holding in holdings} == last
    assert len(holdings) == 292


def test_tate_as_a_table(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "tate.csv"
    wanted: dict[str, str] = {}
    with (
        gzip.open(data / "museum-tate/artworks.jsonl.gz", "rt", encoding="utf-8") as source,
        path.open("w", newline="") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(
            ["Accession number", "Title", "Artist", "Date", "Medium", "Classification", "URL", "Thumbnail URL"]
        )
        for number, line in enumerate(source):
            if number % 4:
                continue  # a quarter of it is enough
            work = json.loads(line)
            artists = "; ".join(c["mda"] for c in work.get("contributors", []))
            names = ("dateText", "medium", "classification", "url", "thumbnailUrl")
            writer.writerow([work["acno"], work["title"], artists, *(work[name] for name in names)])
            wanted[work["acno"]] = work["title"]
    got = Read(path, "csv")
    assert not got.bad
    assert not got.unreadable
    assert len(got.records) == len(wanted) > 17_000
    assert all(" ".join(wanted[record.record].split()) == record.title for record in got.records)
    assert {record.type for record in got.records} <= {"object", "video", "audio", "other", "archive", "manuscript"}
    assert all(record.unit_id == record.record for record in got.records)
    known = [record for record in got.records if record.date != "date not known"]
    assert sum(record.year is not None for record in known) > 0.99 * len(known)

"""What a reader of CSV rows remembers of earlier rows changes nothing in later ones."""

from __future__ import annotations

import msgspec

from harvester.formats import FORMATS
from schemas.catalogue import RawRecord, Source

SOURCE = Source(id="t", protocol="csv", location="t.csv", format="csv")
HEADER = ["id", "title", "author", "language", "subjects", "year", "isbn", "branch", "call number", "status"]


def raw(number: int) -> RawRecord:
    """A row of which some cells come again and others do not, some of them untidy."""
    title = f"Title {number}" + ("  of\ntwo lines" if number % 7 == 0 else "")
    year, subjects = f"{1900 + number % 50}.0", f"sea|ships|{number % 3}"
    isbn = "9780140449136" if number % 2 else "N/A"
    row = [str(number), title, f"Author, {number % 9}.", "eng; ger", subjects, year, isbn]
    row += [f"Branch {number % 4} ", f"QA {number}", "available"]
    return RawRecord(source="t", record=str(number), payload=msgspec.json.encode([HEADER, row]))


def test_a_row_says_the_same_after_thousands_of_others_as_alone() -> None:
    read = FORMATS["csv"](SOURCE)
    for number in range(2500):
        together = read(raw(number))
        if number % 50 == 0 or 990 < number < 1010:
            assert together == FORMATS["csv"](SOURCE)(raw(number))


def test_lists_of_records_are_their_own() -> None:
    read = FORMATS["csv"](SOURCE)
    first = read(raw(1))
    first.subjects.append("spoilt")
    first.creators.clear()
    first.languages.clear()
    first.holdings[0].availability.clear()
    assert read(raw(1)) == FORMATS["csv"](SOURCE)(raw(1))

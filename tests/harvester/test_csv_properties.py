"""What must hold for any table: every cell survives, every row is a record or in quarantine, copies stay together."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester.fetching import Client, FetchError
from harvester.formats.base import MappingError
from harvester.protocols.csv_file import open_csv
from schemas.catalogue import Quarantined, RawRecord, Source
from store.sources import SourceState

CLIENT = Client(pause=0)
HEADER = ["id", "title", "note"]
# NUL is left out (and counted) on purpose; lone surrogates cannot be written as UTF-8.
CELL = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


def read(content: bytes, mapping: str = "") -> tuple[list[RawRecord], list[Quarantined]]:
    """The records and the quarantine of a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(content)
        source = Source(id="t", protocol="csv", location=str(path), format="csv", mapping_text=mapping)
        pages = list(open_csv(source, SourceState(), {}, False, CLIENT).pages())
    return [raw for page in pages for raw in page.records], [bad for page in pages for bad in page.quarantined]


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=12), st.sampled_from([",", ";", "\t", "|"]))
@settings(max_examples=150, deadline=None)
def test_any_text_survives_the_way_through_a_file(cells: list[tuple[str, str]], delimiter: str) -> None:
    held = io.StringIO()
    writer = csv.writer(held, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(HEADER)
    rows = [[f"r{number}", *pair] for number, pair in enumerate(cells)]
    writer.writerows(rows)
    records, quarantined = read(held.getvalue().encode(), f"delimiter: {json.dumps(delimiter)}\nquote: '\"'")
    assert not quarantined
    assert [msgspec.json.decode(raw.payload) for raw in records] == [[HEADER, row] for row in rows]


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60))
@settings(max_examples=100, deadline=None)
def test_rows_of_one_record_come_together_in_any_order(ids: list[int]) -> None:
    text = "id,title,barcode\n" + "".join(f"b{id_},t,c{number}\n" for number, id_ in enumerate(ids))
    records, quarantined = read(text.encode())
    assert not quarantined
    assert sorted(raw.record for raw in records) == sorted({f"b{id_}" for id_ in ids})
    for raw in records:
        rows = msgspec.json.decode(raw.payload)[1:]
        assert [row[2] for row in rows] == [f"c{n}" for n, id_ in enumerate(ids) if f"b{id_}" == raw.record]


LINE = st.sampled_from(
    ["a,b,c", "a,b", "a,b,c,d", '"a,b,c', 'a,"b"c,d', 'a,"b ""q""",c', 'a,"b', '"', "", ",,", '",",']
)


@given(st.lists(LINE, min_size=1, max_size=25), st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=300, deadline=None)
def test_every_line_of_a_damaged_file_is_in_a_record_or_in_quarantine(lines: list[str], end: str) -> None:
    content = end.join(["id,title,note", *(f"{line}" for line in lines)]) + end
    records, quarantined = read(content.encode(), "delimiter: ','\nquote: '\"'\nid: row")
    kept = "".join("".join(row) for raw in records for row in msgspec.json.decode(raw.payload)[1:])
    kept += "".join(bad.payload.decode() for bad in quarantined)
    wanted = "".join(lines)
    assert kept.count("a") == wanted.count("a")
    assert kept.count("c") == wanted.count("c")
    assert kept.count("d") == wanted.count("d")
    numbers = [int(raw.record) for raw in records] + [int(bad.record.removeprefix("row:")) for bad in quarantined]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_no_bytes_break_the_reader_in_an_unforeseen_way(content: bytes) -> None:
    try:
        records, quarantined = read(b"id,title\n1,x\n" + content, "delimiter: ','")
    except (FetchError, MappingError):
        return  # told in words
    assert records or quarantined

"""Workbooks (XLSX): the sheet that holds the catalogue, written out as a CSV file that is then read like any other.

Values are taken as they are shown by type: results of formulas, dates as ISO 8601, numbers without ".0". A workbook is
a zip file of XML from outside: its parts are measured before one is unpacked, and entities are refused.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

from harvester.fetching import FetchError
from harvester.formats.csv_words import recognised
from harvester.formats.mapping import Mapping
from harvester.protocols.csv_sheet_header import MOST_ABOVE, from_header

MOST_UNPACKED = 1 << 30
MOST_SHARED = 256 << 20
"""Bytes of the table of shared texts, which is held in memory."""
MOST_COLUMNS = 2000
RATIO = 200
FREE = 64 << 20
_LEADING_ZEROS = re.compile(r"0+")


def is_workbook(path: Path) -> bool:
    """Whether a file is a zip file with the parts of an office document."""
    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            return False
    try:
        with zipfile.ZipFile(path) as archive:
            return "[Content_Types].xml" in archive.namelist()
    except zipfile.BadZipFile:
        return False


def as_csv(path: Path, folder: Path, mapping: Mapping, notes: list[str]) -> Path:
    """Write the sheet of a workbook to a CSV file (UTF-8, commas, every cell quoted).

    Args:
        path: the workbook.
        folder: where the CSV file goes.
        mapping: may name the sheet.
        notes: told which sheet was read, and which others there are.

    Raises:
        FetchError: no sound XLSX file, larger than is honest, or no sheet looks like a catalogue.
    """
    import openpyxl  # 30 MB, which few harvests need
    from openpyxl.utils.exceptions import InvalidFileException

    _measure(path)
    target = folder / "sheet.csv"
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            sheets = _choose(book, mapping, notes)
            with target.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, quoting=csv.QUOTE_ALL)
                for number, sheet in enumerate(sheets):
                    rows = from_header(_rows(sheet), notes) if mapping.header is True else _rows(sheet)
                    writer.writerows(islice(rows, min(number, 1), None))  # the header once
        finally:
            book.close()
    except FetchError:
        raise
    except (OSError, InvalidFileException, zipfile.BadZipFile) as error:
        raise FetchError(f"{path.name} is no sound workbook: {error}") from error
    except Exception as error:  # openpyxl has no error of its own for damage: KeyError, ValueError, ParseError ...
        raise FetchError(
            f"{path.name} cannot be read as XLSX ({type(error).__name__}: {error}): save the sheet as CSV (UTF-8)"
        ) from error
    return target


def _measure(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        names = {part.filename for part in parts}
    if not any(name.startswith("xl/") for name in names):
        raise FetchError(f"{path.name} is an office document, but no XLSX workbook: save it as XLSX or CSV (UTF-8)")
    total = sum(part.file_size for part in parts)
    limit = min(MOST_UNPACKED, max(FREE, path.stat().st_size * RATIO))
    if total > limit:
        raise FetchError(f"{path.name} unpacks to {total >> 20:,} MB, more than {limit >> 20:,} MB: no honest workbook")
    shared = sum(part.file_size for part in parts if part.filename.lower() == "xl/sharedstrings.xml")
    if shared > MOST_SHARED:
        raise FetchError(f"{path.name} has {shared >> 20:,} MB of texts: save the sheet as CSV (UTF-8)")


def _choose(book: Any, mapping: Mapping, notes: list[str]) -> list[Any]:
    """The sheet that looks most like a catalogue, and those that go on with it: with the same header."""
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or list(book.worksheets)
    titles = [sheet.title for sheet in sheets]
    if mapping.sheet:
        wanted = mapping.sheet
        position = int(wanted) - 1 if isinstance(wanted, int) or wanted.isdigit() else -1
        for number, sheet in enumerate(sheets):
            if sheet.title == wanted or number == position:
                return [sheet]
        raise FetchError(f"sheet: there is no sheet {wanted!r}; there are {', '.join(titles)}")
    filled = [sheet for sheet in sheets if next(_rows(sheet), None)]
    if not filled:
        raise FetchError("the workbook is empty")
    chosen = max(filled, key=lambda sheet: (_known(sheet), -filled.index(sheet)))
    header = _header(chosen)
    read = [sheet for sheet in filled if sheet is chosen or (mapping.header is True and _header(sheet) == header)]
    others = [sheet.title for sheet in filled if sheet not in read]
    names = [sheet.title for sheet in read]
    notes.append(
        (f"read from sheet {names[0]!r}" if len(names) == 1 else f"read from sheets of one header: {_listed(names)}")
        + (f"; not from {_listed(others)} (sheet: NAME in the mapping file names another)" if others else "")
    )
    return read


def _header(sheet: Any) -> list[str]:
    return [text.strip().casefold() for text in next(from_header(_rows(sheet), []), [])]


def _listed(names: list[str]) -> str:
    return ", ".join(names[:20])


def _known(sheet: Any) -> int:
    return min(max(map(recognised, islice(_rows(sheet), MOST_ABOVE + 1)), default=0), 3)


def _rows(sheet: Any) -> Iterator[list[str]]:
    """The sheet's rows from the first that is not empty, as wide as that one or wider."""
    sheet.reset_dimensions()  # what a file says of its size is not believed
    width = 0
    for cells in sheet.iter_rows():
        if len(cells) > MOST_COLUMNS:
            raise FetchError(f"sheet {sheet.title!r} has more than {MOST_COLUMNS:,} columns")
        row = [_text(cell) for cell in cells]
        while row and not row[-1]:
            row.pop()
        if not row and not width:
            continue
        width = width or len(row)
        yield row + [""] * (width - len(row))


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        whole = int(value) if isinstance(value, int) or value.is_integer() else None
        if whole is None:
            return repr(value)
        shape = cell.number_format or ""
        # A format of zeros only is how spreadsheets show numbers that begin with zeros.
        return str(whole).zfill(len(shape)) if _LEADING_ZEROS.fullmatch(shape) else str(whole)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value)

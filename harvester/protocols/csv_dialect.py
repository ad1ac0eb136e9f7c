"""How a CSV file parts its cells: the way in which its first rows have the same number of cells, and most of them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from harvester.fetching import FetchError
from harvester.formats.csv_words import recognised
from harvester.formats.mapping import Mapping

DELIMITERS = ",;\t|^"
SAMPLE_ROWS = 200
_NAMES = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "\\t": "\t"}


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of ``csv.reader``."""

    delimiter: str
    quote: str | None = '"'
    """None = quotation marks are ordinary characters."""
    backslash: bool = False
    """Quotation marks inside a cell are written \\" and not doubled."""

    def options(self) -> dict[str, Any]:
        """Keyword arguments for ``csv.reader``, always strict."""
        return {
            "delimiter": self.delimiter,
            "quotechar": self.quote,
            "quoting": csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            "doublequote": not self.backslash,
            "escapechar": "\\" if self.backslash else None,
            "strict": True,
        }


def find_dialect(lines: Sequence[str], mapping: Mapping) -> Dialect:
    """The dialect of a file by its first lines, as far as the mapping does not say it.

    Raises:
        FetchError: nothing parts the rows into equal numbers of cells.
    """
    if not any(line.strip() for line in lines):
        raise FetchError("the file is empty")
    given = _NAMES.get(mapping.delimiter, mapping.delimiter)
    if len(given) > 1:
        raise FetchError(f"delimiter: {mapping.delimiter!r} must be one character, or tab, comma, semicolon, pipe")
    best: tuple[tuple[float, ...], Dialect] | None = None
    for delimiter in given or DELIMITERS:
        for quote, backslash in _quotings(lines, mapping):
            dialect = Dialect(delimiter=delimiter, quote=quote, backslash=backslash)
            score = _score(lines, dialect)
            if score and (best is None or score > best[0]):
                best = (score, dialect)
    if best is None:
        raise FetchError("the file has no row that can be read: is it a CSV file?")
    return best[1]


def _quotings(lines: Sequence[str], mapping: Mapping) -> list[tuple[str | None, bool]]:
    if mapping.quote == "none":
        return [(None, False)]
    if mapping.quote:
        return [(mapping.quote[:1], False)]
    found: list[tuple[str | None, bool]] = [('"', False)]
    if any('\\"' in line for line in lines):
        found.append(('"', True))
    if any('"' in line for line in lines):
        found.append((None, False))
    return found


def _score(lines: Sequence[str], dialect: Dialect) -> tuple[float, ...] | None:
    """Better first: known headers, share of rows with the usual number of cells, number of cells."""
    reader = csv.reader(iter(lines), **dialect.options())
    widths: Counter[int] = Counter()
    header: list[str] = []
    failed = 0
    for _ in range(SAMPLE_ROWS):
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error:
            failed += 1
            if reader.line_num < len(lines) - 1:
                continue  # what is cut off at the sample's end is no fault
            break
        if row:
            header = header or row
            widths[len(row)] += 1
    if not header:
        return None
    same = widths[len(header)] / (sum(widths.values()) + failed)
    if len(header) < 2:
        return (0.0, 0.0, same, 0.0)
    # Quoting that fits wins over taking the marks as text: that would leave them in the cells.
    return (float(min(recognised(header), 3)), round(same, 1), float(len(header)), 1.0 if dialect.quote else 0.0)

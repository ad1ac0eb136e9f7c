"""The rows of a CSV file with their numbers; what is no row is told with its reason, and reading goes on after it."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Iterator
from operator import itemgetter

import msgspec

from harvester.protocols.csv_dialect import Dialect

MOST_CELL = 4 << 20
"""Characters of one cell."""
_LOOK_AHEAD = 50
"""Lines that a row after a broken one may span."""
_MOST_LINES = 20_000
"""Lines of one row: an unclosed quotation mark must not swallow the file."""
_BLOCK = 500
"""Lines that are taken at once."""
csv.field_size_limit(MOST_CELL)


MayPad = Callable[[list[str]], bool]


class Row(msgspec.Struct, gc=False):
    """One row: its number among the data rows and the line where it begins, both from 1."""

    number: int
    line: int
    cells: list[str]


class BadRow(msgspec.Struct):
    """Lines that are no row of the table."""

    number: int
    line: int
    reason: str
    text: str


class _Lines:
    """The lines of a file, remembered from the row under way on, so that they can be read again.

    They come in blocks, for the parser to take them without a call of ours for each.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self._source = lines
        self._kept: list[str] = []
        self._first = 0
        """Number of the first line that is kept."""
        self.row = 0
        """Number of the line, from 0, where the row under way begins. Lines before it may be forgotten."""
        self.zeros = 0

    def from_row(self) -> Iterator[str]:
        """The lines from the row under way on."""
        return itertools.chain.from_iterable(self._blocks())

    def _blocks(self) -> Iterator[list[str]]:
        yield self._kept[self.row - self._first :]
        while block := self._take():
            if len(self._kept) - len(block) > _MOST_LINES:
                raise csv.Error(f"more than {_MOST_LINES:,} lines in one row: a quotation mark is not closed")
            yield block

    def _take(self) -> list[str]:
        """Keep a block more, and forget those lines that are done with."""
        block = list(itertools.islice(self._source, _BLOCK))
        zeros = "".join(block).count("\0")
        if zeros:
            self.zeros += zeros
            block = [line.replace("\0", "") for line in block]
        self._kept = self._kept[self.row - self._first :] + block
        self._first = self.row
        return block

    def peek(self, number: int) -> list[str]:
        """The next lines, without taking them."""
        while len(self._kept) - (self.row - self._first) < number and self._take():
            pass
        start = self.row - self._first
        return self._kept[start : start + number]


class NotSoundError(Exception):
    """Not all of a file's rows are rows of the table."""


def column(lines: Iterator[str], dialect: Dialect, place: int, width: int) -> Iterator[str]:
    """One cell of each row, the header with it, in half the time of ``Rows``, which reads what is damaged, too.

    Raises:
        NotSoundError: the next rows are not as wide as the header, or not to be parsed; there ``Rows`` may see others.
    """
    reader = csv.reader(itertools.chain.from_iterable(_blocks(lines)), **dialect.options())
    taken, cell = 0, itemgetter(place)
    try:
        while rows := list(itertools.islice(reader, _BLOCK)):
            if {*map(len, rows)} != {width} or reader.line_num - taken > _MOST_LINES:
                raise NotSoundError
            taken = reader.line_num
            yield from map(cell, rows)
    except csv.Error as error:
        raise NotSoundError from error


def _blocks(lines: Iterator[str]) -> Iterator[list[str]]:
    while block := list(itertools.islice(lines, _BLOCK)):
        yield [line.replace("\0", "") for line in block] if "\0" in "".join(block) else block


class Rows:
    """Reads the rows of a file whose header is known."""

    def __init__(self, lines: Iterator[str], dialect: Dialect, may_pad: MayPad | None = None) -> None:
        """Begin at the top of a file.

        Args:
            lines: with their ends.
            dialect: how cells are parted.
            may_pad: whether a row with too few cells only lacks empty ones at its end; None = never.
        """
        self._lines = _Lines(lines)
        self._options = dialect.options()
        self._may_pad = may_pad
        self._header: list[str] = []
        self.padded = 0
        """How many rows were short, and got empty cells at their end."""
        self.headers = 0
        """How many rows were the header once more, as printed lists have it on each page."""

    @property
    def zeros(self) -> int:
        """How many NUL characters were left out."""
        return self._lines.zeros

    def first(self) -> list[str]:
        """The first row that is not empty: the header. An empty list when there is none."""
        reader = csv.reader(self._lines.from_row(), **self._options)
        for row in reader:
            if any(cell.strip() for cell in row):
                self._lines.row = reader.line_num
                self._header = row
                return row
        return []

    def data(self, width: int, before: list[list[str]] | None = None) -> Iterator[Row | BadRow]:
        """The rows after the header.

        Args:
            width: how many cells a row has.
            before: rows that were read already and are data (files without a header).
        """
        number = 0
        for cells in before or []:
            number += 1
            yield self._judge(cells, number, 1, width, "")
        lines = self._lines
        while True:
            began = start = lines.row
            reader = csv.reader(lines.from_row(), **self._options)
            broken = ""
            try:
                for cells in reader:
                    if cells == self._header:
                        self.headers += 1
                    elif len(cells) == width and any(cells):
                        number += 1
                        yield Row(number, start + 1, cells)
                    elif any(cell.strip() for cell in cells):
                        number += 1
                        spanned = began + reader.line_num - start
                        if spanned > 1:  # most likely a quotation mark that swallowed rows
                            broken = f"{len(cells)} cells over {spanned} lines, the header has {width}"
                            break
                        yield self._judge(cells, number, start + 1, width, lines.peek(1)[0])
                    start = lines.row = began + reader.line_num
            except csv.Error as error:
                number += 1
                broken = str(error)
            if not broken:
                return
            yield self._broken(number, width, broken)

    def _judge(self, cells: list[str], number: int, line: int, width: int, text: str) -> Row | BadRow:
        if len(cells) == width:
            return Row(number, line, cells)
        # A short last line without an end may be where the file was cut off.
        if len(cells) < width and self._may_pad and text[-1:] in "\r\n" and self._may_pad(cells):
            self.padded += 1
            return Row(number, line, cells + [""] * (width - len(cells)))
        few = "only " if len(cells) < width else ""
        return BadRow(number, line, f"{few}{len(cells)} cells where the header has {width}", text or repr(cells))

    def _broken(self, number: int, width: int, reason: str) -> BadRow:
        """Set the broken row aside: its first line, and those after it up to one that begins a sound row."""
        lines = self._lines
        line = lines.row + 1
        bad = lines.peek(1)
        lines.row += 1
        while ahead := lines.peek(_LOOK_AHEAD):
            if self._begins_row(ahead, width):
                break
            bad.append(ahead[0])
            lines.row += 1
        return BadRow(number, line, f"not a row of the table: {reason}", "".join(bad))

    def _begins_row(self, ahead: list[str], width: int) -> bool:
        try:
            cells = next(csv.reader(iter(ahead), **self._options))
        except (csv.Error, StopIteration):
            return False
        return len(cells) == width or not cells

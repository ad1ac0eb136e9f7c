"""The rows of a CSV file with their numbers; what is no row is told with its reason, and reading goes on after it."""

from __future__ import annotations

import csv
import itertools
from collections import deque
from collections.abc import Callable, Iterator

import msgspec

from harvester.protocols.csv_dialect import Dialect

MOST_CELL = 4 << 20
"""Characters of one cell."""
_LOOK_AHEAD = 50
"""Lines that a row after a broken one may span."""
_MOST_LINES = 20_000
"""Lines of one row: an unclosed quotation mark must not swallow the file."""
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
    """The lines of a file, counted and remembered since the last row, so that they can be read again."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.count = 0
        self.zeros = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        if "\0" in line:
            self.zeros += line.count("\0")
            line = line.replace("\0", "")
        self.count += 1
        self.taken.append(line)
        if len(self.taken) > _MOST_LINES:
            raise csv.Error(f"more than {_MOST_LINES:,} lines in one row: a quotation mark is not closed")
        return line

    def give_back(self, keep: int) -> None:
        """Put all lines taken since the last row, but the first ``keep``, back to be read again."""
        back = self.taken[keep:]
        self._again.extendleft(reversed(back))
        self.count -= len(back)
        del self.taken[keep:]

    def peek(self, number: int) -> list[str]:
        """The next lines, without taking them."""
        while len(self._again) < number:
            line = next(self._lines, None)
            if line is None:
                break
            self._again.append(line)
        return list(itertools.islice(self._again, number))


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
        self.padded = 0
        """How many rows were short, and got empty cells at their end."""

    @property
    def zeros(self) -> int:
        """How many NUL characters were left out."""
        return self._lines.zeros

    def first(self) -> list[str]:
        """The first row that is not empty: the header. An empty list when there is none."""
        reader = csv.reader(self._lines, **self._options)
        for row in reader:
            if any(cell.strip() for cell in row):
                self._lines.taken.clear()
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
            reader = csv.reader(lines, **self._options)
            broken = ""
            try:
                for cells in reader:
                    if len(cells) == width and any(cells):
                        number += 1
                        yield Row(number, lines.count - len(lines.taken) + 1, cells)
                    elif any(cell.strip() for cell in cells):
                        number += 1
                        if len(lines.taken) > 1:  # most likely a quotation mark that swallowed rows
                            broken = f"{len(cells)} cells over {len(lines.taken)} lines, the header has {width}"
                            break
                        yield self._judge(cells, number, lines.count, width, lines.taken[0])
                    lines.taken.clear()
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
        lines.give_back(1)
        line = lines.count
        bad = [lines.taken[0]]
        lines.taken.clear()
        while ahead := lines.peek(_LOOK_AHEAD):
            if self._begins_row(ahead, width):
                break
            bad.append(next(lines))
            lines.taken.clear()
        return BadRow(number, line, f"not a row of the table: {reason}", "".join(bad))

    def _begins_row(self, ahead: list[str], width: int) -> bool:
        try:
            cells = next(csv.reader(iter(ahead), **self._options))
        except (csv.Error, StopIteration):
            return False
        return len(cells) == width or not cells

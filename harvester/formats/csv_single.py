"""Reads the cells of one row, each of which says one thing, and remembers what the cells of a column said before.

Places, languages, publishers, names and subjects come again in every catalogue; titles and numbers do not. Which
columns are worth remembering, the first rows show.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import msgspec

from harvester.formats.text import is_tidy, tidy

_TRIAL = 1000
"""Rows after which a column is no longer remembered if more than half of its cells were new."""
_MOST = 4096
"""Cells that are remembered of a column ..."""
_LONGEST = 500
"""... and the characters of one."""

Read = Callable[[str], Any]
"""What a tidy text says that is not empty; None = nothing."""


class Column(msgspec.Struct, frozen=True):
    """A column, and the value that it is read for."""

    name: str
    position: int
    read: Read


class _Memory(dict[str, Any]):
    """What cells say, by cell."""

    def __init__(self, read: Read) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, cell: str) -> Any:
        text = tidy(cell)
        value = self._read(text) if text else None
        if len(cell) <= _LONGEST:
            if len(self) >= _MOST:
                self.clear()
            self[cell] = value
        return value


class SingleCells:
    """Reads the cells of one row at a time."""

    def __init__(self, columns: Iterable[Column], lists: Collection[str] = ()) -> None:
        """Remember all columns at first.

        Args:
            columns: with what reads them.
            lists: names of values that are lists, of which every record gets its own.
        """
        self._rows = 0
        self._kept = [(column, _Memory(column.read)) for column in columns]
        self._lists = frozenset(lists)
        self._fresh: list[tuple[str, Read]] = []
        self._positions: list[int] = []
        self._plan()

    def read(self, row: Sequence[str], values: dict[str, Any]) -> None:
        """Add what the cells of a row say to ``values``, in place of what stands there."""
        self._rows += 1
        if self._rows == _TRIAL:
            self._choose()
        for name, position, memory in self._remembered:
            if (cell := row[position]) and (value := memory[cell]) is not None:
                values[name] = value
        for name, position, memory in self._remembered_lists:
            if (cell := row[position]) and (value := memory[cell]) is not None:
                values[name] = value.copy()
        if self._fresh:
            cells = [row[position] for position in self._positions]
            # Asking once for all costs a tenth of tidying each.
            texts = map(str.strip, cells) if is_tidy("".join(cells)) else map(tidy, cells)
            for (name, read), text in zip(self._fresh, texts):  # noqa: B905 - costs, and they are as many
                if text and (value := read(text)) is not None:
                    values[name] = value

    def _choose(self) -> None:
        fresh = [column for column, memory in self._kept if len(memory) > _TRIAL // 2]
        self._fresh = [(column.name, column.read) for column in fresh]
        self._positions = [column.position for column in fresh]
        self._kept = [(column, memory) for column, memory in self._kept if len(memory) <= _TRIAL // 2]
        self._plan()

    def _plan(self) -> None:
        kept = [(column.name, column.position, memory) for column, memory in self._kept]
        self._remembered = [one for one in kept if one[0] not in self._lists]
        self._remembered_lists = [one for one in kept if one[0] in self._lists]

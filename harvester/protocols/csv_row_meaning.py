"""What rows mean beside their cells: that their record is gone, or that they cannot belong to one record."""

from __future__ import annotations

from collections.abc import Sequence

from harvester.formats.base import MappingError
from harvester.formats.csv_plan import Plan
from harvester.formats.mapping import Mapping
from harvester.formats.text import fold
from harvester.protocols.csv_rows import Row

_NO = frozenset({"", "0", "no", "n", "false", "f"})
_ALIKE = 0.34
"""Share of the shorter title's words that the other has, too: volumes of a set, other spellings, subtitles."""


class Deletions:
    """Which rows delete their record, by the source's mapping."""

    def __init__(self, header: Sequence[str], mapping: Mapping) -> None:
        """Find the column.

        Raises:
            MappingError: there is none of that name or number.
        """
        self._all = mapping.deleted == "all"
        self._column = -1
        self._words = frozenset[str]()
        if mapping.deleted is None or isinstance(mapping.deleted, str):
            return
        wanted = mapping.deleted.column
        names = [name.casefold() for name in header]
        if isinstance(wanted, int) and 1 <= wanted <= len(header):
            self._column = wanted - 1
        elif isinstance(wanted, str) and wanted.strip().casefold() in names:
            self._column = names.index(wanted.strip().casefold())
        else:
            raise MappingError(f"deleted: there is no column {wanted!r}; the columns are {', '.join(header[:60])}")
        self._words = frozenset(word.strip().casefold() for word in mapping.deleted.words)

    def all_of(self, group: Sequence[Row]) -> bool:
        """Whether every row of a record says that it is gone."""
        if self._column < 0:
            return self._all
        return all(self._is_deleted(row.cells[self._column].strip().casefold()) for row in group)

    def _is_deleted(self, word: str) -> bool:
        return word in self._words if self._words else word not in _NO


class Titles:
    """Compares the titles of rows with one identifier, so that no second thing vanishes behind the first."""

    def __init__(self, plan: Plan, mapping: Mapping) -> None:
        self._columns = plan.columns.get("title", ())
        self._sure = bool(mapping.group_by)  # a person says that such rows are one record
        self._differ = 0
        self._example = ""

    def strangers(self, group: list[Row]) -> list[Row]:
        """Take the rows out of a group whose title has nothing in common with that of its first row."""
        titles = {row.number: self._title(row) for row in group}
        first = next((title for title in titles.values() if title), "")
        if not first or all(title in (first, "") for title in titles.values()):
            return []
        words = {number: set(fold(title).split()) for number, title in titles.items()}
        own = next(words[number] for number, title in titles.items() if title)
        strange = []
        for row in group:
            title = titles[row.number]
            if not title or words[row.number] == own:
                continue
            if (
                self._sure
                or _alike(own, words[row.number])
                or fold(title).replace(" ", "") in fold(first).replace(" ", "")
            ):
                self._differ += 1
                self._example = self._example or f"{first!r} and {title!r}"
            else:
                strange.append(row)
        for row in strange:
            group.remove(row)
        return strange

    def notes(self) -> list[str]:
        """What an operator should know."""
        if not self._differ:
            return []
        return [
            f"{self._differ:,} rows have the identifier of a row with another title and were read as other titles of it"
            f", e.g. {self._example}; if these are different things, name more columns under id in a mapping file"
        ]

    def _title(self, row: Row) -> str:
        return next((text for place in self._columns if (text := row.cells[place].strip())), "")


def _alike(one: set[str], other: set[str]) -> bool:
    fewer = min(len(one), len(other))
    return not fewer or len(one & other) / fewer >= _ALIKE

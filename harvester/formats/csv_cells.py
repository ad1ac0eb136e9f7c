"""What the cells of rows under one header say, field by field: where to look is worked out once for a header."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from harvester.formats.csv_plan import Plan
from harvester.formats.text import distinct, tidy

_SPLIT = {"creator": ";|", "contributor": ";|", "subject": ";|", "language": ";,/|", "isbn": ";,|/", "issn": ";,|/",
          "other_title": "|", "url": "|", "path": ">", "series": "|", "doi": "|;", "other_id": "|;"}  # fmt: skip
_NOTHING = frozenset({"NULL", "N/A", "n/a", "NaN", "nan", "\\N", "#N/A"})
"""What spreadsheets and exports write into a cell without a value."""

Words = Mapping[str, Mapping[str, str]]
"""Field -> (value in the file, case folded -> value meant)."""


class Cells:
    """Reads the cells of the record's own fields."""

    def __init__(
        self,
        plan: Plan,
        constants: Mapping[str, str],
        values: Words,
        split: Mapping[str, str],
        leaving_out: Iterable[str],
    ) -> None:
        """Work out where to look.

        Args:
            plan: of the header.
            constants: field -> value where the rows say nothing.
            values: what words of the file mean.
            split: field -> marks that part several values in one cell, before the usual ones.
            leaving_out: fields that nobody asks for here.
        """
        splitters = {
            field: re.compile(f"[{re.escape(marks)}]") for field, marks in {**_SPLIT, **split}.items() if marks
        }
        left_out = frozenset(leaving_out)
        self._columns = [
            (field, positions, values.get(field), splitters.get(field))
            for field, positions in plan.columns.items()
            if field not in left_out
        ]
        self._constants = [(field, value, _parted([value], splitters.get(field))) for field, value in constants.items()]

    def read(self, rows: Sequence[list[str]]) -> tuple[dict[str, str], dict[str, list[str]]]:
        """The first value of each field, whole, and all values of each, parted. Fields without any are left out."""
        first = {field: value for field, value, _ in self._constants}
        every = {field: list(values) for field, _, values in self._constants}
        single = rows[0] if len(rows) == 1 else None
        for field, positions, words, splitter in self._columns:
            if single is not None and len(positions) == 1:
                text = single[positions[0]]
                if not text:
                    continue
                # What ``tidy`` would say first, without a call for each cell.
                text = text.strip() if text.isascii() and text.isprintable() and "  " not in text else tidy(text)
                if not text or text in _NOTHING:
                    continue
                found = [text]
            else:
                texts = [tidy(row[position]) for row in rows for position in positions if row[position]]
                found = distinct([text for text in texts if text not in _NOTHING])
                if not found:
                    continue
            if words is not None:
                found = [words.get(text.casefold(), text) for text in found]
            first[field] = found[0]
            every[field] = _parted(found, splitter)
        return first, every


def _parted(found: list[str], splitter: re.Pattern[str] | None) -> list[str]:
    if splitter is None or (len(found) == 1 and splitter.search(found[0]) is None):
        return found
    return distinct([part.strip() for text in found for part in splitter.split(text)])

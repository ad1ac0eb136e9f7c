"""What the cells of rows under one header say, field by field: where to look is worked out once for a header."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from harvester.formats.csv_plan import Plan
from harvester.formats.text import distinct, is_tidy, tidy

_SPLIT = {"creator": ";|", "contributor": ";|", "subject": ";|", "language": ";,/|", "isbn": ";,|/", "issn": ";,|/",
          "other_title": "|", "url": "|", "path": ">", "series": "|", "doi": "|;", "other_id": "|;"}  # fmt: skip
_NOTHING = frozenset({"NULL", "N/A", "n/a", "NaN", "nan", "\\N", "#N/A"})
"""What spreadsheets and exports write into a cell without a value."""

Words = Mapping[str, Mapping[str, str]]
"""Field -> (value in the file, case folded -> value meant)."""
Parter = Callable[[str], list[str]]
"""The values in one cell."""


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
        parters = {field: _parter(marks) for field, marks in {**_SPLIT, **split}.items() if marks}
        left_out = frozenset(leaving_out)
        self._columns = [
            (field, positions, positions[0] if len(positions) == 1 else -1, values.get(field), parters.get(field))
            for field, positions in plan.columns.items()
            if field not in left_out
        ]
        self._constants = [
            (field, value, _all_parts([value], parters.get(field))) for field, value in constants.items()
        ]

    def read(self, rows: Sequence[list[str]]) -> tuple[dict[str, str], dict[str, list[str]]]:
        """The first value of each field, whole, and all values of each, parted. Fields without any are left out."""
        first = {field: value for field, value, _ in self._constants}
        every = {field: list(values) for field, _, values in self._constants}
        single = rows[0] if len(rows) == 1 else None
        tidied = single is not None and is_tidy("".join(single))
        for field, positions, only, words, parted in self._columns:
            if single is not None and only >= 0:
                text = single[only]
                if not text:
                    continue
                text = text.strip() if tidied else tidy(text)
                if not text or text in _NOTHING:
                    continue
                if words is not None:
                    text = words.get(text.casefold(), text)
                first[field] = text
                every[field] = parted(text) if parted else [text]
                continue
            texts = [tidy(row[position]) for row in rows for position in positions if row[position]]
            found = distinct([text for text in texts if text not in _NOTHING])
            if not found:
                continue
            if words is not None:
                found = [words.get(text.casefold(), text) for text in found]
            first[field] = found[0]
            every[field] = _all_parts(found, parted)
        return first, every


def _parter(marks: str) -> Parter:
    """What parts a cell with several values at these marks."""
    if len(marks) == 1:
        return lambda text: _parts(text.split(marks)) if marks in text else [text]
    pattern = re.compile(f"[{re.escape(marks)}]")
    return lambda text: _parts(pattern.split(text)) if pattern.search(text) else [text]


def _parts(texts: list[str]) -> list[str]:
    return distinct([text.strip() for text in texts])


def _all_parts(found: list[str], parted: Parter | None) -> list[str]:
    if parted is None:
        return found
    return parted(found[0]) if len(found) == 1 else distinct([part for text in found for part in parted(text)])

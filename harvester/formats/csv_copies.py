"""The copies that the rows of a CSV catalogue tell of: where, how called, in which state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from harvester.formats.csv_plan import Plan
from harvester.formats.csv_single import Column, SingleCells
from harvester.formats.statuses import StatusMap
from harvester.formats.text import tidy
from schemas.catalogue import Availability, Holding

PLACE = ("key", "institution", "branch", "location", "call_number", "status", "due", "copies", "holding_url")
_NONE_LEFT = (
    Availability(service="loan", state="unavailable"),
    Availability(service="on_site", state="unavailable"),
)


class Copies:
    """Reads the copies in rows under one header."""

    def __init__(
        self, plan: Plan, constants: Mapping[str, str], values: Mapping[str, Mapping[str, str]], statuses: StatusMap
    ) -> None:
        self.told = any(field in plan.columns or field in constants for field in PLACE)
        """Whether the table tells of copies at all."""
        self._statuses, self._unsaid = statuses, statuses.read("")
        self._constants = {_name(field): value for field in (*PLACE, "note") if (value := constants.get(field))}
        columns = [
            (_name(field), plan.columns[field], partial(_meant, values.get(field, {})))
            for field in (*PLACE, "note")
            if field in plan.columns
        ]
        self._single = SingleCells([Column(name, at[0], read) for name, at, read in columns if len(at) == 1])
        self._wide = [column for column in columns if len(column[1]) > 1]
        self._tells_state = not {"status", "due"}.isdisjoint([*plan.columns, *constants])

    def read(self, rows: Sequence[list[str]]) -> list[Holding]:
        """One holding a row that says anything about a copy; of rows with one key the last, which is the newest."""
        if len(rows) == 1:
            holding = self._holding(rows[0])
            return [holding] if holding else []
        found: dict[object, Holding] = {}
        for number, row in enumerate(rows):
            holding = self._holding(row)
            if holding:
                found[holding.key or number] = holding
        return list(found.values())

    def _holding(self, row: list[str]) -> Holding | None:
        values: dict[str, Any] = self._constants.copy()
        self._single.read(row, values)
        for name, positions, read in self._wide:
            text = " ".join([tidy(row[position]) for position in positions if row[position]])
            if text and (value := read(text)):
                values[name] = value
        if len(values) <= ("note" in values):
            return None
        if self._tells_state:
            values["availability"] = list(self._statuses.read(values.get("status", ""), values.pop("due", "")))
        elif self._unsaid:
            values["availability"] = list(self._unsaid)
        if "copies" in values:
            copies = values["copies"].removesuffix(".0")
            values["copies"] = int(copies) if copies.isdecimal() and int(copies) < 100_000 else 1
            if not values["copies"] and "status" not in values:
                values["availability"] = list(_NONE_LEFT)
        return Holding(**values)


def _name(field: str) -> str:
    return "url" if field == "holding_url" else field


def _meant(words: Mapping[str, str], text: str) -> str | None:
    return (words.get(text.casefold(), text) if words else text) or None

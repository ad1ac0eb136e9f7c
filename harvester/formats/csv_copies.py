"""The copies that the rows of a CSV catalogue tell of: where, how called, in which state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harvester.formats.csv_plan import Plan
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
        self._columns, self._constants, self._values, self._statuses = plan.columns, constants, values, statuses
        self.told = any(field in plan.columns or field in constants for field in PLACE)
        """Whether the table tells of copies at all."""
        self._fields = [field for field in PLACE if field in plan.columns or field in constants]

    def read(self, rows: Sequence[list[str]]) -> list[Holding]:
        """One holding a row that says anything about a copy; of rows with one key the last, which is the newest."""
        if not self.told:
            return []
        found: dict[object, Holding] = {}
        for number, row in enumerate(rows):
            holding = self._holding(row)
            if holding is not None:
                found[holding.key or number] = holding
        return list(found.values())

    def _holding(self, row: list[str]) -> Holding | None:
        values = {field: text for field in self._fields if (text := self._value(row, field))}
        if not values:
            return None
        said = values.get
        status, copies = said("status", ""), said("copies", "").removesuffix(".0")
        number = int(copies) if copies.isdecimal() and int(copies) < 100_000 else 1
        availability = list(self._statuses.read(status, said("due", "")))
        return Holding(
            key=said("key", ""),
            institution=said("institution", ""),
            branch=said("branch", ""),
            location=said("location", ""),
            call_number=said("call_number", ""),
            copies=number,
            status=status,
            availability=availability if number or status else list(_NONE_LEFT),
            note=self._value(row, "note"),
            url=said("holding_url", ""),
        )

    def _value(self, row: list[str], field: str) -> str:
        positions = self._columns.get(field, ())
        if len(positions) == 1:
            text = tidy(row[positions[0]])
        else:
            text = " ".join([tidy(row[position]) for position in positions if row[position]])
        if not text:
            return self._constants.get(field, "")
        return self._values[field].get(text.casefold(), text) if field in self._values else text

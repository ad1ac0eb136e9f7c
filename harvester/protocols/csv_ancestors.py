"""What stands above a unit in a table of an archive whose rows name their parent (AtoM's legacyId and parentId)."""

from __future__ import annotations

from collections.abc import Sequence

from harvester.formats.csv_plan import Plan
from harvester.formats.csv_words import key
from harvester.protocols.csv_rows import Row

COLUMN = "path"
"""Header of the column that is added; a header of ours for the titles above a unit, the outermost first."""
_PARENT = frozenset({"parentid", "parentidentifier", "parentnumber", "idparent", "elternid", "parentlegacyid"})
_MOST_LEVELS = 40


class Ancestors:
    """Remembers the units that were read. A parent has to stand above its children, as AtoM demands it, too."""

    def __init__(self, header: Sequence[str], plan: Plan) -> None:
        """Find the column; ``known`` says whether there is one."""
        found = [position for position, name in enumerate(header) if key(name) in _PARENT]
        fits = "path" not in plan.columns and "level" in plan.columns and len(plan.id) == 1
        self.known = bool(found) and fits
        self._columns = (plan.id[0], found[0]) if self.known else (0, 0)
        self._titles = plan.columns.get("title", ())
        self._units: dict[str, tuple[str, str]] = {}

    def above(self, row: Row) -> str:
        """The path of a unit, for the added column; the unit itself is remembered."""
        own, parent = (row.cells[position].strip() for position in self._columns)
        title = next((text for place in self._titles if (text := row.cells[place].strip())), own)
        if own:
            self._units[own] = title.replace(">", "›"), parent
        found: list[str] = []
        while parent in self._units and len(found) < _MOST_LEVELS:
            title, parent = self._units[parent]
            found.append(title)
        return " > ".join(reversed(found))

"""Reads a table of institutions into the registry's form, row by row; a mistake costs its value or its row only."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from harvester.formats.text import fold
from harvester.institution_mapping import find_columns, institution_mapping
from harvester.institution_row import RowProblem, RowReader, text_of
from harvester.institution_table import TableError, TableRow, read_table
from schemas.institution import Institution
from schemas.institution_rules import ValueProblemError

__all__ = ["ImportPreview", "RowProblem", "TableError", "read_institutions"]

KEPT = "; left empty, the rest of the row is imported"


class ImportPreview(msgspec.Struct):
    """What an import would do."""

    institutions: list[Institution]
    problems: list[RowProblem]
    notes: list[str]
    left_out: int = 0
    """Rows that the mapping does not want."""


def read_institutions(path: Path | str, mapping: AnyMapping[str, Any] | None = None) -> ImportPreview:
    """Read CSV, GeoJSON or a JSON list of institutions.

    Args:
        path: the file, plain or packed.
        mapping: content of a mapping file for tables with columns of their own (see ``InstitutionMapping``).

    Returns:
        The good rows, the problems of the others and of single values, and what was assumed.

    Raises:
        TableError: the file as a whole cannot be read.
        MappingError: the mapping cannot be used.
    """
    rules = institution_mapping(mapping)
    rows = list(read_table(Path(path), rules.header or None))
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    columns = find_columns(names, rules)
    if "name" not in columns.fields and "name" not in rules.constants:
        raise TableError(f"no column is recognised as the name; there are {', '.join(names[:40]) or 'none'}")
    preview = ImportPreview([], [], [])
    if columns.unused:
        preview.notes.append(f"columns of which nothing is read: {', '.join(columns.unused[:40])}")
    if "id" in columns.fields and "id" not in columns.mapped:
        columns.fields["id"] = _naming(columns.fields["id"], [row for row in rows if not row.wrong])
    reader = RowReader(rules, columns)
    taken: dict[str, int] = {}
    for row in rows:
        if row.wrong:
            preview.problems.append(RowProblem(row.number, "", "", row.wrong, "Mend or remove the row."))
        elif not reader.wanted(row):
            preview.left_out += 1
        else:
            _add(reader, row, taken, preview)
    _resolve_parents(preview)
    if reader.made_ids:
        preview.notes.insert(0, f"ids made from names: {reader.made_ids:,}")
    if reader.guessed_kinds:
        preview.notes.insert(0, f"kinds guessed: {reader.guessed_kinds:,}")
    return preview


def _naming(candidates: Sequence[str], rows: Sequence[TableRow]) -> list[str]:
    """Of several columns that could hold the ids, the first that tells all rows apart."""
    for column in candidates:
        found = [text_of(row.values.get(column)) for row in rows]
        if all(found) and len(set(found)) == len(found):
            return [column]
    return [column for column in candidates[:1] if fold(column) in {"id", "institution id", "code"}]


def _add(reader: RowReader, row: TableRow, taken: dict[str, int], preview: ImportPreview) -> None:
    mistakes: list[ValueProblemError] = []
    try:
        institution, notes = reader.read(row, taken, mistakes)
        if institution.id in taken:
            first = taken[institution.id]
            raise ValueProblemError("id", institution.id, f"stands in row {first} already", "Give each row its own id")
    except ValueProblemError as problem:
        preview.problems.append(reader.problem_of(row, problem))
        return
    preview.problems += [reader.problem_of(row, problem, KEPT) for problem in mistakes]
    taken[institution.id] = row.number
    preview.institutions.append(institution)
    preview.notes += [f"row {row.number}: {note}" for note in notes]


def _resolve_parents(preview: ImportPreview) -> None:
    """A parent may be named by its name; ids are what is kept."""
    ids = {institution.id for institution in preview.institutions}
    by_name: dict[str, list[str]] = {}
    for institution in preview.institutions:
        by_name.setdefault(fold(institution.name), []).append(institution.id)
    for institution in preview.institutions:
        if institution.parent and institution.parent not in ids:
            found = by_name.get(fold(institution.parent), [])
            if len(found) == 1 and found[0] != institution.id:
                institution.parent = found[0]

"""The columns of a table as somebody chose them on a page: a mapping, as ``docs/mapping.md`` tells of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from config.load import load_yaml
from schemas.probe import Column

NOT_READ = ""


def fields() -> list[str]:
    """What a column can be."""
    known = load_yaml("maps/columns.yaml")
    return [*known["record"], *known["holding"]]


def mapping_of(columns: Sequence[Column], chosen: Sequence[str], before: str) -> str:
    """The mapping that makes the columns what was chosen; ``before`` where nothing was changed.

    Columns that stay as they are stay recognised by their headers.

    Args:
        columns: as they are read now.
        chosen: the field of each, or ``NOT_READ``.
        before: the mapping they are read with now, which an earlier choice has made.
    """
    now = [column.fields[0] if column.fields else NOT_READ for column in columns]
    changed = [place for place, (old, new) in enumerate(zip(now, chosen, strict=True)) if old != new]
    if not changed:
        return before
    mapping: dict[str, Any] = yaml.safe_load(before) if before else {}
    own, ignored = mapping.setdefault("columns", {}), mapping.setdefault("ignore", [])
    for field in {text for place in changed for text in (now[place], chosen[place]) if text != NOT_READ}:
        places = [place + 1 for place, text in enumerate(chosen) if text == field]
        if field == "id":
            mapping["id"] = places or "row"
        own.pop(field, None)
        if places:
            own[field] = places
    for place in changed:
        name = columns[place].name
        if chosen[place] == NOT_READ and name not in ignored:
            ignored.append(name)
    return yaml.safe_dump(mapping, allow_unicode=True)

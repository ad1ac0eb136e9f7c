"""JSON and JSON Lines: objects written out as a CSV file that is then read like any other.

Where the records are, ``json_records`` finds; what their columns are, ``json_flatten`` says. An array must fit into
memory; JSON Lines are read as they stream by.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from harvester.fetching import FetchError
from harvester.formats.mapping import Mapping, Names
from harvester.protocols.json_flatten import rows
from harvester.protocols.json_records import listed
from harvester.protocols.local_file import open_unpacked

MOST_WHOLE = 256 << 20
"""Bytes of a file that is one JSON document."""
MOST_LINE = 16 << 20
MOST_COLUMNS = 2000


class BadLine(msgspec.Struct, frozen=True):
    """A line or an element that is no object."""

    number: int
    reason: str
    text: bytes


def is_json(head: bytes) -> bool:
    """Whether the first bytes of a file are those of an object or of a list of objects."""
    start = "".join(head[:4096].decode("utf-8", "replace").lstrip("\ufeff").split())
    return start.startswith(('{"', "{}", "[{", "[]", '[{"'))


def is_lines(head: bytes) -> bool:
    """Whether they are JSON Lines, which can be read in part."""
    first, newline, _ = head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    return bool(newline) and isinstance(_decoded(first), dict)


def as_csv(path: Path, mapping: Mapping, folder: Path, bad: list[BadLine], notes: list[str]) -> Path:
    """Write the objects of a file to a CSV file (UTF-8, commas, every cell quoted).

    Args:
        path: the file, packed or not.
        mapping: of the source; a field that it names may be missing from all objects of a file.
        folder: where the CSV file goes.
        bad: told of what is no object.
        notes: told of fields that the mapping names and no object has.

    Raises:
        FetchError: not JSON, too large, or without objects.
    """
    columns: dict[str, None] = {}
    for _, value in _objects(path, mapping.member, bad):
        for row in rows(value):
            columns.update(dict.fromkeys(row))
    if not columns:
        raise FetchError("the JSON holds no objects with fields: a list of objects, or one object a line, is read")
    named = [name for wanted in (*mapping.columns.values(), mapping.id, mapping.group_by) for name in _each(wanted)]
    missing = [name for name in dict.fromkeys(named) if name not in columns]
    if missing:
        notes.append(f"no object has the fields {', '.join(missing)}")
    names = [*missing, *columns][:MOST_COLUMNS]
    target = folder / "objects.csv"
    with target.open("w", encoding="utf-8", newline="", errors="replace") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(names)
        for _, value in _objects(path, mapping.member, []):
            writer.writerows([row.get(name, "") for name in names] for row in rows(value))
    return target


def _each(wanted: Names) -> list[str]:
    several = wanted if isinstance(wanted, list) else [wanted]
    return [name.strip() for name in several if isinstance(name, str) and name.strip() not in {"", "row"}]


def _objects(path: Path, member: str, bad: list[BadLine]) -> Iterator[tuple[int, dict[str, Any]]]:
    with open_unpacked(path, member) as content:
        first = content.readline(MOST_LINE).removeprefix(b"\xef\xbb\xbf")
        second = content.readline(MOST_LINE) if isinstance(_decoded(first), dict) else b""
        if second.strip():
            lines = (line for line in (first, second, *iter(lambda: content.readline(MOST_LINE), b"")))
            found: Iterator[tuple[int, Any, bytes]] = (
                (number, _decoded(line), line) for number, line in enumerate(lines, 1) if line.strip()
            )
        else:
            data = first + second + content.read(MOST_WHOLE)
            if len(data) > MOST_WHOLE:
                raise FetchError(f"one JSON document of more than {MOST_WHOLE >> 20} MB: save it as JSON Lines")
            found = ((number, value, b"") for number, value in enumerate(listed(_whole(data)), 1))
        for number, value, line in found:
            if isinstance(value, dict):
                yield number, value
            else:
                reason = str(value) if isinstance(value, msgspec.DecodeError) else "not a JSON object"
                bad.append(BadLine(number, reason, line or msgspec.json.encode(value)))


def _decoded(line: bytes) -> Any:
    try:
        return msgspec.json.decode(line)
    except RecursionError:
        return msgspec.DecodeError("nested too deep to be read: objects in objects, a thousand times")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return msgspec.DecodeError(f"not JSON: {error}")


def _whole(data: bytes) -> Any:
    value = _decoded(data)
    if isinstance(value, msgspec.DecodeError):
        raise FetchError(f"the file is {value}")
    return value

"""Tables of institutions as rows of named values: CSV in any usual form, GeoJSON, a JSON list."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from harvester.fetching import FetchError
from harvester.formats.mapping import Mapping
from harvester.protocols.csv_dialect import find_dialect
from harvester.protocols.csv_encoding import find_encoding
from harvester.protocols.csv_rows import BadRow, Rows
from harvester.protocols.local_file import open_unpacked

MOST_JSON = 256 << 20
_SAMPLE_LINES = 2000


class TableError(Exception):
    """The file as a whole cannot be read."""


class TableRow(msgspec.Struct):
    """One row: its number from 1 (without the header), its values by name, or why it is none."""

    number: int
    values: dict[str, Any] = {}
    wrong: str = ""


def read_table(path: Path, header: list[str] | None = None) -> Iterator[TableRow]:
    """The rows of a file.

    Args:
        path: CSV, JSON or GeoJSON, plain or packed; told by its content.
        header: names of the columns, for files (or JSON lists of lists) that have none.

    Raises:
        TableError: it cannot be read, or is of no such kind.
    """
    try:
        with open_unpacked(path) as content:
            head = content.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
        yield from _json(path, header) if head[:1] in {b"[", b"{"} else _csv(path, header)
    except FetchError as error:
        raise TableError(str(error)) from error


def _csv(path: Path, header: list[str] | None) -> Iterator[TableRow]:
    opened = partial(open_unpacked, path)
    encoding = find_encoding(opened)
    with opened() as content, closing(encoding.text(content)) as lines:
        dialect = find_dialect(list(islice(lines, _SAMPLE_LINES)), Mapping())
    with opened() as content, closing(encoding.text(content)) as lines:
        rows = Rows(lines, dialect)
        names = header or [name.strip().lstrip("\ufeff") for name in rows.first()]
        if not any(names):
            raise TableError("the file is empty")
        for row in rows.data(len(names)):
            if isinstance(row, BadRow):
                yield TableRow(row.number, {}, row.reason)
            else:
                yield TableRow(row.number, dict(zip(names, row.cells, strict=True)))


def _json(path: Path, header: list[str] | None) -> Iterator[TableRow]:
    with open_unpacked(path) as content:
        text = content.read(MOST_JSON + 1)
    if len(text) > MOST_JSON:
        raise TableError(f"more than {MOST_JSON >> 20} MB of JSON: split the file")
    try:
        data = msgspec.json.decode(text.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, ValueError) as error:
        raise TableError(f"not JSON: {error}") from None
    for number, item in enumerate(_items(data), start=1):
        if isinstance(item, dict):
            is_feature = "properties" in item or item.get("type") == "Feature"
            yield TableRow(number, _feature(item) if is_feature else _with_parts(item))
        elif isinstance(item, list) and header and len(item) == len(header):
            yield TableRow(number, dict(zip(header, item, strict=True)))
        else:
            yield TableRow(number, {}, "must be an object with named values")


def _items(data: Any) -> list[Any]:
    if isinstance(data, dict):
        for key in ("features", "institutions", "items", "data", "results"):
            if isinstance(data.get(key), list):
                return data[key]  # type: ignore[no-any-return]
        raise TableError('a JSON object without a list of "features" or "institutions"')
    if not isinstance(data, list):
        raise TableError("JSON, but neither a list nor a FeatureCollection")
    return data


def _with_parts(item: dict[str, Any]) -> dict[str, Any]:
    """An object with the parts of its address and its position beside its own values: schema.org nests them."""
    parts = [inner for name in ("address", "geo") if isinstance(inner := item.get(name), dict)]
    nested = {name: value for inner in parts for name, value in inner.items() if not name.startswith("@")}
    return nested | item


def _feature(item: dict[str, Any]) -> dict[str, Any]:
    properties = item.get("properties")
    values = dict(properties) if isinstance(properties, dict) else {}
    if item.get("id") is not None:
        values.setdefault("id", str(item["id"]))
    geometry = item.get("geometry")
    if isinstance(geometry, dict):
        point = _centre(geometry.get("coordinates"))
        if point:
            # RFC 7946: longitude first.
            values.setdefault("lon", point[0])
            values.setdefault("lat", point[1])
    return values


def _centre(coordinates: Any) -> tuple[float, float] | None:
    """The point, or the middle of the box around a line or an area."""
    points: list[tuple[float, float]] = []
    stack = [coordinates]
    while stack:
        value = stack.pop()
        if not isinstance(value, list) or not value:
            continue
        if isinstance(value[0], int | float) and len(value) >= 2 and isinstance(value[1], int | float):
            points.append((float(value[0]), float(value[1])))
        else:
            stack += value
    if not points:
        return None
    if len(points) == 1:
        return points[0]
    east, north = [point[0] for point in points], [point[1] for point in points]
    return (min(east) + max(east)) / 2, (min(north) + max(north)) / 2

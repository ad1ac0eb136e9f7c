"""How to read. ``FORMATS`` is the registry: one file and one line each."""

from __future__ import annotations

from harvester.formats.base import Format
from harvester.formats.csv_columns import csv_columns
from harvester.formats.marc21 import marc21
from harvester.formats.marcxml import marcxml
from harvester.formats.oai_dc import oai_dc

FORMATS: dict[str, Format] = {
    "oai_dc": oai_dc,
    "marcxml": marcxml,
    "marc21": marc21,
    "csv": csv_columns,
}

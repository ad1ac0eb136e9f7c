"""How to read. ``FORMATS`` is the registry: one file and one line each."""

from __future__ import annotations

from harvester.formats.base import Format
from harvester.formats.csv_columns import csv_columns
from harvester.formats.ead import ead
from harvester.formats.edm import edm
from harvester.formats.lido import lido
from harvester.formats.marc21 import marc21
from harvester.formats.marcxml import marcxml
from harvester.formats.mods import mods
from harvester.formats.oai_dc import oai_dc
from harvester.formats.unimarc.reader import cnmarc, unimarc

FORMATS: dict[str, Format] = {
    "oai_dc": oai_dc,
    "qdc": oai_dc,
    "mods": mods,
    "ead": ead,
    "lido": lido,
    "edm": edm,
    "marcxml": marcxml,
    "marc21": marc21,
    "unimarc": unimarc,
    "cnmarc": cnmarc,
    "csv": csv_columns,
}

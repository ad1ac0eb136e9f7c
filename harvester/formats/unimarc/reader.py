"""Reads UNIMARC and CNMARC, binary (ISO 2709) or XML (MARCXML, marcxchange), with the holdings of local fields."""

from __future__ import annotations

from harvester.formats.base import Format, Reader, tombstone
from harvester.formats.mapping import mapping_of
from harvester.formats.marc21 import RECORD_END, read_bytes
from harvester.formats.marcxml import marc_record
from harvester.formats.unimarc.encoding import decoder
from harvester.formats.unimarc.extract import extractor
from schemas.catalogue import CatalogueRecord, RawRecord, Source


def _format(*, chinese: bool) -> Format:
    def format_(source: Source) -> Reader:
        extract, tags = extractor(mapping_of(source))

        def read(raw: RawRecord) -> CatalogueRecord:
            marc = None
            if raw.deleted:
                pass
            elif raw.payload.lstrip()[:1] == b"<":
                marc = marc_record(raw.payload, tags)
            else:
                data = raw.payload.split(RECORD_END)[0] + RECORD_END
                marc = read_bytes(data, tags, decoder(data, source.encoding, chinese=chinese))
            if marc is None or marc.leader[5:6] == "d":
                return tombstone(raw.source, raw.record, raw.datestamp)
            return extract(marc, raw)

        return read

    return format_


unimarc = _format(chinese=False)
"""Format "unimarc"."""
cnmarc = _format(chinese=True)
"""Format "cnmarc": the same fields; what is not UTF-8 is GB18030."""

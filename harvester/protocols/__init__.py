"""How to fetch. ``PROTOCOLS`` is the registry: one file and one line each."""

from harvester.protocols.base import Opener
from harvester.protocols.csv_file import open_csv
from harvester.protocols.marc_file import open_marc
from harvester.protocols.oai_pmh import open_oai
from harvester.protocols.xml_file import open_xml

PROTOCOLS: dict[str, Opener] = {
    "oai": open_oai,
    "csv": open_csv,
    "marc": open_marc,
    "xml": open_xml,
}

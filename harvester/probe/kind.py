"""What a file or an answer is: the word for it, who reads it, and what to do where nobody does."""

from __future__ import annotations

import msgspec


class Kind(msgspec.Struct, frozen=True):
    """What something is."""

    words: str
    protocol: str = ""
    """oai, csv, marc, xml; "html" for a web page, "packed" for an archive; "" for what is not read."""
    format: str = ""
    mend: str = ""
    """Of what is known and not read: how to get something that is."""


NOTHING = Kind("empty")
WEB_PAGE = Kind(
    "a web page",
    "html",
    mend="give the address of the catalogue's OAI-PMH server, or a file of records; a table in a page "
    "(some systems call one .xls) becomes a file of records in a spreadsheet program: save it as XLSX or CSV (UTF-8)",
)

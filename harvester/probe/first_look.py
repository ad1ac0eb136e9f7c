"""What a file says of itself before it becomes a source: whether it is what this kind of source reads."""

from __future__ import annotations

from pathlib import Path

from harvester.fetching import FetchError
from harvester.formats.base import MappingError
from harvester.formats.mapping import mapping_of
from harvester.probe.kind import WEB_PAGE
from harvester.probe.look import add_command
from harvester.probe.recognise import recognise_file
from harvester.source_checks import SourceError, is_url
from schemas.catalogue import Source

_ALIKE = (frozenset({"unimarc", "cnmarc"}), frozenset({"oai_dc", "qdc"}))
"""Formats that the beginning of a file does not tell apart for sure."""
_READS = {"csv": "tables", "marc": "MARC records", "xml": "records in XML"}


def first_look(source: Source) -> str:
    """Look at the first bytes of a source's file. One with an address is not fetched.

    Args:
        source: as it would be saved, its location checked; a format of "" is filled in.

    Returns:
        What should be told whoever adds it; "" where it is what it should be.

    Raises:
        SourceError: it surely is something else; the message says what, and what to do.
    """
    asked = source.format
    if not asked and source.protocol == "xml" and is_url(source.location):
        raise SourceError("what an address of XML holds is not looked at here: say it by --format "
                          "(`lampway sources test` with the address tells which)")  # fmt: skip
    source.format = asked or ("marcxml" if source.location.lower().removesuffix(".gz").endswith(".xml") else "marc21")
    if is_url(source.location) or source.protocol == "oai":
        return ""
    path = Path(source.location)
    try:
        kind = recognise_file(path, mapping_of(source).member if source.protocol == "csv" else "")
    except MappingError:  # the check of the source says it
        return ""
    except FetchError as error:
        return f"{path} cannot be looked at: {error}"
    if kind.protocol == source.protocol:
        if not asked:
            source.format = kind.format
        alike = kind.format == source.format or any({kind.format, source.format} <= pair for pair in _ALIKE)
        return "" if alike else f"{path} is {kind.words}, not {source.format}: --format {kind.format} reads it"
    if kind.format or kind == WEB_PAGE or kind.mend:
        what = f"{path} is {kind.words}, and `lampway sources add {source.protocol}` reads {_READS[source.protocol]}"
        right = (
            f"take `{add_command(source, kind.protocol, source.location, kind.format)}`" if kind.format else kind.mend
        )
        raise SourceError(f"{what}: {right}")
    return "" if source.protocol == "csv" and source.mapping_text else f"{path} is {kind.words}"

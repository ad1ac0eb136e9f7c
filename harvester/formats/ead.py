"""Reads EAD 2002 and EAD3: one unit of an archive, with what it inherits from the units above it.

The payload is what ``harvester.protocols.ead_units`` cuts out of a finding aid: a <unit> with one <above> for each unit
above (outermost first, shortened to what is inherited) and the unit itself in <here>. A whole <ead> is read as its
collection alone.
"""

from __future__ import annotations

from harvester.formats import ead_access, ead_did
from harvester.formats.base import UnreadableError
from harvester.formats.text import distinct, strip_isbd
from harvester.formats.xml import Element, local
from harvester.formats.xml_format import attribute, block_words, child, children, words, xml_format
from schemas.catalogue import CatalogueRecord, Link

_SUBJECTS = (
    "subject",
    "geogname",
    "genreform",
    "persname",
    "corpname",
    "famname",
    "name",
    "title",
    "occupation",
    "function",
)


def fill(root: Element, into: CatalogueRecord) -> None:
    """Fill a record from a <unit> or an <ead>.

    Raises:
        UnreadableError: the unit is not there, or has neither a title, nor a date, nor a number.
    """
    units = _units(root)
    here, above = units[-1], units[-2::-1]
    did = child(here, "did")
    dids = [did, *(child(unit, "did") for unit in above)]
    into.type = "archive"
    into.path = [title for unit in units[:-1] if (title := ead_did.title(child(unit, "did")))]
    into.unit_id = ead_did.number(did)
    into.title = ead_did.title(did) or _stand_in(here, into)
    if not into.title:
        raise UnreadableError("the unit has neither a title, nor a date, nor a number")
    into.date, into.year = next((dated for one in dids if (dated := ead_did.date(one))[0]), ("", None))
    into.creators = next((names for one in dids if (names := ead_did.creators(one))), [])
    into.languages = next((tags for one in dids if (tags := ead_did.languages(one))), [])
    into.extent = ead_did.extent(did)
    notes = [words(note) for note in children(did, "abstract")]
    notes += [_prose(e) for e in children(here, "scopecontent", "bioghist", "odd", "arrangement")]
    into.description = "\n".join(distinct(notes))
    into.subjects = _subjects(here)
    if into.unit_id:
        into.identifiers.append(f"local:{into.unit_id}")
    for header in children(root, "eadheader", "control"):
        identifier = child(header, "eadid", "recordid")
        address = "" if identifier is None else attribute(identifier, "url") or attribute(identifier, "instanceurl")
        if address.startswith(("http://", "https://")):
            into.links.append(Link(address))
    ead_access.fill_access(here, above, into)


ead = xml_format(frozenset({"unit", "ead"}), fill)
"""Format "ead"."""


def _units(root: Element) -> list[Element]:
    """The units from the outermost to the one that is described."""
    if local(root) == "unit":
        found = [unit for part in children(root, "above", "here") for unit in part]
        if found and child(root, "here") is not None:
            return found
    elif (archdesc := child(root, "archdesc")) is not None:
        return [archdesc]
    raise UnreadableError("no <archdesc> in the <ead>")


def _stand_in(here: Element, into: CatalogueRecord) -> str:
    # Boxes and folders without a title of their own are known by their date or number.
    did = child(here, "did")
    shown = ead_did.date(did)[0] or into.unit_id or ead_access.containers(did)
    above = into.path[-1] if into.path else ""
    return f"{above}, {shown}" if above and shown else shown or above


def _prose(element: Element) -> str:
    return " ".join(distinct(block_words(part) for part in element if local(part) not in {"head", "controlaccess"}))


def _subjects(here: Element) -> list[str]:
    found: list[str] = []
    for access in children(here, "controlaccess"):
        for element in access.iter():
            if local(element) in _SUBJECTS:
                parts = [words(part) for part in children(element, "part")]
                text = " -- ".join(parts) if parts else words(element)
                found.append(strip_isbd(" -- ".join(part.strip() for part in text.split("--"))))
    return distinct(found)

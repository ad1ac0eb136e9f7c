"""Parts of MODS: titles, names, subjects, and where the thing is."""

from __future__ import annotations

from harvester.formats.marc.creators import relator
from harvester.formats.rights import online
from harvester.formats.text import distinct, strip_isbd, strip_name
from harvester.formats.xml import Element, local
from harvester.formats.xml_format import along, attribute, child, children, texts, words
from schemas.catalogue import Availability, CatalogueRecord, Creator, Holding, Link

_NAME_PARTS = {"date", "termsOfAddress"}


def title_of(info: Element | None) -> str:
    """The title in a <titleInfo>, with the part that is not sorted by, and its rest."""
    if info is None:
        return ""
    before, title = words(child(info, "nonSort")), strip_isbd(words(child(info, "title")))
    joint = "" if before.endswith(("'", "\u2019")) or not before else " "
    rest = strip_isbd(words(child(info, "subTitle")))
    return f"{before}{joint}{title}" + (f": {rest}" if rest else "")


def fill_titles(mods: Element, into: CatalogueRecord) -> None:
    """Fill ``title``, ``part``, ``other_titles``, ``uniform_title``."""
    infos = children(mods, "titleInfo")
    proper = [info for info in infos if not info.get("type") and title_of(info)]
    proper.sort(key=lambda info: info.get("usage") != "primary")
    uniform = [info for info in infos if info.get("type") == "uniform"]
    if uniform:
        into.uniform_title = title_of(uniform[0])
    main = (proper or uniform or [info for info in infos if title_of(info)])[:1]
    for info in main:
        into.title = title_of(info)
        into.part = ", ".join(strip_isbd(words(part)) for part in children(info, "partNumber", "partName"))
    others = (title_of(info) for info in infos if info not in main and info not in uniform)
    into.other_titles = [title for title in distinct(others) if title != into.title]


def creators(mods: Element) -> list[Creator]:
    """Names in order, the primary one first."""
    found: dict[str, Creator] = {}
    for element in sorted(children(mods, "name"), key=lambda name: name.get("usage") != "primary"):
        parts = [part for part in children(element, "namePart") if part.get("type") not in _NAME_PARTS]
        family = " ".join(words(part) for part in parts if part.get("type") == "family")
        given = " ".join(words(part) for part in parts if part.get("type") == "given")
        bare = [words(part) for part in parts if not part.get("type")]
        plain = ". ".join(text.rstrip(".") for text in bare) if len(bare) > 1 else "".join(bare)
        personal = ", ".join(text for text in (family, given) if text)
        name = strip_name(plain or personal or words(child(element, "displayForm")))
        if name and name not in found:
            roles = [relator(words(term)) for role in children(element, "role") for term in children(role, "roleTerm")]
            found[name] = Creator(name, next((role for role in roles if role), ""))
    return list(found.values())


def subjects(mods: Element) -> list[str]:
    """Subjects as "Heading -- Subdivision", genres among them."""
    found: list[str] = []
    for subject in children(mods, "subject"):
        parts: list[str] = []
        for element in subject:
            name = local(element)
            if name == "titleInfo":
                parts.append(title_of(element))
            elif name == "name":
                parts += [words(part) for part in children(element, "namePart") if part.get("type") != "date"]
            elif name == "hierarchicalGeographic":
                parts += [words(part) for part in element]
            elif name == "cartographics":
                parts += texts(element, "scale")
            elif name not in {"geographicCode", "topicCode"}:
                parts.append(words(element))
        found.append(" -- ".join(strip_isbd(part) for part in parts if part))
    found += [strip_isbd(words(genre)) for genre in children(mods, "genre")]
    return distinct(found)


def fill_places(mods: Element, into: CatalogueRecord) -> None:
    """Fill ``holdings``, ``links`` and ``thumbnail`` from <location>; an address of the thing is a digital holding."""
    digital: list[Holding] = []
    rights = [text for e in children(mods, "accessCondition") for text in (attribute(e, "href"), words(e))]
    for location in children(mods, "location"):
        names = [words(e) for e in children(location, "physicalLocation") if e.get("authority") != "marcorg"]
        names = distinct(names) or texts(location, "physicalLocation")
        shelf = " ".join(texts(location, "shelfLocator"))
        copies = along(location, "holdingSimple/copyInformation")
        for copy in copies:
            into.holdings.append(
                Holding(
                    key=words(child(copy, "itemIdentifier")),
                    institution=names[0] if names else "",
                    location=words(child(copy, "subLocation")),
                    call_number=words(child(copy, "shelfLocator")) or shelf,
                    note="; ".join([*texts(copy, "note"), *texts(copy, "enumerationAndChronology")]),
                    url=words(child(copy, "electronicLocator")),
                )
            )
        if (names or shelf) and not copies:
            into.holdings.append(
                Holding(institution=names[0] if names else "", location=" / ".join(names[1:]), call_number=shelf)
            )
        for url in children(location, "url"):
            _address(url, into, digital, online(rights))
    for holding in digital:
        holding.institution = into.holdings[0].institution if into.holdings else ""
    into.holdings += digital


def _address(url: Element, into: CatalogueRecord, digital: list[Holding], state: Availability) -> None:
    address = words(url)
    if not address.lower().startswith(("http://", "https://", "ftp://")):
        return
    access = url.get("access") or ""
    if access == "preview":
        into.thumbnail = into.thumbnail or address
        return
    into.links.append(Link(address, url.get("displayLabel") or url.get("note") or ""))
    if access in {"object in context", "raw object"} or (url.get("usage") or "").startswith("primary"):
        digital.append(Holding(url=address, availability=[state]))

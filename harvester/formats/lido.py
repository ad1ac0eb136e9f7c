"""Reads LIDO 1.x: a museum's object, with the events in which it was made."""

from __future__ import annotations

from harvester.formats import lido_events
from harvester.formats.rights import online
from harvester.formats.text import distinct
from harvester.formats.types import best_type
from harvester.formats.xml import Element
from harvester.formats.xml_format import along, attribute, child, children, terms, texts, words, xml_format
from schemas.catalogue import CatalogueRecord, Holding, Link
from schemas.identifiers import language_tag

_OBJECT = "objectIdentificationWrap"
_NAME = "legalBodyName/appellationValue"
_CURRENT = frozenset({"", "current", "lido00475"})
_PREFERRED = frozenset({"", "preferred", "lido00169"})


def fill(lido: Element, into: CatalogueRecord) -> None:
    """Fill a record from a <lido> element. Titles of all its languages are kept, the preferred one first."""
    described = children(lido, "descriptiveMetadata")
    managed = children(lido, "administrativeMetadata")
    kinds = [
        text for part in described for text in terms(part, "objectClassificationWrap/objectWorkTypeWrap/objectWorkType")
    ]
    classes = [
        e for part in described for e in along(part, "objectClassificationWrap/classificationWrap/classification")
    ]
    into.type = best_type([*kinds, *(text for e in classes for text in terms(e))]) or "object"
    values = [e for part in described for e in along(part, f"{_OBJECT}/titleWrap/titleSet/appellationValue")]
    values.sort(key=lambda value: _code(value, "pref") not in _PREFERRED)
    titles = distinct(words(value) for value in values)
    into.title = titles[0] if titles else (kinds[0] if kinds else "")
    into.other_titles = titles[1:]
    into.languages = distinct(
        tag for e in classes if attribute(e, "type") == "language" for text in terms(e) if (tag := language_tag(text))
    )
    for part in described:
        _identify(part, into)
        lido_events.fill_events(part, into)
        into.subjects = distinct([*into.subjects, *_subjects(part)])
        into.path = distinct([*into.path, *_belongs_to(part)])
    into.subjects = distinct([*into.subjects, *kinds])
    rights: list[str] = []
    digital: list[Holding] = []
    addresses = texts(lido, "objectPublishedID")
    for part in managed:
        rights += texts(part, "rightsWorkWrap/rightsWorkSet/creditLine")
        rights += _rights(part, "rightsWorkWrap/rightsWorkSet")
        addresses += texts(part, "recordWrap/recordInfoSet/recordInfoLink")
        _pictures(part, into, digital)
    pages = [Link(text) for text in addresses if text.startswith(("http://", "https://"))]
    into.links = list(dict.fromkeys([*pages, *into.links]))
    into.rights = " ".join(distinct(rights))
    for identifier in texts(lido, "lidoRecID"):
        into.identifiers.append(f"local:{identifier}")
    if not into.holdings:
        into.holdings = digital
    elif digital:
        into.holdings[0].url = into.holdings[0].url or digital[0].url
        into.holdings[0].availability += digital[0].availability


lido = xml_format(frozenset({"lido"}), fill)
"""Format "lido"."""


def _code(element: Element, name: str) -> str:
    """A word of LIDO in an attribute, given as itself or as its address in LIDO's terminology."""
    return attribute(element, name).rpartition("/")[2].lower()


def _rights(element: Element, path: str) -> list[str]:
    """The kinds of rights of such a path, in words, else by their addresses."""
    found = along(element, f"{path}/rightsType")
    return distinct(text for one in found for text in (terms(one) or texts(one, "conceptID")))


def _identify(part: Element, into: CatalogueRecord) -> None:
    known = {holding.call_number for holding in into.holdings}
    for place in along(part, f"{_OBJECT}/repositoryWrap/repositorySet"):
        if _code(place, "type") not in _CURRENT:
            continue
        number = next(iter(texts(place, "workID")), "")
        into.unit_id = into.unit_id or number
        site = texts(place, "repositoryLocation/namePlaceSet/appellationValue")
        names = texts(place, f"repositoryName/{_NAME}")
        holding = Holding(institution=names[0] if names else "", location=site[0] if site else "", call_number=number)
        # The same place is told again in each language.
        if (names or number) and number not in known:
            known.add(number)
            into.holdings.append(holding)
    notes = texts(part, f"{_OBJECT}/objectDescriptionWrap/objectDescriptionSet/descriptiveNoteValue")
    into.description = "\n".join(distinct([*into.description.split("\n"), *notes]))
    made_of = texts(part, f"{_OBJECT}/objectMaterialsTechWrap/objectMaterialsTechSet/displayMaterialsTech")
    made_of = made_of or terms(
        part, f"{_OBJECT}/objectMaterialsTechWrap/objectMaterialsTechSet/materialsTech/termMaterialsTech"
    )
    into.extent = "; ".join(distinct([*into.extent.split("; "), *made_of, *_sizes(part)]))
    into.edition = into.edition or "; ".join(texts(part, f"{_OBJECT}/displayStateEditionWrap/displayEdition"))


def _sizes(part: Element) -> list[str]:
    """Measurements in words, else put together: "Höhe 85 cm, Breite 120,5 cm"."""
    found: list[str] = []
    for one in along(part, f"{_OBJECT}/objectMeasurementsWrap/objectMeasurementsSet"):
        sets = along(one, "objectMeasurements/measurementSet")
        names = ("measurementType", "measurementValue", "measurementUnit")
        built = (" ".join(text for name in names if (text := _measure(each, name))) for each in sets)
        found += texts(one, "displayObjectMeasurements") or [", ".join(distinct(built))]
    return found


def _measure(element: Element, name: str) -> str:
    return " ".join(terms(element, name) or texts(element, name))


def _subjects(part: Element) -> list[str]:
    found: list[str] = []
    for subject in along(part, "objectRelationWrap/subjectWrap/subjectSet"):
        for one in children(subject, "subject"):
            found += terms(one, "subjectConcept")
            found += texts(one, "subjectActor/actor/nameActorSet/appellationValue") or texts(
                one, "subjectActor/displayActor"
            )
            found += texts(one, "subjectPlace/place/namePlaceSet/appellationValue") or texts(
                one, "subjectPlace/displayPlace"
            )
            found += texts(one, "subjectObject/displayObject")
        if child(subject, "subject") is None:
            found += texts(subject, "displaySubject")
    return found


def _belongs_to(part: Element) -> list[str]:
    found: list[str] = []
    for related in along(part, "objectRelationWrap/relatedWorksWrap/relatedWorkSet"):
        relation = " ".join([*terms(related, "relatedWorkRelType"), *texts(related, "relatedWorkRelType/conceptID")])
        if any(word in relation.lower() for word in ("part of", "teil von", "partie de", "belongs", "lido00292")):
            found += texts(related, "relatedWork/displayObject")
    return found


def _representations(resource: Element) -> list[tuple[Element, str]]:
    shown = children(resource, "resourceRepresentation")
    return [(one, text) for one in shown for text in texts(one, "linkResource")]


def _pictures(part: Element, into: CatalogueRecord, digital: list[Holding]) -> None:
    for resource in along(part, "resourceWrap/resourceSet"):
        rights = [*texts(resource, "rightsResource/rightsType/conceptID"), *_rights(resource, "rightsResource")]
        for shown, text in _representations(resource):
            if not text.startswith(("http://", "https://")):
                continue
            if "thumb" in attribute(shown, "type").lower():
                into.thumbnail = into.thumbnail or text
            else:
                into.links.append(Link(text))
                digital.append(Holding(url=text, availability=[online(rights)]))

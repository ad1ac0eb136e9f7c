"""LIDO as museums write it: 1.0 with codes as words, 1.1 with concepts of SKOS, addresses of LIDO's terminology."""

from __future__ import annotations

import pytest

from harvester.formats import FORMATS
from schemas.catalogue import CatalogueRecord, Creator, RawRecord, Source

_TERM = "<term>{}</term>"
_SKOS = '<s:Concept xmlns:s="http://www.w3.org/2004/02/skos/core#"><s:prefLabel>{}</s:prefLabel></s:Concept>'
LIDO = """<lido xmlns="http://www.lido-schema.org"><lidoRecID>42</lidoRecID>
 <objectPublishedID>https://museum.example/42</objectPublishedID><descriptiveMetadata>
 <objectClassificationWrap><objectWorkTypeWrap><objectWorkType>{kind}</objectWorkType></objectWorkTypeWrap></objectClassificationWrap>
 <objectIdentificationWrap>
  <titleWrap><titleSet><appellationValue pref="{others}">Bæger</appellationValue></titleSet>
   <titleSet><appellationValue pref="{preferred}">Tumbler</appellationValue></titleSet></titleWrap>
  <repositoryWrap>
   <repositorySet type="http://terminology.lido-schema.org/lido00476"><repositoryName><legalBodyName>
    <appellationValue>A dealer</appellationValue></legalBodyName></repositoryName></repositorySet>
   <repositorySet type="{current}"><repositoryName><legalBodyName><appellationValue>National Museum</appellationValue>
    </legalBodyName></repositoryName><workID>D 1234</workID></repositorySet></repositoryWrap>
  <objectMaterialsTechWrap><objectMaterialsTechSet><displayMaterialsTech>silver</displayMaterialsTech>
   </objectMaterialsTechSet></objectMaterialsTechWrap>
  <objectMeasurementsWrap><objectMeasurementsSet><objectMeasurements><measurementSet><measurementType>{height}</measurementType>
   <measurementUnit>cm</measurementUnit><measurementValue>11</measurementValue></measurementSet></objectMeasurements>
   </objectMeasurementsSet></objectMeasurementsWrap></objectIdentificationWrap>
 <eventWrap><eventSet><event><eventType>{event}</eventType>
  <eventActor><actorInRole><actor><nameActorSet><appellationValue>Jens Madsen</appellationValue></nameActorSet></actor>
   <roleActor>{role}</roleActor></actorInRole></eventActor>
  <eventDate><displayDate>c. 1650</displayDate></eventDate></event></eventSet></eventWrap>
 <objectRelationWrap><subjectWrap><subjectSet><subject><subjectPlace><displayPlace>Copenhagen</displayPlace></subjectPlace>
  </subject></subjectSet></subjectWrap></objectRelationWrap></descriptiveMetadata>
 <administrativeMetadata><resourceWrap><resourceSet><resourceRepresentation><linkResource>https://museum.example/42.jpg</linkResource>
  </resourceRepresentation><rightsResource><rightsType><conceptID>{licence}</conceptID></rightsType></rightsResource>
  </resourceSet></resourceWrap></administrativeMetadata></lido>"""


def read(concept: str, **values: str) -> CatalogueRecord:
    said = {"kind": "Bowl", "event": "Herstellung", "role": "Goldschmied/in"}
    filled = {name: concept.format(word) for name, word in said.items()}
    plain = {"preferred": "preferred", "others": "alternate", "current": "current", "height": "Höhe", "licence": ""}
    payload = LIDO.format(**{**plain, **filled, **values}).encode()
    source = Source(id="m", protocol="xml", location="", format="lido")
    return FORMATS["lido"](source)(RawRecord(source="m", record="42", payload=payload))


@pytest.mark.parametrize("concept", [_TERM, _SKOS])
@pytest.mark.parametrize("prefix", ["", "http://terminology.lido-schema.org/"])
def test_terms_and_concepts_say_the_same(concept: str, prefix: str) -> None:
    coded = {"preferred": "lido00169", "others": "lido00170", "current": "lido00475"} if prefix else {}
    record = read(concept, **{name: prefix + code for name, code in coded.items()})
    assert (record.title, record.other_titles) == ("Tumbler", ["Bæger"])
    assert record.creators == [Creator("Jens Madsen", "art")]
    assert (record.year, record.date, record.unit_id) == (1650, "c. 1650", "D 1234")
    assert [(h.institution, h.call_number) for h in record.holdings] == [("National Museum", "D 1234")]
    assert record.subjects == ["Copenhagen", "Bowl"]
    assert record.extent == "silver; Höhe 11 cm"
    assert [link.url for link in record.links] == ["https://museum.example/42", "https://museum.example/42.jpg"]


def test_an_event_is_known_by_the_address_of_its_kind() -> None:
    address = "http://terminology.lido-schema.org/lido00007"
    concept = f'<s:Concept xmlns:s="skos" xmlns:r="rdf" r:about="{address}"/>'
    assert read(_TERM, event=concept).creators == [Creator("Jens Madsen", "art")]
    assert read(_TERM, event="<term>Erwerb</term>").creators == []


@pytest.mark.parametrize(
    ("licence", "state"),
    [("https://creativecommons.org/licenses/by-nc-sa/4.0/", "available"), ("", "limited"), ("In copyright", "limited")],
)
def test_pictures_are_promised_where_their_licence_is_open(licence: str, state: str) -> None:
    (holding,) = read(_TERM, licence=licence).holdings
    assert [(one.service, one.state) for one in holding.availability] == [("digital", state)]

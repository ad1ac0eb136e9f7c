"""Copies in the standard fields: 852 (place), 866-868 (textual holdings), 876-878 (items)."""

from __future__ import annotations

from harvester.formats.marc.record import MarcField, MarcRecord
from harvester.formats.statuses import StatusMap
from harvester.formats.text import distinct, tidy
from schemas.catalogue import Availability, Holding

_PARTS = {
    "a": "institution", "b": "branch", "c": "location", "p": "key", "y": "status",
    **dict.fromkeys("khijlm", "call_number"), **dict.fromkeys("z3", "note"),
}  # fmt: skip
"""What the subfields of 852 say."""
_NONE = [""]


class _Place:
    """An 852 with what belongs to it."""

    def __init__(self, field: MarcField | None) -> None:
        self.field = field
        self.texts: list[str] = []
        self.items: list[MarcField] = []


def extract_holdings(marc: MarcRecord, statuses: StatusMap) -> list[Holding]:
    """A holding for each item (876-878), or for each place (852) without items.

    What belongs together says so by equal $8 or $0; without such numbers a field belongs to the 852 before it.
    """
    if not marc.holdings:
        return []
    places = [_Place(field) for field in marc.holdings if field.tag == "852"]
    if len(places) == len(marc.holdings):
        return [_base(field, statuses) for field in marc.holdings]
    by_link = {link: place for place in reversed(places) for link in _links(place.field)}
    found: list[_Place] = []
    index = -1
    for field in marc.holdings:
        if field.tag == "852":
            index += 1
            found.append(places[index])
            continue
        place = next((by_link[link] for link in _links(field) if link in by_link), None)
        if place is None:
            if index >= 0:
                place = places[index]
            elif len(places) == 1:
                place = places[0]
            else:
                place = _Place(None)
                found.append(place)
        if field.tag[1] == "6":
            place.texts.append(tidy(field.join("az")))
        else:
            place.items.append(field)
    return [holding for place in found for holding in _holdings(place, statuses)]


def _holdings(place: _Place, statuses: StatusMap) -> list[Holding]:
    base = _base(place.field, statuses) if place.field else Holding()
    extent = "; ".join(distinct(place.texts))
    if not place.items:
        base.note = "; ".join(distinct([extent, base.note]))
        return [base]
    holdings = [_item(field, base, statuses) for field in place.items]
    holdings[0].note = "; ".join(distinct([extent, holdings[0].note]))
    return holdings


def _base(field: MarcField, statuses: StatusMap) -> Holding:
    told: dict[str, list[str]] = {}
    for code, value in field.subfields:
        if code in _PARTS:
            told.setdefault(_PARTS[code], []).append(tidy(value))
    get = told.get
    status = get("status", _NONE)[0]  # some put the status there, and some the price
    state = list(statuses.read(status)) if status else []
    return Holding(
        institution=get("institution", _NONE)[0],
        branch=" / ".join(distinct(told["branch"])) if "branch" in told else "",
        location=" / ".join(distinct(told["location"])) if "location" in told else "",
        call_number=" ".join(filter(None, get("call_number", _NONE))),
        key=get("key", _NONE)[0],
        url=field.first("u"),
        note="; ".join(distinct(told["note"])) if "note" in told else "",
        availability=state,
        status=status if state else "",
    )


def _item(field: MarcField, base: Holding, statuses: StatusMap) -> Holding:
    status = tidy(field.first("j"))
    restriction = tidy(field.first("h"))
    return Holding(
        institution=base.institution,
        branch=base.branch,
        location=tidy(field.first("l")) or base.location,
        call_number=base.call_number,
        key=tidy(field.first("p") or field.first("a") or base.key),
        url=base.url,
        note="; ".join(distinct([tidy(value) for value in field.values("3z")] + [base.note])),
        status="; ".join(distinct([status, restriction])) or base.status,
        availability=_restricted(statuses.read(status), statuses.read(restriction)) or base.availability,
    )


def _restricted(state: tuple[Availability, ...], restriction: tuple[Availability, ...]) -> list[Availability]:
    """The state, where a use restriction ("in library use") may take away the loan."""
    if not state:
        return list(restriction)
    denied = {one.service for one in restriction if one.state == "unavailable"}
    return [Availability(service=one.service, state="unavailable") if one.service in denied else one for one in state]


def _links(field: MarcField | None) -> frozenset[str]:
    if field is None:
        return frozenset()
    # $8 is "link.sequence\type" in the standard, where short numbers link; systems put whole record numbers there.
    found = set()
    for value in field.values("80"):
        number = value.partition("\\")[0].strip()
        head = number.partition(".")[0]
        found.add(head if len(head) <= 3 and head.isdigit() else number)
    return frozenset(found - {""})

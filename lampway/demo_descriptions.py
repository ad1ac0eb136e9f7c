"""How the sample city's institutions describe what they hold: MARC 21 with ISBD punctuation, Dublin Core, CSV rows.

The same edition reads differently in each, as in real catalogues: "Jane Austen" or "Austen, Jane.", ISBN-10 or ISBN-13,
simplified characters, traditional ones, or Latin letters with the characters in 880.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from xml.sax.saxutils import escape

import msgspec

from lampway.demo_items import Item, city, draw, has_isbn13, isbn10
from lampway.demo_seeds import name_in

_LEADERS = {"book": "am", "serial": "as", "article": "ab", "score": "cm", "video": "gm", "map": "em"}
_ARTICLES = {
    "en": ("The ", "An ", "A "), "de": ("Der ", "Die ", "Das "), "fr": ("Les ", "Le ", "La ", "L'"),
    "es": ("El ", "La ", "Los "),
}  # fmt: skip
_NATIVE = frozenset({"zh", "ja", "ru", "ar", "grc", "el", "fa", "bn", "sa"})
Field = tuple[str, str, list[tuple[str, str]]]
"""Tag, two indicators, subfields."""


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """One copy of an item at a place. ``state``: a key of ``states`` in the demo's lists."""

    barcode: str
    branch: str
    shelf: str
    state: str
    due: str = ""


def shelfmark(item: Item) -> str:
    """A shelfmark that fits: class of the type, then the first letters of the creator or title."""
    group = {"book": "823", "serial": "PER", "article": "PER", "score": "M", "video": "DVD", "map": "MAP"}
    word = (item.creators[0] if item.creators else item.latin or item.title)[:3].upper()
    return f"{group.get(item.type, 'X')}.{draw(item.key).randint(1, 99):02d} {word}"


def natural(name: str) -> str:
    """The name "Austen, Jane" as "Jane Austen"; Chinese and Japanese names keep the family name first."""
    family, comma, given = name.partition(", ")
    return f"{given} {family}" if comma else family


def title_in(item: Item, chinese: str) -> str:
    """The title in the script a catalogue prefers for Chinese: "hans", "hant" or "latin"."""
    if chinese == "latin" and item.latin:
        return item.latin
    return item.variant if item.script and item.script != chinese and chinese != "latin" else item.title


def name_language(item: Item, chinese: str) -> str:
    """The language in which a catalogue that keeps original scripts writes the item's creators."""
    traditional = chinese == "hant" or (chinese == "latin" and item.script == "hant")
    return "zt" if item.language == "zh" and traditional else item.language


def csv_fields(item: Item, copy: Copy, words: str) -> dict[str, str]:
    """The values of one row of a CSV catalogue, by neutral names.

    Args:
        item: the edition.
        copy: the copy the row stands for.
        words: "English" or "German": the language of status and language words.
    """
    lists, column = city(), {"English": 1, "German": 2}[words]
    language = name_language(item, "hans")
    creators = [name_in(creator, language) for creator in item.creators]
    if language not in _NATIVE:
        creators = [natural(name) for name in creators] if words == "English" else creators
    isbn = item.isbn
    if isbn and not has_isbn13(item):
        isbn = isbn10(isbn)
    elif isbn and draw(item.key).random() < 0.5:
        isbn = f"978-69-{isbn[5:9]}-{isbn[9:12]}-{isbn[12]}"
    title = title_in(item, "hans")
    if item.part:
        named = f": {item.part_title}" if item.part_title else ""
        title = f"{title}. {'Bd.' if words == 'German' else 'Vol.'} {item.part}{named}"
    return {
        "id": copy.barcode,
        "title": title,
        "author": "; ".join(creators),
        "isbn": isbn,
        "publisher": item.publisher[0],
        "year": str(item.year or ""),
        "language": lists["languages"][item.language][column] if item.language else "",
        "subjects": "; ".join(item.subjects),
        "extent": item.extent,
        "branch": copy.branch,
        "shelfmark": copy.shelf,
        "status": lists["states"][copy.state][column],
        "due": copy.due,
    }


def marcxml(item: Item, record: str, copies: Sequence[Copy], chinese: str, changed: date, koha: bool = False) -> bytes:
    """MARCXML of one bibliographic record with its copies.

    Args:
        item: the edition.
        record: the catalogue's own number (001).
        copies: its copies.
        chinese: script preferred for Chinese: "hant" or "latin" (with 880).
        changed: for 005.
        koha: copies in Koha's 952, not in 852 and 876.
    """
    controls = [
        ("001", record),
        ("005", f"{changed:%Y%m%d}000000.0"),
        ("008", f"{changed:%y%m%d}s{item.year or 0:04d}    xx {'000 0':>17}{_marc_language(item)} d"),
    ]
    fields = sorted([*_description(item, chinese), *(_koha if koha else _copies)(copies)], key=lambda field: field[0])
    rows = "".join(f'<controlfield tag="{tag}">{escape(value)}</controlfield>' for tag, value in controls)
    rows += "".join(_field(field) for field in fields)
    leader = f"00000n{_LEADERS.get(item.type, 'am')} a2200000 a 4500"
    return f'<record xmlns="http://www.loc.gov/MARC21/slim"><leader>{leader}</leader>{rows}</record>'.encode()


def _marc_language(item: Item) -> str:
    return str(city()["languages"][item.language][0]) if item.language else "und"


def _field(field: Field) -> str:
    tag, indicators, subfields = field
    inner = "".join(f'<subfield code="{code}">{escape(value)}</subfield>' for code, value in subfields)
    return f'<datafield tag="{tag}" ind1="{indicators[0]}" ind2="{indicators[1]}">{inner}</datafield>'


def _description(item: Item, chinese: str) -> list[Field]:
    seed, linked = item.seed, chinese == "latin" and bool(item.latin)
    fields: list[Field] = []
    if item.isbn:
        first = isbn10(item.isbn) if not has_isbn13(item) else item.isbn
        fields.append(("020", "  ", [("a", first), ("q", "(pbk.)")]))
        if has_isbn13(item):
            fields.append(("020", "  ", [("a", isbn10(item.isbn))]))
    if seed and seed.issn:
        fields.append(("022", "  ", [("a", seed.issn)]))
    if seed and seed.doi:
        fields.append(("024", "7 ", [("a", seed.doi), ("2", "doi")]))
    if item.original and seed:
        code, language = city()["languages"][item.language][:2]
        fields.append(("041", "1 ", [("a", code), ("h", city()["languages"][seed.language][0])]))
        uniform = seed.forms.get("la") or item.original
        fields.append(("240", "10", [("a", f"{uniform}."), ("l", f"{language}.")]))
    fields += _title_and_creators(item, chinese, linked)
    place, name = (item.latin_publisher if linked else item.publisher)[::-1]
    dates = f"{item.year}." if item.year else ""
    statement = [("a", f"{place} :"), ("b", f"{name},")] if name else []
    fields.append(("264", " 1", [*statement, ("c", dates)]))
    if item.extent:
        fields.append(("300", "  ", [("a", f"{item.extent} ;"), ("c", "21 cm.")]))
    if item.edition > 1:
        fields.append(("250", "  ", [("a", f"{item.edition}. ed.")]))
    fields += [("650", " 0", [("a", f"{subject}.")]) for subject in item.subjects]
    if seed and seed.journal:
        fields.append(
            ("773", "0 ", [("t", f"{seed.journal}."), ("g", f"Vol. {seed.volume}, no. {seed.issue}, p. {seed.pages}")])
        )
    return fields


def _title_and_creators(item: Item, chinese: str, linked: bool) -> list[Field]:
    language = name_language(item, chinese)
    native = [name_in(creator, language) for creator in item.creators]
    shown = item.creators if chinese == "latin" else native
    role = {"video": "director", "score": "composer"}.get(item.type, "author")
    part = [("n", f"{item.part}{',' if item.part_title else ' /'}")] if item.part else []
    if item.part_title:
        part.append(("p", f"{item.part_title} /"))
    end = "." if part else " /"
    responsibility = ("c", " ; ".join(natural(name) for name in shown) + ".")
    title = title_in(item, chinese)
    subfields = [("a", title + end), *part, *([responsibility] if shown else [])]
    skipped = next((len(article) for article in _ARTICLES.get(item.language, ()) if title.startswith(article)), 0)
    fields: list[Field] = [("245", f"{int(bool(shown))}{skipped}", ([("6", "880-01")] if linked else []) + subfields)]
    if linked:
        own = item.title if item.script else title_in(item, "hant")
        fields.append(("880", "10", [("6", "245-01/$1"), ("a", own + end), *part]))
    for number, (latin, name) in enumerate(zip(item.creators, native, strict=True)):
        tag = ("700" if number else "100") if item.type != "video" else "700"
        kind = "1 " if ", " in latin else "0 "
        link = f"880-{number + 2:02d}"
        plain = latin if chinese == "latin" else name
        vernacular = chinese == "latin" and name != latin and item.language in _NATIVE
        fields.append((tag, kind, ([("6", link)] if vernacular else []) + [("a", f"{plain},"), ("e", f"{role}.")]))
        if vernacular:
            fields.append(("880", kind, [("6", f"{tag}-{number + 2:02d}"), ("a", f"{name},"), ("e", f"{role}.")]))
        elif chinese != "latin" and name != latin:
            fields.append(("700", kind, [("a", f"{latin},"), ("e", f"{role}.")]))
    if chinese != "latin" and item.latin:
        fields.append(("246", "3 ", [("a", item.latin)]))
    return fields


def _copies(copies: Sequence[Copy]) -> list[Field]:
    fields: list[Field] = []
    for number, copy in enumerate(copies, 1):
        status = city()["states"][copy.state][1] + (f", due {copy.due}" if copy.due else "")
        place = [("8", str(number)), ("b", copy.branch), ("h", copy.shelf), ("p", copy.barcode)]
        fields.append(("852", "  ", place))
        fields.append(("876", "  ", [("8", f"{number}.1"), ("p", copy.barcode), ("j", status)]))
    return fields


def _koha(copies: Sequence[Copy]) -> list[Field]:
    # $7 not for loan, $1 lost, $q due; Koha shows reserved and moving copies only in its own pages.
    flags = {"reference": [("7", "1")], "order": [("7", "-1")], "missing": [("1", "1")]}
    return [
        (
            "952",
            "  ",
            [
                *flags.get(copy.state, []),
                *(("a", copy.branch), ("b", copy.branch), ("o", copy.shelf), ("p", copy.barcode)),
                *([("q", copy.due)] if copy.due else []),
            ],
        )
        for copy in copies
    ]


def oai_dc(item: Item, chinese: str, institution: str) -> bytes:
    """Dublin Core of one item, as an OAI-PMH server gives it."""
    language = name_language(item, chinese)
    values = [
        (
            "title",
            title_in(item, chinese)
            + (f". {item.part}" if item.part else "")
            + (f", {item.part_title}" if item.part_title else ""),
        ),
        *(("title", title) for title in (item.latin,) if title and title_in(item, chinese) != title),
        *(("creator", name_in(creator, language) if chinese != "latin" else creator) for creator in item.creators),
        *(("subject", subject) for subject in item.subjects),
        ("description", item.description),
        ("publisher", item.publisher[0] or (institution if item.unit_id else "")),
        ("date", item.date or str(item.year or "")),
        ("type", _dc_type(item)),
        ("format", item.extent),
        ("identifier", f"ISBN {item.isbn}" if item.isbn else ""),
        ("identifier", item.unit_id),
        ("language", _marc_language(item) if item.language else ""),
        *(("relation", title) for title in item.path),
        ("rights", "Sample data"),
    ]
    rows = "".join(f"<dc:{name}>{escape(value)}</dc:{name}>" for name, value in values if value)
    return (
        '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/oai_dc/'
        f' http://www.openarchives.org/OAI/2.0/oai_dc.xsd">{rows}</oai_dc:dc>'
    ).encode()


def _dc_type(item: Item) -> str:
    if item.type == "archive":
        return "Archival unit" if item.kind == "File" else "Fonds"
    words = {"video": "Moving image", "score": "Score", "serial": "Journal", "article": "Article", "book": "Book"}
    return words.get(item.type, item.kind.capitalize() or "Object")

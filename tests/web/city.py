"""A small town with what the pages must be able to show: every state, unknown hours, other scripts, hostile titles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from schemas.catalogue import Availability, CatalogueRecord, Creator, Holding, Link
from schemas.institution import HoursException, Institution, ServicePoint

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
"""A Tuesday; London is at UTC."""
HERE = "54.978,-1.617"
HOSTILE = "<script>alert('title')</script> & \u202eevil"

PLACES = [
    Institution(
        id="central",
        name="Central Library",
        kind="library",
        lat=54.9756,
        lon=-1.6103,
        address="33 New Bridge Street West",
        city="Newcastle",
        postcode="NE1 8AX",
        country="GB",
        timezone="Europe/London",
        opening_hours="Mo-Th 09:00-19:00; Fr,Sa 09:00-17:00; PH off",
        exceptions=[
            HoursException(first="2026-11-27", hours="09:00-12:00", note="Staff training"),
            HoursException(first="2026-12-24", last="2026-12-28", note="Christmas"),
        ],
        service_points=[ServicePoint(name="reading_room", hours="Tu-Fr 10:00-16:00", note="Bring your card")],
        services=["loan", "on_site"],
        url="https://library.example/",
        phone="0191 277 4100",
        email="ask@library.example",
        isil="GB-NCL",
        checked_on="2026-10-02",
    ),
    Institution(
        id="byker",
        name="Byker Library",
        kind="library",
        parent="central",
        lat=54.9745,
        lon=-1.5810,
        city="Newcastle",
        country="GB",
        timezone="Europe/London",
        opening_hours="Tu 14:00-18:00; We 10:00-13:00",
    ),
    Institution(
        id="gallery",
        name="Laing Gallery",
        kind="museum",
        lat=54.9741,
        lon=-1.6092,
        city="Newcastle",
        country="GB",
        timezone="Europe/London",
        opening_hours="Mo-Sa 10:00-16:30",
        url="javascript:alert(1)",
    ),
    Institution(
        id="archives", name="Tyne Archives", kind="archive", lat=54.9690, lon=-1.6245, city="Newcastle", country="GB"
    ),
    Institution(
        id="hostile",
        name="<b>Bold</b> Library",
        kind="library",
        lat=54.952,
        lon=-1.603,
        city="Gateshead",
        country="GB",
        timezone="Europe/London",
        opening_hours="24/7",
    ),
]


def _copy(institution: str, state: str, *, service: str = "loan", hours: int = 2, **more: object) -> Holding:
    status = Availability(
        service=service,
        state=state,
        checked_at=NOW - timedelta(hours=hours),
        due=str(more.pop("due", "")),
        how="pushed",
    )  # type: ignore[arg-type]
    return Holding(institution=institution, availability=[status], **more)  # type: ignore[arg-type]


def _book(record: str, title: str, *holdings: Holding, **more: object) -> CatalogueRecord:
    fields = {"type": "book", "languages": ["en"], "year": 2014} | more
    return CatalogueRecord(source="town", record=record, title=title, holdings=list(holdings), **fields)  # type: ignore[arg-type]


RECORDS = [
    _book(
        "1",
        "Turner's sketchbooks",
        _copy("central", "available", call_number="759.2 TUR", location="Level 3, Art", key="c1"),
        _copy("byker", "available", call_number="B 759", key="b1"),
        _copy("hostile", "expected", due="2026-12-03", key="h1"),
        creators=[Creator("Warrell, Ian", "aut"), Creator("Smith, Jane", "edt")],
        isbns=["9781849761031"],
        publisher="Tate",
        publication_place="London",
        subjects=["Watercolour painting", "Turner, J. M. W."],
        description="A study of the sketchbooks.\nWith 200 plates.",
        extent="208 pages",
        series=["Artists' sketchbooks"],
        links=[Link("https://tate.example/x", "At the publisher"), Link("javascript:alert(1)", "Evil")],
    ),
    _book(
        "2",
        "Sketchbook used on the River Tyne",
        _copy("gallery", "available", service="on_site", location="Gallery 2"),
        type="object",
        year=1817,
        unit_id="D12345",
        creators=[Creator("Turner, Joseph Mallord William", "art")],
    ),
    _book(
        "3",
        "透纳的水彩画",
        _copy("central", "unavailable", due="2026-12-03"),
        languages=["zh"],
        creators=[Creator("王小明")],
    ),
    _book(
        "4",
        "Turner letters",
        Holding(institution="archives"),
        type="archive",
        year=1904,
        path=["Laing papers", "Letters"],
    ),
    _book(
        "5",
        HOSTILE,
        _copy("hostile", "available", hours=24 * 40),
        creators=[Creator("<i>x</i>")],
        year=None,
        type="map",
    ),
    _book("6", "Turner on screen", _copy("central", "available", service="digital"), year=2021),
    _book("7", "Ein Skizzenbuch von Turner", _copy("byker", "limited", service="on_site"), languages=["de"], year=1988),
    *(
        _book(f"n{i}", f"A history of bridges, volume {i}", _copy("central", "available"), year=1950 + i)
        for i in range(1, 26)
    ),
    *(
        _book(
            f"ferry-{year}",
            title,
            _copy(place, "available", call_number=f"386 FER {year}"),
            creators=[Creator("Brown, Ann", "aut")],
            isbns=[isbn],
            publisher=publisher,
            languages=[language],
            uniform_title="Ferries of the Wear",
            year=year,
        )
        for year, title, language, publisher, isbn, place in (
            (1990, "Ferries of the Wear", "en", "Quay Press", "9780306406157", "central"),
            (2010, "Die Fähren des Wear", "de", "Kaiverlag", "9783161484100", "byker"),
        )
    ),
    _book(
        "tales",
        "Tales nobody counted",
        Holding(institution="central"),
        _copy("byker", "available"),
        creators=[Creator("Nobody, Nora", "aut")],
    ),
    _book(
        "he",
        "הנמל: ספר על העיר (כרך 1)",
        _copy("central", "available", call_number="אב 12"),
        languages=["he"],
        creators=[Creator("לוי, דנה", "aut")],
        year=1999,
        description="ספר זה מתאר את הנמל הישן. Tyne 1850–1900.",
    ),
]

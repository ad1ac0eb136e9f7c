"""The sample city's things that exist once: objects, pictures, archive units, map sheets, amateur films. All made up.

Many resemble each other on purpose (volumes of one series of minutes, states of one etching): nothing may merge them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lampway.demo_items import Item, city, draw


def museum_objects() -> Iterator[Item]:
    """Objects of the museum of work, with accession numbers, on display or in storage."""
    lists = city()
    for name, first, last, material, subject in lists["objects"]:
        for number in range(1, draw(name).randint(5, 8) + 1):
            rng = draw(f"{name}|{number}")
            year = rng.randint(first, last)
            note = rng.choice(lists["object_notes"])
            shown = rng.random() < 0.45
            yield Item(
                key=f"object|{name}|{number}",
                type="object",
                title=name,
                creators=(rng.choice(lists["makers"]),),
                year=year,
                date=f"about {year}" if rng.random() < 0.5 else str(year),
                subjects=(subject,),
                extent=material,
                kind="Object",
                description=f"{name}, {note}.",
                unit_id=f"W{rng.randint(1962, 2024)}.{rng.randint(1, 480)}.{number}",
                location=rng.choice(lists["galleries"]) if shown else "Store",
                state="On display" if shown else "Not on view",
            )


def pictures() -> Iterator[Item]:
    """Paintings, studies and prints of the gallery."""
    lists = city()
    for title in lists["pictures"]:
        rng = draw(f"picture|{title}")
        family, given = rng.choice(lists["artists"]).rsplit(" ", 1)
        year = rng.randint(1889, 2008)
        for number, (form, technique, kind) in enumerate(lists["picture_forms"], 1):
            made = year - (number > 1)
            yield Item(
                key=f"picture|{title}|{number}",
                type="image" if kind in {"print", "drawing"} else "object",
                title=form.format(title=title),
                creators=(f"{family}, {given}",),
                year=made,
                date=str(made),
                subjects=("Pictures", "Cities in art"),
                extent=f"{technique}, {rng.randint(18, 120)} x {rng.randint(20, 160)} cm",
                kind=kind,
                unit_id=f"GCB {rng.randint(1920, 2023)}/{number}",
            )


def archive_units(archive: str) -> Iterator[Item]:
    """Fonds, series and files of one of the two archives, outermost first, with their reference codes."""
    for code, title, creator, first, last, *series in city()["fonds"][archive]:
        description = f"Records of {first} to {last}, listed by the archive."
        yield _unit(code, title, creator, "Fonds", f"{first}-{last}", (), description)
        for number, series_title, file_title, years in series:
            span = f"{first}-{last}"
            yield _unit(f"{code}/{number}", series_title, creator, "Series", span, (title,))
            for count, year in enumerate(range(first, last + 1, years), 1):
                end = min(year + years - 1, last)
                dates = f"{year}-{end}" if end > year else str(year)
                yield _unit(f"{code}/{number}/{count}", file_title, creator, "File", dates, (title, series_title))


def _unit(
    code: str, title: str, creator: str, level: str, dates: str, path: tuple[str, ...], description: str = ""
) -> Item:
    family, _, given = creator.rpartition(" ")
    person = creator.startswith("Ollerton")
    return Item(
        key=f"archive|{code}",
        type="archive",
        title=f"{title}, {dates}" if level == "File" else title,
        creators=(f"{family}, {given}" if person else creator,),
        year=int(dates[:4]),
        date=dates,
        kind=level,
        unit_id=code,
        path=path,
        extent="1 volume" if level == "File" else "",
        description=description,
        subjects=("Archives",),
    )


def maps_and_instruments() -> Iterator[Item]:
    """Map sheets and instruments of the map museum."""
    lists = city()
    for series, subject, sheets, first, scale in lists["maps"]:
        for sheet in range(1, sheets + 1):
            year = first + sheet // 5
            yield _shown(
                "map", f"{series}. Sheet {sheet}", year, subject, f"1 map, scale {scale}", f"M {first}.{sheet}"
            )
    for count, name in enumerate(lists["instruments"]):
        for number in (2 * count + 1, 2 * count + 2):
            year = draw(f"{name}{number}").randint(1690, 1905)
            yield _shown("object", name, year, "Scientific instruments", "brass", f"I {year}.{number}")


def _shown(type_: Any, title: str, year: int, subject: str, extent: str, unit_id: str) -> Item:
    shown = draw(unit_id).random() < 0.3
    return Item(
        key=f"{type_}|{unit_id}|{title}",
        type=type_,
        title=title,
        year=year,
        date=str(year),
        subjects=(subject,),
        extent=extent,
        kind="Map" if type_ == "map" else "Instrument",
        unit_id=unit_id,
        location="Map room" if shown else "Plan chests",
        state="On display" if shown else "In storage",
    )


def amateur_films() -> Iterator[Item]:
    """Reels of the film archive that nobody else has."""
    for title, first, last in city()["amateur_films"]:
        for number, year in enumerate(range(first, last + 1, 4), 1):
            yield Item(
                key=f"film|{title}|{number}",
                type="video",
                title=f"{title} ({year})",
                year=year,
                date=str(year),
                subjects=("Amateur films", "Manchester"),
                extent=f"1 reel, {'16 mm' if number % 2 else '8 mm'}, silent",
                kind="Film",
                unit_id=f"NRF {year}/{number}",
            )

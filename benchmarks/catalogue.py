"""A generated union catalogue, always the same: works with Zipf-distributed words, described once or by several."""

from __future__ import annotations

import random
from collections.abc import Iterator

from schemas.catalogue import Availability, CatalogueRecord, Creator, Holding
from schemas.identifiers import isbn13
from schemas.institution import Institution

SOURCES = 10
INSTITUTIONS_A_SOURCE = 20
_SYLLABLES = [a + b for a in "bdfghklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "is", "ol", "um")]


def institutions() -> list[Institution]:
    """Libraries and their branches, scattered over a region."""
    rng = random.Random(1)
    found = [Institution(id=f"library-{s}", name=f"Library {s}", kind="library") for s in range(SOURCES)]
    for source in range(SOURCES):
        for branch in range(INSTITUTIONS_A_SOURCE):
            place = {"lat": 52 + rng.random() * 3, "lon": -3 + rng.random() * 3, "timezone": "Europe/London"}
            id_ = f"library-{source}-{branch}"
            found.append(
                Institution(id=id_, name=f"Branch {id_}", kind="library", parent=f"library-{source}",
                            opening_hours="Mo-Fr 09:00-18:00", **place)  # type: ignore[arg-type]
            )  # fmt: skip
    return found


def records(works: int) -> Iterator[tuple[str, CatalogueRecord]]:
    """(id of the true work, record) of a number of works; about 1.6 records and 3 holdings a work."""
    rng = random.Random(2)
    words = ["".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(2, 4))) for _ in range(40_000)]
    names = [word.title() for word in words[:8000]]

    def some(low: int, high: int) -> str:
        return " ".join(
            words[min(int(rng.paretovariate(0.6)) - 1, len(words) - 1)] for _ in range(rng.randint(low, high))
        )

    for number in range(works):
        title = f"{some(2, 8)} {words[number % len(words)]}".capitalize()
        creator = f"{rng.choice(names)}, {rng.choice(names)}"
        isbn = isbn13(f"978{number:09d}" + _check(f"978{number:09d}")) if rng.random() < 0.6 else None
        year = rng.randint(1850, 2025)
        language = rng.choice(("en", "en", "en", "de", "fr", "zh"))
        for copy in range(min(1 + int(rng.expovariate(1.3)), SOURCES)):
            source = (number + copy) % SOURCES
            yield (
                str(number),
                CatalogueRecord(
                    source=f"library-{source}",
                    record=str(number),
                    title=title if rng.random() < 0.8 else f"{title} : {some(1, 4)}",
                    creators=[Creator(creator, "aut")],
                    publisher=rng.choice(names),
                    year=year,
                    type="book",
                    languages=[language],
                    isbns=[isbn] if isbn and rng.random() < 0.9 else [],
                    subjects=[some(1, 3) for _ in range(rng.randint(0, 5))],
                    description=some(10, 60) if rng.random() < 0.4 else "",
                    holdings=[
                        Holding(
                            key=f"{number}-{copy}-{item}",
                            branch=f"library-{source}-{rng.randrange(INSTITUTIONS_A_SOURCE)}",
                            call_number=f"{rng.randint(0, 999):03d} {creator[:3].upper()}",
                            status="available",
                            availability=[Availability(service="loan", state=rng.choice(("available", "unavailable")))],
                        )
                        for item in range(1 + int(rng.expovariate(1.2)))
                    ],
                ),
            )


def _check(twelve: str) -> str:
    return str(-sum(int(digit) * (1 + 2 * (place % 2)) for place, digit in enumerate(twelve)) % 10)

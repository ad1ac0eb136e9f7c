"""Examples of answers in the API's description; a test holds them to the models."""

from __future__ import annotations

from typing import Any

BEST: dict[str, Any] = {
    "institution_id": "city-library",
    "institution": "City Library",
    "kind": "library",
    "lat": 54.974,
    "lon": -1.61,
    "distance_km": 0.446,
    "travel_min": 7,
    "service": "loan",
    "state": "available",
    "checked_at": "2026-11-23T09:45:00Z",
    "due": "",
    "open": "open",
    "open_until": "2026-11-23T18:00:00Z",
    "opens_at": None,
    "call_number": "823.7 AUS",
    "branch": "",
    "location": "Level 2",
    "reason": "Available to borrow, open until 18:00, 450 m away",
}
SIGNALS: dict[str, Any] = {
    "availability": {"score": 0.98, "weight": 0.35, "reason": "available, checked 15 minutes ago"},
    "open": {"score": 1.0, "weight": 0.2, "reason": "open until 18:00"},
    "distance": {"score": 0.86, "weight": 0.35, "reason": "450 m away"},
}
HIT: dict[str, Any] = {
    "id": "w17",
    "title": "Pride and prejudice",
    "creators": ["Austen, Jane, 1775-1817"],
    "year": 1813,
    "type": "book",
    "languages": ["en"],
    "isbns": ["9780141439518"],
    "score": 3.844,
    "signals": {
        "text": {"score": 1.0, "weight": 1.0, "reason": "best match of the words"},
        "known_item": {"score": 1.0, "weight": 2.0, "reason": "the exact title"},
        **SIGNALS,
    },
    "best": BEST,
    "holdings_count": 5,
    "institutions_count": 3,
}
ANSWER: dict[str, Any] = {
    "total": 12,
    "total_relation": "exact",
    "exact": True,
    "query": {"q": "pride and prejudice", "near": {"lat": 54.97, "lon": -1.61}, "warnings": []},
    "hits": [HIT],
    "facets": {"type": [{"value": "book", "count": 11, "label": "Book"}]},
    "next": None,
}
SUGGESTIONS: dict[str, Any] = {
    "q": "pride and pr",
    "words": [{"text": "pride and prejudice", "works": 3}],
    "titles": [{"id": "w17", "title": "Pride and prejudice", "creators": ["Austen, Jane, 1775-1817"]}],
}
HOLDING: dict[str, Any] = {
    "best": BEST,
    "score": 0.844,
    "signals": SIGNALS,
    "services": [{"service": "loan", "state": "available", "checked_at": "2026-11-23T09:45:00Z", "how": "pushed"}],
    "edition": "e17",
    "source": "city",
    "record": "oai:city.example:17",
    "key": "30112",
    "copies": 1,
    "status": "available",
    "note": "",
    "url": "",
}
HOLDINGS: dict[str, Any] = {
    "id": "w17",
    "title": "Pride and prejudice",
    "total": 1,
    "holdings": [HOLDING],
    "next": None,
    "warnings": [],
}
WORK: dict[str, Any] = {
    "id": "w17",
    "number": 17,
    "title": "Pride and prejudice",
    "other_titles": [],
    "part": "",
    "creators": [{"name": "Austen, Jane, 1775-1817", "role": "aut"}],
    "publisher": "Penguin",
    "publication_place": "London",
    "year": 1813,
    "date": "1813",
    "type": "book",
    "languages": ["en"],
    "isbns": ["9780141439518"],
    "issns": [],
    "identifiers": [],
    "subjects": ["Courtship -- Fiction"],
    "series": [],
    "extent": "xxxvi, 435 p.",
    "description": "",
    "links": [],
    "thumbnail": "",
    "host": None,
    "unit_id": "",
    "path": [],
    "editions": [
        {
            "id": "e17",
            "year": 2003,
            "languages": ["en"],
            "isbns": ["9780141439518"],
            "publisher": "Penguin",
            "edition": "",
            "holdings_count": 1,
            "records": [{"source": "city", "record": "oai:city.example:17"}],
        }
    ],
    "holdings": [HOLDING],
    "holdings_count": 1,
    "institutions_count": 1,
    "warnings": [],
}
NEARBY: dict[str, Any] = {
    "matched": True,
    "by": "isbn",
    "number": "9780141439518",
    "works_count": 1,
    "id": "w17",
    "title": "Pride and prejudice",
    "creators": ["Austen, Jane, 1775-1817"],
    "year": 1813,
    "places": [HOLDING],
    "institutions_count": 1,
    "others": [],
    "warnings": [],
}
ENTRY: dict[str, Any] = {
    "id": "city-library",
    "name": "City Library",
    "kind": "library",
    "lat": 54.974,
    "lon": -1.61,
    "address": "1 Market Square",
    "city": "Aldport",
    "country": "GB",
    "distance_km": 0.446,
    "open": "open",
    "open_until": "2026-11-23T18:00:00Z",
    "opens_at": None,
    "closed_for_good": False,
    "parent": "",
}
INSTITUTIONS: dict[str, Any] = {"total": 1, "institutions": [ENTRY], "next": None, "warnings": []}
INSTITUTION: dict[str, Any] = ENTRY | {
    "isil": "GB-ALD",
    "postcode": "AL1 1AA",
    "region": "GB-ENG",
    "timezone": "Europe/London",
    "opening_hours": "Mo-Fr 09:00-18:00; Sa 10:00-16:00; PH off",
    "hours_notes": [],
    "week": [
        {
            "date": "2026-11-23",
            "spans": [{"start": "2026-11-23T09:00:00Z", "end": "2026-11-23T18:00:00Z", "state": "open", "comment": ""}],
            "exceptional": False,
        }
    ],
    "timetable": {
        "first": "2026-11-23",
        "last": "2027-02-20",
        "regular": [{"days": [0, 1, 2, 3, 4], "times": [{"opens": "09:00", "closes": "18:00"}]}],
        "special": [{"first": "2026-12-24", "last": "2026-12-24", "times": [{"opens": "09:00", "closes": "12:00"}]}],
    },
    "exceptions": [{"first": "2026-12-24", "hours": "09:00-12:00", "note": "Christmas Eve"}],
    "service_points": [{"name": "desk", "hours": "Mo-Fr 10:00-17:00", "open": "open", "note": ""}],
    "services": ["loan", "on_site"],
    "url": "https://library.example/",
    "phone": "",
    "email": "",
    "description": "",
    "checked_on": "2026-11-01",
    "owner": None,
    "branches": [{"id": "harbour", "name": "Harbour Branch"}],
    "sources": [
        {
            "source": "city",
            "protocol": "oai",
            "records": 1200,
            "status": "complete",
            "harvested_at": "2026-11-23T03:10:00+00:00",
            "complete_at": "2026-11-23T03:10:00+00:00",
        }
    ],
    "warnings": [],
}

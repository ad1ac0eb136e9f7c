"""Examples of decisions and explanations in the API's description; a test holds them to the models."""

from __future__ import annotations

from typing import Any

_CITY = {"source": "city", "record": "oai:city.example:1017"}
_HARBOUR = {"source": "harbour", "record": "b17"}
REQUEST: dict[str, Any] = {
    "kind": "split",
    "level": "work",
    "records": [_HARBOUR],
    "others": [_CITY],
    "reason": "the film, catalogued as a book",
}
_DECISION: dict[str, Any] = {
    "id": 7, "author": "harbour (cataloguing)", "at": "2026-11-24T10:00:00+00:00", "revoked_at": None, **REQUEST
}  # fmt: skip
DECIDED: dict[str, Any] = {"decision": _DECISION, "applied": True, "overrules": [], "works": ["w2abc", "w7def"]}
DECISIONS: dict[str, Any] = {"decisions": [_DECISION], "warnings": []}
_VERDICT: dict[str, Any] = {
    "verdict": "same",
    "points": 17,
    "reasons": [
        {"name": "title-telling", "points": 5, "words": "The same long title"},
        {"name": "identifier-same", "points": 6, "words": "An identifier in common"},
        {"name": "creator-same", "points": 3, "words": "A creator in common"},
        {"name": "year-same", "points": 3, "words": "The same year"},
    ],
}
EXPLANATION: dict[str, Any] = {
    "work": "w2abc",
    "title": "Pride and prejudice",
    "total": 2,
    "records": [
        {
            **ref,
            "work": "w2abc",
            "edition": "e2abc",
            "description": {**ref, "title": "Pride and prejudice", "year": 1995, "isbns": ["9780141439518"]},
        }
        for ref in (_CITY, _HARBOUR)
    ],
    "links": [
        {
            "one": 0, "other": 1, "how": "identifier", "level": "edition", "shared": ["isbn:9780141439518"],
            "words": "They share an identifier", **_VERDICT,
        }
    ],
    "apart": [],
    "decisions": [],
    "provenance": [{"field": "title", "value": "Pride and prejudice", "records": [_CITY, _HARBOUR]}],
    "warnings": [],
}  # fmt: skip

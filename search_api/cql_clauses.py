"""One condition of a CQL query: words for our search, or a filter."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cql.parser import CQLSearchClause

from indexer.analysis import tokens
from schemas.catalogue import RECORD_TYPES
from schemas.identifiers import isbn13, issn, language_tag
from search_api.cql_indexes import Index, index_of
from search_api.problems import DiagnosticError

_EQUAL = ("=", "==", "exact", "all", "any", "adj")
_RELATIONS = (*_EQUAL, "<", ">", "<=", ">=", "within")
_MASKING = re.compile(r"(?<!\\)(?:\\\\)*([*?^])")
_ESCAPED = re.compile(r"\\(.)")
_OUR_SIGNS = re.compile(r'[:："“”„«»「」『』]')
"""What means something in a search of ours, and nothing in CQL."""
_YEAR = re.compile(r"-?\d{1,4}")


@dataclass(slots=True)
class Asked:
    """What all conditions together ask for."""

    words: list[str] = field(default_factory=list)
    year_from: int | None = None
    year_to: int | None = None
    type: tuple[str, ...] = ()
    language: tuple[str, ...] = ()


def add_clause(asked: Asked, clause: CQLSearchClause) -> None:
    """Add a condition to what is asked for.

    Raises:
        DiagnosticError: our search has no such condition.
    """
    index = index_of(clause.index.name) if clause.index else "anywhere"
    relation = _relation(clause)
    term = clause.term.strip()
    if not term:
        raise DiagnosticError(27)
    if index == "year":
        _add_year(asked, relation, term)
        return
    if relation not in _EQUAL:
        raise DiagnosticError(22, f"{index} {relation}")
    if index in ("isbn", "issn", "identifier"):
        asked.words.append(_number(index, term))
    elif index == "type":
        asked.type = _only(index, asked.type, term.lower(), known=term.lower() in RECORD_TYPES)
    elif index == "language":
        tag = language_tag(term)
        asked.language = _only(index, asked.language, tag or "", known=tag is not None)
    elif index != "all":
        asked.words += _words(index, relation, term)


def _relation(clause: CQLSearchClause) -> str:
    if clause.relation is None:
        return "="
    name = clause.relation.comparitor.name.lower().removeprefix("cql.").replace("scr", "=")
    if name not in _RELATIONS:
        raise DiagnosticError(19, name[:100])
    if clause.relation.modifiers:
        raise DiagnosticError(20, clause.relation.modifiers[0].name.name[:100])
    return name


def _words(index: Index, relation: str, term: str) -> list[str]:
    """A text condition in the words of a search: all words in the field, or a phrase."""
    if relation in ("==", "exact"):
        raise DiagnosticError(22, f"{index} {relation}")
    masked = [_MASKING.findall(word) for word in term.split()]
    if any("^" in signs for signs in masked):
        raise DiagnosticError(31, "^")
    begun = [
        signs == ["*"] and word.endswith("*") and len(word) > 1
        for signs, word in zip(masked, term.split(), strict=True)
    ]
    if any(signs and not begins for signs, begins in zip(masked, begun, strict=True)) or (
        relation == "adj" and any(begun)
    ):
        raise DiagnosticError(28, "only at the end of a word, as in harb*")
    found = []
    for word, begins in zip(term.split(), begun, strict=True):
        parts = [
            part for part in _OUR_SIGNS.sub(" ", _ESCAPED.sub(r"\1", word.removesuffix("*"))).split() if tokens(part)
        ]
        found += parts[:-1] + [part + "*" * begins for part in parts[-1:]]
    if not found:
        raise DiagnosticError(36, term[:100])
    if relation == "any" and len(found) > 1:
        raise DiagnosticError(19, "any")
    prefix = "" if index == "anywhere" else f"{index}:"
    return [f'{prefix}"{" ".join(found)}"'] if relation == "adj" else [f"{prefix}{word}" for word in found]


def _number(index: Index, term: str) -> str:
    number = isbn13(term) if index != "issn" else None
    number = number or (issn(term) if index != "isbn" else None)
    if number is None:
        raise DiagnosticError(36, f"{index} {term[:100]}")
    return f"isbn:{number.replace('-', '')}"


def _only(index: Index, before: tuple[str, ...], value: str, *, known: bool) -> tuple[str, ...]:
    """The value of a filter that can be asked for once: a search joins its values by "or"."""
    if not known:
        raise DiagnosticError(36, index)
    if before and before != (value,):
        raise DiagnosticError(18, index)
    return (value,)


def _add_year(asked: Asked, relation: str, term: str) -> None:
    years = [int(text) for text in term.split() if _YEAR.fullmatch(text)]
    if len(years) != len(term.split()) or len(years) != (2 if relation == "within" else 1):
        raise DiagnosticError(36, f"year {term[:100]}")
    low, high = {
        "<": (None, years[0] - 1),
        "<=": (None, years[0]),
        ">": (years[0] + 1, None),
        ">=": (years[0], None),
        "within": (min(years), max(years)),
    }.get(relation, (years[0], years[0]))
    if low is not None:
        asked.year_from = low if asked.year_from is None else max(asked.year_from, low)
    if high is not None:
        asked.year_to = high if asked.year_to is None else min(asked.year_to, high)

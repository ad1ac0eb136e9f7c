"""CQL, the query language of SRU, as a search of ours. What a search cannot say is refused by number, never guessed."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator

import msgspec
from cql.lexer import CQLLexerError
from cql.parser import CQLParser12, CQLParserError, CQLSearchClause, CQLSortSpec, CQLTriple

from indexer.analysis import MAX_CLAUSES
from schemas.query import SearchRequest, Sort
from search_api.cql_clauses import Asked, add_clause
from search_api.cql_indexes import SETS
from search_api.problems import DiagnosticError
from search_api.understand import LONGEST_Q, length_of

LONGEST, MOST_BRACKETS, MOST_PARTS = 2000, 30, 50
_SORTS: dict[tuple[str, str], Sort] = {
    ("date", "ascending"): "oldest",
    ("date", "descending"): "newest",
    ("title", "ascending"): "title",
}
_local = threading.local()
logging.getLogger("cql").setLevel(logging.CRITICAL + 1)  # it writes every bad query to the standard error


def request_of(query: str, plain: SearchRequest) -> SearchRequest:
    """The search that a query means.

    Args:
        query: in CQL 1.1 or 1.2.
        plain: the search to which its conditions are added.

    Raises:
        DiagnosticError: it cannot be read, or says what our searches cannot.
    """
    root = _parsed(query)
    asked = Asked()
    for clause in _clauses(root):
        add_clause(asked, clause)
    q = " ".join(asked.words)
    if length_of(q) > LONGEST_Q or len(asked.words) > MAX_CLAUSES:
        raise DiagnosticError(12, f"at most {MAX_CLAUSES} words and {LONGEST_Q} characters")
    return msgspec.structs.replace(
        plain,
        q=q,
        literal=True,
        year_from=asked.year_from,
        year_to=asked.year_to,
        type=asked.type,
        language=asked.language,
        sort=_sort(root.sortSpecs),
    )


def _parsed(query: str) -> CQLTriple | CQLSearchClause:
    if len(query) > LONGEST:
        raise DiagnosticError(12, f"{len(query)}; at most {LONGEST}")
    if _depth(query) > MOST_BRACKETS:
        raise DiagnosticError(13, f"at most {MOST_BRACKETS} inside one another")
    if not hasattr(_local, "parser"):  # the parser keeps its state in itself, so that threads cannot share one
        _local.parser = CQLParser12()
        _local.parser.build()
    try:
        root: CQLTriple | CQLSearchClause = _local.parser.parse(query).root
    except CQLLexerError as error:
        raise DiagnosticError(10, str(error.args[0])[:200]) from None
    except CQLParserError as error:
        raise DiagnosticError(10, str(error)[:200]) from None
    return root


def _depth(query: str) -> int:
    """How many brackets stand inside one another."""
    depth = deepest = 0
    for sign in re.findall(r"[()]", re.sub(r'"(?:\\"|[^"])*"', "", query)):
        depth += 1 if sign == "(" else -1
        deepest = max(deepest, depth)
    return deepest


def _clauses(root: CQLTriple | CQLSearchClause) -> Iterator[CQLSearchClause]:
    """The conditions that a query joins by ``and``, from left to right."""
    left, found = [root], 0
    while left:
        node = left.pop()
        _check_prefixes(node)
        if isinstance(node, CQLSearchClause):
            found += 1
            if found > MOST_PARTS:
                raise DiagnosticError(38, f"at most {MOST_PARTS} conditions")
            yield node
            continue
        operator = node.operator.value.lower()
        if operator != "and":
            raise DiagnosticError(39 if operator == "prox" else 37, operator)
        if node.operator.modifiers:
            raise DiagnosticError(46, str(node.operator.modifiers[0].name))
        left += [node.right, node.left]


def _check_prefixes(node: CQLTriple | CQLSearchClause) -> None:
    """A prefix may be declared, if it is the one by which we know the set anyhow."""
    for prefix in node.prefixes:
        name = prefix.prefix or "cql"
        if SETS.get(name.lower(), ("", ()))[0].rpartition("-v")[0] != prefix.uri.rpartition("-v")[0]:
            raise DiagnosticError(15, prefix.uri[:200])


def _sort(keys: list[CQLSortSpec]) -> Sort:
    if not keys:
        return "best"
    if len(keys) > 1:
        raise DiagnosticError(84, str(len(keys)))
    index = keys[0].index.basename.lower().replace("year", "date")
    modifiers = [modifier.name.basename.lower() for modifier in keys[0].modifiers or ()]
    found = _SORTS.get((index, modifiers[0] if modifiers else "ascending"))
    if found is None or len(modifiers) > 1:
        raise DiagnosticError(82 if index in ("date", "title") else 80, keys[0].index.name[:200])
    return found

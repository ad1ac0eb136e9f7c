"""No pattern of ours takes more than the square of what it reads: catalogues and pages are written by strangers."""

from __future__ import annotations

import ast
import importlib
import re
import warnings
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter(
        "ignore", DeprecationWarning
    )  # the library reads patterns by a module of Python's that is one
    from regexploit.ast.sre import SreOpParser
    from regexploit.languages.python_node_visitor import PythonNodeVisitor
    from regexploit.redos import find

ROOT = Path(__file__).parent.parent
PACKAGES = ("config", "schemas", "store", "harvester", "indexer", "search_api", "lampway")
_NEVER_GOES_BACK = re.compile(r"[*+?}]\+|\(\?>")
"""Possessive quantifiers and atomic groups: what the library cannot read yet, and what stands there on purpose."""


def patterns_in(source: str) -> list[tuple[int, str]]:
    """Texts that may be patterns, each with its line."""
    visitor = PythonNodeVisitor()
    visitor.visit(ast.parse(source))
    return [(found.lineno, found.pattern) for found in visitor.patterns]


def slow(pattern: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = SreOpParser().parse_sre(pattern, 0)
    except re.error:  # most texts are no patterns
        return False
    return any(found.starriness > 2 for found in find(parsed))


def test_no_pattern_is_worse_than_quadratic() -> None:
    looked, bad = 0, []
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            for line, pattern in patterns_in(file.read_text("utf-8")):
                if not _NEVER_GOES_BACK.search(pattern):
                    looked += 1
                    bad += [f"{file.relative_to(ROOT)}:{line}: {pattern}"] * slow(pattern)
    assert bad == []
    assert looked > 100


def test_nor_is_one_that_is_put_together() -> None:
    looked, bad = 0, []
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            if "migrations" in file.parts or file.name.startswith("__"):
                continue
            module = importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
            for name, value in vars(module).items():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    looked += 1
                    slowly = not _NEVER_GOES_BACK.search(value.pattern) and slow(value.pattern)
                    bad += [f"{module.__name__}.{name}: {value.pattern}"] * slowly
    assert bad == []
    assert looked > 200


def test_a_slow_pattern_is_found() -> None:
    assert slow(r"<identifier>\s*([^<]+?)\s*</")
    assert not slow(r"<identifier>([^<]+)</")

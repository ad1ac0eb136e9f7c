"""Decides, within a block of records that share a key, which of them are the same. Cost is linear in the block.

Records with equal features are compared once, so a block of thousands of copies costs as little as one of a few.
"""

from __future__ import annotations

from collections.abc import Sequence

from indexer.merging.evidence import languages_contradict, titles_agree, volume_of
from indexer.merging.keys import Features
from indexer.merging.near import near

MAX_DIFFERENT = 60
"""An identifier with more different descriptions under it proves nothing; comparing them all would cost the square."""

MAX_GROUPS = 3
"""An identifier that joins more groups of contradicting titles or volumes belongs to a series or a set."""

Groups = list[list[int]]


def by_identifier(block: Sequence[int], features: Sequence[Features]) -> Groups:
    """Groups of a block that shares a strong identifier; records that merge with none are left out.

    Args:
        block: positions in ``features``.
        features: of all records.
    """
    distinct: dict[tuple[object, ...], list[int]] = {}
    for position in block:
        own = features[position]
        distinct.setdefault((own.kind, volume_of(own), own.titles, own.languages), []).append(position)
    if len(distinct) > MAX_DIFFERENT:
        return []
    groups: list[list[list[int]]] = []  # groups of lists of equal records
    for equal in sorted(distinct.values(), key=lambda equal: _order(features[equal[0]])):
        fitting = [group for group in groups if any(_same(features[equal[0]], features[one[0]]) for one in group)]
        groups = [group for group in groups if group not in fitting]
        groups.append([equal, *(one for group in fitting for one in group)])
    if len(groups) > MAX_GROUPS:
        return []
    joined = [[position for equal in group for position in equal] for group in groups]
    return [part for group in joined for part in by_language(group, features) if len(part) > 1]


def by_likeness(block: Sequence[int], features: Sequence[Features]) -> Groups:
    """Groups of a block that shares a loose key; a block of too many different descriptions is left alone."""
    distinct: dict[tuple[object, ...], list[int]] = {}
    for position in block:
        own = features[position]
        told = (own.kind, own.part, own.forms, own.languages, own.creators, own.isbns, own.year)
        distinct.setdefault((*told, own.edition_number, own.publisher, own.extent), []).append(position)
    equal = list(distinct.values())
    if not 1 < len(equal) <= MAX_DIFFERENT:
        return []
    groups: Groups = []
    for one in equal:
        fitting = [group for group in groups if any(near(features[one[0]], features[p]) for p in group)]
        groups = [group for group in groups if group not in fitting]
        groups.append([*one[:1], *(p for group in fitting for p in group)])
    members = {one[0]: one for one in equal}
    joined = [sorted(p for first in group for p in members[first]) for group in groups if len(group) > 1]
    return [part for group in joined for part in by_language(group, features) if len(part) > 1]


def by_language(block: Sequence[int], features: Sequence[Features]) -> Groups:
    """Parts of a block whose languages do not contradict.

    Where they do, records that do not tell their language belong to none of them.
    """
    languages = sorted({features[position].languages for position in block})
    known = [language for language in languages if language]
    if not any(languages_contradict(a, b) for i, a in enumerate(known) for b in known[i + 1 :]):
        return [list(block)]
    parts: list[set[str]] = []
    for language in known:
        common = [part for part in parts if part & set(language)]
        parts = [part for part in parts if part not in common]
        parts.append(set(language).union(*common))
    told = [[p for p in block if features[p].languages and features[p].languages[0] in part] for part in parts]
    return [*told, [p for p in block if not features[p].languages]]


def _same(one: Features, other: Features) -> bool:
    return (
        one.kind == other.kind
        and volume_of(one) == volume_of(other)
        and titles_agree(one.titles, other.titles)
    )  # fmt: skip


def _order(own: Features) -> tuple[object, ...]:
    return (own.kind, own.part, own.titles, own.languages)

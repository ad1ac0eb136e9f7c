"""Decides, within a block of records that share the key of a work, which of them are one work.

The key says: one title, one family name, one kind and part. What is left to ask is whether they are of one person.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import combinations

from indexer.merging import evidence
from indexer.merging.decide import MAX_DIFFERENT, Groups, linked
from indexer.merging.keys import Features
from indexer.merging.rules import RULES
from indexer.merging.titles import letters_in

_ONE_PERSON = frozenset(("creator-same", "creator-short", "creator-alike", "creators-lacking"))


def by_work(key: int, block: Sequence[int], features: Sequence[Features]) -> Groups:
    """Groups of a block that are one work.

    A record that leaves out the given name is of the only person of that family name, and of none where there are two.

    Args:
        key: that they share.
        block: positions in ``features``.
        features: of all records.
    """
    distinct: dict[Hashable, list[int]] = {}
    for position in block:
        one = features[position]
        distinct.setdefault((one.creators, one.volume, one.companions, one.day, one.host), []).append(position)
    equals = list(distinct.values())
    if len(equals) == 1:
        return equals
    if len(equals) > MAX_DIFFERENT:
        return _by_name(block, features)
    own = [features[equal[0]] for equal in equals]
    fits, against, sure = [0] * len(own), [0] * len(own), [0] * len(own)
    for j, i in combinations(range(len(own)), 2):
        one_work = _is_one(own[i], own[j], key)
        masks = fits if one_work else against
        masks[i] |= 1 << j
        masks[j] |= 1 << i
        if one_work and evidence.creators(own[i], own[j]) != "creator-short":
            sure[i] |= 1 << j
    return [[position for member in group for position in equals[member]] for group in linked(fits, against, sure)]


def translations(one: Features, other: Features) -> bool:
    """Whether two records that share an identifier are of one creator's one thing in two languages."""
    return (
        bool(one.languages and other.languages)
        and set(one.languages).isdisjoint(other.languages)
        and not set(one.creators).isdisjoint(other.creators)
        and (one.kind or "book", one.volume) == (other.kind or "book", other.volume)
    )


def _is_one(one: Features, other: Features, key: int) -> bool:
    if evidence.creators(one, other) not in _ONE_PERSON or evidence.days(one, other):
        return False
    if key == one.heard and (one.volume, one.companions) != (other.volume, other.companions):
        return False
    if "host-different" not in evidence.hosts(one, other):
        return True
    return bool(one.forms) and letters_in(one.forms[0].main) >= RULES.telling_letters  # not "Editorial", "Book reviews"


def _by_name(block: Sequence[int], features: Sequence[Features]) -> Groups:
    """Of a title that too many share those whose first creator is written alike."""
    found: dict[Hashable, list[int]] = {}
    for position in block:
        found.setdefault((features[position].creators[:1], features[position].day), []).append(position)
    return list(found.values())

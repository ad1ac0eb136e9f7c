"""Decides, within a block of records that share the key of a work, which of them are one work.

The key says: one title, one family name, one kind and part. What is left to ask is whether they are of one person, and
whether a title without a subtitle is the one that has it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import combinations

from indexer.merging import evidence
from indexer.merging.decide import MAX_DIFFERENT, Groups, linked
from indexer.merging.keys import Features
from indexer.merging.rules import RULES
from indexer.merging.titles import letters_in, resemblance

_ONE_PERSON = frozenset(("creator-same", "creator-alike", "creators-lacking"))


def by_work(key: int, block: Sequence[int], features: Sequence[Features]) -> Groups:
    """Groups of a block that are one work.

    A title without a subtitle is that of the only one that has it; where two have different ones it is neither.

    Args:
        key: that they share.
        block: positions in ``features``.
        features: of all records.
    """
    distinct: dict[Hashable, list[int]] = {}
    for position in block:
        one = features[position]
        told = one.creators, one.volume, one.companions, one.day, one.host
        distinct.setdefault((_extends(one, key) and one.forms[0].named, *told), []).append(position)
    equals = list(distinct.values())
    if len(equals) == 1:
        return equals
    if len(equals) > MAX_DIFFERENT:  # of one title by one family name: those that are written alike
        return [
            [position for _, equal in same for position in equal]
            for same in _by_name([(features[equal[0]], equal) for equal in equals], key)
        ]
    own = [features[equal[0]] for equal in equals]
    fits, against, sure = [0] * len(own), [0] * len(own), [0] * len(own)
    for j, i in combinations(range(len(own)), 2):
        found = _relation(own[i], own[j], key)
        masks = fits if found in ("same", "unsure") else against
        masks[i] |= 1 << j
        masks[j] |= 1 << i
        if found == "same":
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


def _relation(one: Features, other: Features, key: int) -> str:
    if evidence.creators(one, other) not in _ONE_PERSON or _elsewhere(one, other):
        return "different"
    extends = [own for own in (one, other) if _extends(own, key)]
    if (extends or key == one.heard) and (one.volume != other.volume or one.companions != other.companions):
        return "different"
    if not extends:
        return "same" if _told_fully(one) and _told_fully(other) else "unsure"
    if one.kind == "article" or other.kind == "article":
        return "different"  # its comment, reply, second part
    if len(extends) == 2 and resemblance(one.forms[0], other.forms[0]) not in ("same", "slip"):
        return "different"
    return "unsure"


def _extends(own: Features, key: int) -> bool:
    """Whether it has a subtitle that the key does not know."""
    return own.extended == key and key not in (own.work, own.uniform)


def _told_fully(own: Features) -> bool:
    """Without a given name it may be of any of the family."""
    return not own.creators or bool(own.creators[0][1])


def _elsewhere(one: Features, other: Features) -> bool:
    """Articles under a title that many have, in two places; letters of two days."""
    if one.day and other.day and one.day != other.day:
        return True
    if "host-different" not in evidence.hosts(one, other):
        return False
    return letters_in(one.forms[0].main) < RULES.telling_letters if one.forms else False


def _by_name(equals: Sequence[tuple[Features, list[int]]], key: int) -> list[list[tuple[Features, list[int]]]]:
    found: dict[Hashable, list[tuple[Features, list[int]]]] = {}
    for own, equal in equals:
        if not _extends(own, key):
            found.setdefault((own.creators[:1], own.day), []).append((own, equal))
    return [same for same in found.values() if len(same) > 1 or len(same[0][1]) > 1]

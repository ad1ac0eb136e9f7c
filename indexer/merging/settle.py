"""Settles a family: records that would all be one, though a person or what they say between them is against it.

A pure function of the family's records and the rulings, whatever order they came in: links are followed from the
strongest to the weakest, and those of equal strength all at once or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

import msgspec

from indexer.merging.cohesion import Facts, Why, coherent, contradiction, facts_of
from indexer.merging.compare import compare
from indexer.merging.components import PartedSets
from indexer.merging.decide import by_likeness
from indexer.merging.keys import Features
from schemas.decisions import Level

Pair = tuple[int, int]
Rank = Callable[[int], tuple[int, int, int]]


class Cut(msgspec.Struct, frozen=True):
    """A link between two records, by position, that was not followed, and why."""

    one: int
    other: int
    level: Level
    why: Why


def join_groups(sets: PartedSets, groups: Iterable[Sequence[int]], rank: Rank) -> None:
    """Join each group as far as nothing in it is parted.

    Args:
        sets: with what is together and apart by decision.
        groups: positions; the strongest links first.
        rank: lower = earlier to find its place; those that were split off come last and so stand apart.
    """
    for group in groups:
        places: list[int] = []
        for item in sorted(group, key=rank):
            if not any(sets.join(place, item) for place in places):
                places.append(item)


def join_alike(
    sets: PartedSets, groups: Iterable[Sequence[int]], features: Sequence[Features], rank: Rank
) -> list[Cut]:
    """Join the sets that likeness links, as far as what they say between them agrees; returns what was not followed.

    Args:
        sets: joined by everything stronger.
        groups: positions, as ``by_likeness`` gives them.
        features: of all records.
        rank: says which pair stands for a link.
    """
    by_strength: dict[int, set[Pair]] = {}
    for group in groups:
        equal: dict[Features, list[int]] = {}
        for item in sorted(group, key=rank):
            equal.setdefault(features[item], []).append(item)
        join_groups(sets, equal.values(), rank)
        one_of_each = {(sets.find(item), own): item for own, items in equal.items() for item in reversed(items)}
        for pair in combinations(sorted(one_of_each.values(), key=rank), 2):
            if not sets.together(*pair) and by_likeness(pair, features):
                one, other = pair
                by_strength.setdefault(compare(features[one], features[other]).points, set()).add(pair)
    cuts: list[Cut] = []
    for strength in sorted(by_strength, reverse=True):
        links = sorted(by_strength[strength], key=lambda pair: (rank(pair[0]), rank(pair[1])))
        cuts += _follow(sets, links, features)
    return cuts


def _follow(sets: PartedSets, links: Sequence[Pair], features: Sequence[Features]) -> list[Cut]:
    """Follow links of equal strength."""
    between: dict[Pair, Pair] = {}
    for one, other in links:
        if not sets.together(one, other):
            between.setdefault(_ends(sets.find(one), sets.find(other)), (one, other))
    facts = {root: facts_of(features[i] for i in sets.members(root)) for ends in between for root in ends}
    doubtful = _doubtful(sets, between, facts)
    followed = [ends for ends in between if ends not in doubtful]
    for bunch in _bunches(followed):
        roots = {root for ends in bunch for root in ends}
        parted = any(sets.parted(a, b) for a, b in combinations(sorted(roots), 2)) if len(roots) < 1000 else True
        if parted or not coherent([facts[root] for root in roots]):
            doubtful |= dict.fromkeys(bunch, "chain")
            continue
        for ends in bunch:
            sets.join(*ends)
    return [Cut(*between[ends], "edition", why) for ends, why in doubtful.items()]


def _doubtful(sets: PartedSets, between: Iterable[Pair], facts: dict[int, Facts]) -> dict[Pair, Why]:
    """Links of which one end is against the other, or as near to one that is against the other."""
    against: dict[Pair, Why] = {}

    def speaks(one: int, other: int) -> Why | None:
        return "decision" if sets.parted(one, other) else contradiction(facts[one], facts[other])

    near: dict[int, set[int]] = {}
    for one, other in between:
        if why := speaks(one, other):
            against[one, other] = why
        else:
            near.setdefault(one, set()).add(other)
            near.setdefault(other, set()).add(one)
    for middle, ends in near.items():
        for one, other in combinations(sorted(ends), 2):
            if why := speaks(one, other):
                for end in (one, other):
                    against.setdefault(_ends(middle, end), why)
    return against


def _ends(one: int, other: int) -> Pair:
    return (one, other) if one < other else (other, one)


def _bunches(links: Iterable[Pair]) -> list[list[Pair]]:
    """Links in groups that hang together."""
    sets = PartedSets()
    found = list(links)
    for one, other in found:
        sets.join(one, other)
    bunches: dict[int, list[Pair]] = {}
    for one, other in found:
        bunches.setdefault(sets.find(one), []).append((one, other))
    return list(bunches.values())

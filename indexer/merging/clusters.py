"""Editions and works as connected components: a pure function of records, whatever order they come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from indexer.merging.decide import Groups, by_identifier, by_language, by_likeness
from indexer.merging.keys import Features

Numbers = NDArray[np.int64]


class Clusters(msgspec.Struct, frozen=True):
    """For each record the position of a member that stands for its edition, and one that stands for its work."""

    edition: Numbers
    work: Numbers


class Components:
    """Disjoint sets (union by lower position, path halving): the representative is the lowest position."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def find(self, item: int) -> int:
        """The set's representative."""
        parent = self._parent
        while parent[item] != item:
            parent[item] = item = parent[parent[item]]
        return item

    def join(self, items: Sequence[int]) -> None:
        """Make one set of the sets of all items."""
        first = self.find(items[0])
        for item in items[1:]:
            other = self.find(item)
            low, high = (first, other) if first < other else (other, first)
            self._parent[high] = low
            first = low

    def labels(self) -> Numbers:
        """Representative of every item."""
        return np.fromiter((self.find(item) for item in range(len(self._parent))), np.int64, len(self._parent))


def cluster(features: Sequence[Features]) -> Clusters:
    """Which records are the same edition, and which editions the same work.

    An edition is joined by an identifier that nothing contradicts, by equal title, creator, year, type and part, or by
    a description that is nearly the same; a work by its editions, or by equal title, creator, type and part.
    """
    components = Components(len(features))
    identifiers = _pairs(features, lambda own: own.identifiers)
    for block in _blocks(*identifiers):
        _join(components, by_identifier(block, features))
    for block in _blocks(*_pairs(features, lambda own: (own.edition,) if own.edition else ())):
        _join(components, by_language(block, features))
    for block in _blocks(*_pairs(features, lambda own: own.loose)):
        _join(components, by_likeness(block, features))
    editions = components.labels()
    for block in _blocks(*_pairs(features, lambda own: (own.work,) if own.work else ())):
        components.join(block)
    return Clusters(editions, components.labels())


def _join(components: Components, groups: Groups) -> None:
    for group in groups:
        if len(group) > 1:
            components.join(group)


def _pairs(features: Sequence[Features], keys: Callable[[Features], tuple[int, ...]]) -> tuple[Numbers, Numbers]:
    """(key, position) of all keys, as two arrays: a dictionary of lists would take ten times the memory."""
    counts = np.fromiter((len(keys(own)) for own in features), np.int64, len(features))
    flat = np.fromiter((key for own in features for key in keys(own)), np.int64, int(counts.sum()))
    return flat, np.repeat(np.arange(len(features)), counts)


def _blocks(keys: Numbers, positions: Numbers) -> Iterator[list[int]]:
    """Positions that share a key, ascending, for each key that several share."""
    if not len(keys):
        return
    order = np.argsort(keys, kind="stable")
    keys, positions = keys[order], positions[order]
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    ends = np.append(starts[1:], len(keys))
    several = ends - starts > 1
    for start, end in zip(starts[several].tolist(), ends[several].tolist(), strict=True):
        yield positions[start:end].tolist()

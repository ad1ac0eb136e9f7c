"""The numbers and word lists of merging, from ``config/merging.yaml``; checked when the process starts."""

from __future__ import annotations

import msgspec

from config.load import load_yaml
from indexer.analysis import title_key


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``config/merging.yaml`` holds; its comments say why each value is what it is."""

    same: int
    unsure: int
    different: int
    points: dict[str, int]
    extent_tolerance: float
    extent_gap: float
    long_letters: int
    telling_letters: int
    short_letters: int
    slip_letters: int
    generic_titles: frozenset[str]
    empty_subtitles: frozenset[str]
    companions: frozenset[str]
    selections: frozenset[str]
    volume_words: frozenset[str]
    clear_volume_words: frozenset[str]
    naming_words: frozenset[str]
    level_words: frozenset[str]
    abbreviations: dict[str, str]
    opposites: tuple[tuple[str, str], ...]
    numbers_in_words: dict[int, frozenset[str]]


def _load() -> Rules:
    rules = msgspec.convert(load_yaml("merging.yaml"), Rules, strict=False)
    if not rules.same > rules.unsure > rules.different:
        raise ValueError("config/merging.yaml: same, unsure and different must stand in this order")
    return msgspec.structs.replace(
        rules,
        generic_titles=frozenset(map(title_key, rules.generic_titles)),
        empty_subtitles=frozenset(map(title_key, rules.empty_subtitles)),
        companions=frozenset(map(title_key, rules.companions)),
        selections=frozenset(map(title_key, rules.selections)),
    )


RULES = _load()

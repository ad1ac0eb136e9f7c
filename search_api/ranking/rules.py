"""The numbers of ``config/ranking.yaml``, checked."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

import msgspec
from msgspec import Meta

from config.load import load_yaml
from schemas.catalogue import STATES
from schemas.query import MODES

Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
Weight = Annotated[float, Meta(ge=0, le=1000)]
Count = Annotated[int, Meta(ge=1)]


class RulesError(ValueError):
    """The numbers contradict one another; the message names the key."""


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Weights(_Part, frozen=True):
    """What each signal is worth, in the unit of the text's."""

    text: Weight
    availability: Weight
    open: Weight
    distance: Weight
    known_item: Weight


class AvailabilityRules(_Part, frozen=True):
    """Scores of the states, and how they fade."""

    scores: dict[str, Share]
    half_life_h: Positive
    stale_after_h: Positive


class OpenRules(_Part, frozen=True):
    """Scores of opening at arrival."""

    enough_min: Positive
    closing: Share
    later: Share
    wait_scale_h: Positive
    unknown: Share
    longest_journey_h: Positive


class ModeRules(_Part, frozen=True):
    """A way of travelling."""

    speed_km_h: Positive
    detour: Annotated[float, Meta(ge=1)]
    fixed_min: Annotated[float, Meta(ge=0)]
    scale_km: Positive


class Pools(_Part, frozen=True):
    """How many candidates are looked at."""

    text: Count
    text_per_hit: Count
    places: Count
    places_per_hit: Count
    tiers: Annotated[int, Meta(ge=2, le=64)]
    rounds: Count
    whole: Count
    visits: Count
    depth: Count


class Rules(_Part, frozen=True):
    """All numbers of the ranking."""

    weights: Weights
    availability: AvailabilityRules
    open: OpenRules
    modes: dict[str, ModeRules]
    pools: Pools
    pools_of: dict[str, dict[str, Count]] = {}
    """Engine -> which of the pools are of another size there."""

    def pools_for(self, engine: str) -> Pools:
        """How many candidates are looked at with an engine."""
        return msgspec.structs.replace(self.pools, **self.pools_of.get(engine, {}))

    def __hash__(self) -> int:
        """By identity: rules are loaded once and used as keys of caches."""
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


def check(rules: Rules) -> Rules:
    """The same rules.

    Raises:
        RulesError: they break a promise of the ranking.
    """
    scores, weights = rules.availability.scores, rules.weights
    if set(scores) != set(STATES):
        raise RulesError(f"availability.scores: needs exactly {', '.join(STATES)}")
    order = [scores[state] for state in ("available", "limited", "unknown", "expected", "unavailable")]
    if order != sorted(order, reverse=True):
        raise RulesError("availability.scores: available >= limited >= unknown >= expected >= unavailable")
    if rules.open.later > rules.open.closing:
        raise RulesError("open.later must not be above open.closing: a place that is open is better than a wait")
    if set(rules.modes) != set(MODES):
        raise RulesError(f"modes: needs exactly {', '.join(MODES)}")
    for engine, changed in rules.pools_of.items():
        if unknown := set(changed) - set(Pools.__struct_fields__):
            raise RulesError(f"pools_of.{engine}: there is no pool {', '.join(sorted(unknown))}")
    others = weights.text + weights.availability + weights.open + weights.distance
    if weights.known_item / 2 <= others:
        raise RulesError(f"weights.known_item must be above twice the sum of the others ({2 * others:g})")
    return rules


@lru_cache
def load_rules() -> Rules:
    """The project's numbers.

    Raises:
        RulesError, msgspec.ValidationError: the file is not right; the message names the key.
    """
    return check(msgspec.convert(load_yaml("ranking.yaml"), Rules))

"""The search form as a person sees it: what is filled in, what is ticked, and a chip for each active filter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from schemas.catalogue import RECORD_TYPES, SERVICES
from schemas.institution import INSTITUTION_KINDS
from schemas.query import MODES, SORTS
from search_api.web.addresses import Addresses
from search_api.web.wording import Wording

Pairs = list[tuple[str, str]]
WITHIN_KM = ("1", "2", "5", "10", "25", "50")
CHOICES = ("type", "language", "kind", "institution")
"""Filters whose values come with counts: the facets of the answer."""
FILTERS = ("available", "open", "within_km", "service", *CHOICES, "year_from", "year_to")
_SHOWN = 12
"""Values of a filter that are shown; the ticked ones always are."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A value that can be ticked. ``count`` None = not counted."""

    value: str
    label: str
    chosen: bool
    count: int | None = None


class Chip(msgspec.Struct, frozen=True, kw_only=True):
    """An active filter and the address without it."""

    label: str
    address: str
    in_form: bool = False
    """A field above the results shows it, too."""


class SearchForm:
    """The parameters of a search page, as text: what cannot be understood is shown again as it was typed."""

    def __init__(self, pairs: Iterable[tuple[str, str]], say: Wording, addresses: Addresses) -> None:
        self.pairs: Pairs = [(name, value) for name, value in pairs if value.strip() and name != "lang"]
        self._say, self._addresses = say, addresses

    def one(self, name: str) -> str:
        """The value of a field, "" when empty. The first counts, as in the API."""
        return next((value for key, value in self.pairs if key == name), "")

    def many(self, name: str) -> list[str]:
        """All values of a filter, with commas or repeated."""
        return [part for key, value in self.pairs if key == name for part in value.split(",") if part]

    def on(self, name: str) -> bool:
        """Whether a yes-or-no filter is on."""
        return self.one(name).lower() in ("true", "1", "yes", "on")

    def at_field(self) -> tuple[str, str]:
        """Type and value of the time's field: what a date field cannot show stays visible as text."""
        try:
            return "datetime-local", datetime.fromisoformat(self.one("at")).strftime("%Y-%m-%dT%H:%M")
        except ValueError:
            return "text" if self.one("at") else "datetime-local", self.one("at")

    def params(self) -> dict[str, Sequence[str]]:
        """What the search is asked: every parameter with its values."""
        found: dict[str, list[str]] = {}
        for name, value in self.pairs:
            found.setdefault(name, []).append(value)
        return dict(found)

    def only(self, names: Sequence[str]) -> dict[str, Sequence[str]]:
        """The parameters among these names."""
        return {name: values for name, values in self.params().items() if name in names}

    def without(self, *names: str, value: str | None = None) -> str:
        """The address of this search without some fields (or one value of a field), from its first page."""
        kept: Pairs = []
        for key, text in self.pairs:
            if key == "cursor" or (key in names and value is None):
                continue
            if key in names:
                kept += [(key, part) for part in text.split(",") if part and part != value]
            else:
                kept.append((key, text))
        return self._addresses.page("/search", kept)

    def with_value(self, name: str, value: str) -> str:
        """The address of this search with one field set, from its first page unless that field is the cursor."""
        kept = [(key, text) for key, text in self.pairs if key not in (name, "cursor")]
        return self._addresses.page("/search", [*kept, (name, value)])

    @property
    def unfiltered(self) -> str:
        """The address of this search without any filter."""
        return self.without(*FILTERS)

    def filters_active(self) -> int:
        """How many filters are on."""
        return sum(1 for name in FILTERS for _ in self.many(name))

    def within(self) -> list[Choice]:
        """Distances to choose from, with the typed one among them."""
        now = self.one("within_km")
        values = sorted({*WITHIN_KM, *([now] if _is_number(now) else [])}, key=float)
        return [Choice(value=v, label=self._say("within_km", km=v), chosen=v == now) for v in values]

    def modes(self) -> list[Choice]:
        """Ways to travel."""
        now = self.one("mode") or MODES[0]
        return [Choice(value=mode, label=self._say(f"mode_{mode}"), chosen=mode == now) for mode in MODES]

    def services(self) -> list[Choice]:
        """Services to choose from."""
        chosen = self.many("service")
        return [Choice(value=s, label=self._say(f"service_{s}"), chosen=s in chosen) for s in SERVICES]

    def sorts(self) -> list[Choice]:
        """Orders to choose from; by nearness only where there is a place to be near."""
        now = self.one("sort") or SORTS[0]
        allowed = [sort for sort in SORTS if sort != "near" or self.one("near") or now == "near"]
        return [Choice(value=sort, label=self._say(f"sort_{sort}"), chosen=sort == now) for sort in allowed]

    def choices(self, name: str, facets: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Choice]:
        """Values of a filter with counts; ticked values stay, even where nothing matches them."""
        chosen = self.many(name)
        label = self.labels(name, facets)
        counted = {str(entry["value"]): int(entry["count"]) for entry in facets.get(name, [])}
        values = [value for value in counted if value in chosen or counted[value]]
        shown = [value for position, value in enumerate(values) if position < _SHOWN or value in chosen]
        shown += [value for value in dict.fromkeys(chosen) if value not in counted]
        return [Choice(value=v, label=label(v), chosen=v in chosen, count=counted.get(v)) for v in shown]

    def labels(self, name: str, facets: Mapping[str, Sequence[Mapping[str, Any]]]) -> Callable[[str], str]:
        """How values of a filter are called."""
        say = self._say
        if name == "type":
            return lambda value: say.named("type", value) if value in RECORD_TYPES else value
        if name == "kind":
            return lambda value: say.named("kind", value) if value in INSTITUTION_KINDS else value
        if name == "language":
            return say.language
        told = {str(entry["value"]): str(entry.get("label") or entry["value"]) for entry in facets.get(name, [])}
        return lambda value: told.get(value, value)

    def context(self, near_name: str = "") -> str:
        """Where, when and how the asker travels, on one line."""
        say = self._say
        near, at = self.one("near"), self.one("at")
        pieces = [
            say("chip_near", value=near_name or near) if near else say("context_anywhere"),
            say("chip_at", value=at.replace("T", " ")) if at else say("context_now"),
            *(mode.label for mode in self.modes() if mode.chosen and near),
        ]
        return " · ".join(pieces)

    def chips(self, facets: Mapping[str, Sequence[Mapping[str, Any]]], near_name: str = "") -> list[Chip]:
        """Every active filter, with the address that removes it."""
        say = self._say
        told: list[tuple[str, str, str | None]] = []
        if near := self.one("near"):
            told.append((say("chip_near", value=near_name or near), "near", None))
        if at := self.one("at"):
            told.append((say("chip_at", value=at.replace("T", " ")), "at", None))
        told += [(say(f"filter_{name}"), name, None) for name in ("available", "open") if self.on(name)]
        for name in ("within_km", "year_from", "year_to"):
            if value := self.one(name):
                told.append((say(f"chip_{name.removesuffix('_km')}", value=value), name, None))
        told += [(say.named("service", value), "service", value) for value in self.many("service")]
        for name in CHOICES:
            label = self.labels(name, facets)
            told += [(label(value), name, value) for value in self.many(name)]
        return [
            Chip(label=label, address=self.without(name, value=value), in_form=name in ("near", "at"))
            for label, name, value in told
        ]


def _is_number(text: str) -> bool:
    try:
        return 0 < float(text) < 50_000
    except ValueError:
        return False

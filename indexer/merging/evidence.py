"""Evidence for and against: each function looks at one thing in two records and names what it found.

The names are keys of ``points`` in ``config/merging.yaml``; "" = it says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from rapidfuzz import fuzz

from indexer.merging.keys import NOT_LATIN, SHORTEST_SOUND, Features
from indexer.merging.names import likeness
from indexer.merging.numbers import numbers_in
from indexer.merging.rules import RULES
from indexer.merging.sounds import script_of, sound
from indexer.merging.titles import RESEMBLANCES, Title, letters_in, resemblance

ALIKE = 85.0
"""Likeness (0..100, of characters) from which two titles may be one title in two spellings."""
REWORDED = 88.0
MAX_VARIANT = 3
LONG = 30
SOUNDS_ALIKE = 85.0
UNLIKE = 50.0
"""Below it two titles do not even sound alike: one is not the other in Latin letters."""
_MUTE = {"CJK"}
"""One character has many readings; what a title sounds like proves something, but its difference nothing."""


def vetoes(one: Features, other: Features) -> Iterator[str]:
    """What can decide alone that two records are not the same."""
    if one.kind != other.kind and (one.kind or "book") != (other.kind or "book"):
        yield "kind-different" if one.kind and other.kind else "kind-lacking"
    a, b = one.extent, other.extent
    if (one.volume != other.volume and not _same_words(one, other)) or (
        a.volumes and b.volumes and a.volumes != b.volumes
    ):
        yield "volume-different"
    if a.carriers and b.carriers and a.carriers.isdisjoint(b.carriers):
        yield "carrier-different"
    if one.languages and other.languages and set(one.languages).isdisjoint(other.languages):
        yield "language-different"
    if one.companions != other.companions:
        yield "companion-different"
    if one.edition_number != other.edition_number:
        if one.edition_number and other.edition_number:
            yield "edition-different"
        elif (one.edition_number or other.edition_number) != "1":
            yield "edition-one" if one.year is not None and one.year == other.year else "edition-doubtful"
    elif one.edition_number:
        yield "edition-same"


def _same_words(one: Features, other: Features) -> bool:
    """One title with and without its colon: numbers of the subtitle are no volumes."""
    return one.part == other.part and [form.said for form in one.forms[:1]] == [form.said for form in other.forms[:1]]


def identifiers(one: Features, other: Features) -> str:
    """Whether they share an identifier, or have ISBNs that they do not share."""
    if one.identifiers and other.identifiers and not set(one.identifiers).isdisjoint(other.identifiers):
        return "identifier-same"
    return "identifier-different" if one.isbns and other.isbns else ""


def titles(one: Features, other: Features, shared: bool = False, generic: bool = False) -> str:
    """Whether the titles are one title.

    Args:
        one: a record.
        other: another.
        shared: they share an identifier, and the titles need only be alike.
        generic: so many have the title that it says nothing of itself.
    """
    if not one.forms or not other.forms:
        return "title-lacking"
    found, form = _best(one, other)
    if found in ("subtitle-different", "different") and shared and _alike(one.titles, other.titles):
        return "title-alike"
    if found == "different" and shared and _translations(one, other):
        return "title-translated"
    if found == "different" and one.kind == other.kind == "article" and _reworded(one.forms[0], other.forms[0]):
        return "title-slip"
    if not form:
        return _across_scripts(one, other, shared)
    if found in ("slip", "near", "different"):
        return "title-romanised" if _romanised_alike(one, other) else f"title-{found}"
    if found == "subtitle-different":
        return found
    return _weight(form, found == "extended", generic)


def _best(one: Features, other: Features) -> tuple[str, str]:
    """The best resemblance of two forms in one script, and the main title; "" where no two are in one script.

    The titles themselves go before other forms: one original title stands beside many romanised ones.
    """
    a, b = one.forms[0], other.forms[0]
    if a == b or _script(a) == _script(b):
        return resemblance(a, b), _shorter(a, b)
    pairs = [(x, y) for x in one.forms for y in other.forms if _script(x) == _script(y)]
    ranked = ((RESEMBLANCES.index(resemblance(x, y)), _shorter(x, y)) for x, y in pairs)
    rank, form = min(ranked, default=(len(RESEMBLANCES) - 1, ""))
    return RESEMBLANCES[rank], form


def _script(form: Title) -> str:
    return script_of(form.whole)


def _shorter(one: Title, other: Title) -> str:
    if one.whole == other.whole:
        return one.whole
    return one.main if len(one.main) <= len(other.main) else other.main


def _weight(form: str, extended: bool, generic: bool) -> str:
    name = "title-extended" if extended else "title"
    if generic or form in RULES.generic_titles:
        return f"{name}-generic"
    letters = letters_in(form)
    if letters >= RULES.long_letters:
        return f"{name}-long"
    if letters >= RULES.telling_letters:
        return f"{name}-telling"
    if extended:
        return name
    return "title-short" if letters < RULES.short_letters else "title-same"


def _across_scripts(one: Features, other: Features, shared: bool) -> str:
    a, b = one.forms[0], other.forms[0]
    heard = sound(a.main), sound(b.main)
    like = fuzz.ratio(*heard) if all(heard) else UNLIKE
    if like >= SOUNDS_ALIKE and min(map(len, heard)) > 2:
        return "title-romanised"
    if not shared or (like < UNLIKE and _MUTE.isdisjoint((_script(a), _script(b)))):
        return "title-different"
    return "title-other-script"


def _romanised_alike(one: Features, other: Features) -> bool:
    """Two romanisations of a title: Višnevyj sad, Vishnevyĭ sad."""
    if NOT_LATIN.isdisjoint(one.languages) or NOT_LATIN.isdisjoint(other.languages):
        return False
    a, b = one.forms[0], other.forms[0]
    if a.main == b.main or numbers_in(a.said) != numbers_in(b.said) or not a.said.isascii() or not b.said.isascii():
        return False
    heard = sound(a.said)
    return len(heard) >= SHORTEST_SOUND and heard == sound(b.said)


def _translations(one: Features, other: Features) -> bool:
    """Two titles that one house may have given one translation: 麦克白 and 馬克白, Macbeth."""
    if not (one.translated or other.translated) or _script(one.forms[0]) != _script(other.forms[0]):
        return False
    return _script(one.forms[0]) != "LATIN" and publishers(one, other) == "publisher-same"


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return any(
        a.startswith(b + " ") or b.startswith(a + " ") or fuzz.ratio(a, b) >= ALIKE or _variant(a, b)
        for a in one
        for b in other
    )


def _variant(one: str, other: str) -> bool:
    """One character of a very short Chinese title differs: 活着 and 活著."""
    same_length = 1 < len(one) == len(other) <= MAX_VARIANT
    return same_length and script_of(one) == script_of(other) == "CJK" and sum(map(str.__ne__, one, other)) == 1


def _reworded(one: Title, other: Title) -> bool:
    """Whether two long titles of articles differ by little: they have no sequels as books have."""
    if fuzz.ratio(one.whole, other.whole, score_cutoff=REWORDED) < REWORDED or len(one.whole) < LONG:
        return False
    return numbers_in(one.whole) == numbers_in(other.whole)


_CREATOR_RANKS = ("same", "short", "alike", "namesake", "different", "other-script")
"""Best first. Names of two scripts count only where no two of one script can be compared."""


def creators(one: Features, other: Features) -> str:
    """Whether they have a creator in common."""
    if not one.creators or not other.creators:
        return "creator-lacking" if one.creators or other.creators else "creators-lacking"
    if not set(one.creators).isdisjoint(other.creators):
        return "creator-same"
    found = {likeness(a, b) for a in one.creators for b in other.creators}
    return f"creator-{next(rank for rank in _CREATOR_RANKS if rank in found)}"


def performers(one: Features, other: Features) -> str:
    """Whether recordings of one piece name others beside its composer, and none of them in common."""
    if not one.kind == other.kind == "audio":
        return ""
    own, theirs = set(one.creators), set(other.creators)
    beside, beside_other = own - theirs, theirs - own
    if len(own) < 2 or len(theirs) < 2 or not beside or not beside_other or len(own & theirs) > 1:
        return ""
    alike = any(likeness(a, b) in ("same", "short", "alike", "other-script") for a in beside for b in beside_other)
    return "" if alike else "performers-different"


def days(one: Features, other: Features) -> str:
    """Whether unpublished things were written on two days."""
    return "day-different" if one.day and other.day and one.day != other.day else ""


def series(one: Features, other: Features) -> str:
    """Whether they have other numbers in one series."""
    numbers, numbers_other = dict(one.series), dict(other.series)
    told = [(numbers[name], numbers_other[name]) for name in numbers.keys() & numbers_other.keys()]
    return "series-different" if told and all(a != b for a, b in told) else ""


def years(one: Features, other: Features, shared: bool = False) -> str:
    """Whether they are of one year; a serial's year is that of whatever part was catalogued.

    An article of the year after is its journal's version of a conference paper.
    """
    if one.kind == other.kind == "serial":
        return ""
    if one.year is None or other.year is None:
        return "years-lacking" if one.year == other.year else "year-lacking"
    apart = abs(one.year - other.year)
    if apart == 1 and "article" not in (one.kind, other.kind):
        return "year-next"
    if not apart:
        return "year-same"
    return "year-reprint" if shared else "year-different"


def publishers(one: Features, other: Features) -> str:
    """Whether the publishers' names have a telling word in common."""
    if not one.publisher or not other.publisher:
        return ""
    return "publisher-different" if set(one.publisher).isdisjoint(other.publisher) else "publisher-same"


def extents(one: Features, other: Features) -> str:
    """Whether they have about as many pages."""
    pages, pages_other = one.extent.pages, other.extent.pages
    if not pages or not pages_other:
        return ""
    apart, most = abs(pages - pages_other), max(pages, pages_other)
    if apart <= max(3, most * RULES.extent_tolerance):
        return "extent-same"
    return "extent-different" if apart > most * RULES.extent_gap else ""


def hosts(one: Features, other: Features) -> Iterator[str]:
    """Whether two articles stand in one place of one journal: volume, issue, first page."""
    (*place, journal), (*place_other, journal_other) = one.host, other.host
    told = [(a, b) for a, b in zip(place, place_other, strict=True) if a and b]
    if any(a != b for a, b in told):
        yield "host-different"
    elif len(told) > 1:
        yield "host-same"
    if journal and journal_other:
        agree = not set(journal).isdisjoint(journal_other) or _acronym(journal, journal_other)
        yield "journal-same" if agree else "journal-different"


def _acronym(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one has the other's initials as a word, in any order: VLDB, Very Large Data Bases."""
    for short, long in ((one, other), (other, one)):
        initials = sorted(word[0] for word in long)
        if any(sorted(word) == initials for word in short if 2 < len(word) <= len(long)):
            return True
    return False

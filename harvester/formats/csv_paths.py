"""What an inner field means, by the names on the way to it: "title.mainTitle.value", "dc.contributor.author[en]".

The words stand in ``config/maps/inner_fields.yaml``. A name alone ("o:title", "title_tesim") is a path of one step.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from config.load import load_yaml
from harvester.formats.csv_words import Words, holding_fields, key, listed, words


class Meaning(NamedTuple):
    """What a path means."""

    field: str
    rank: tuple[int, int]
    """How sure it is: the smaller, the better."""
    envelope: str = ""
    """The steps before the first one that is known."""


_STEP = re.compile(r"(?<=[^\s.])\.(?=[^\s.])")
_NAMESPACE = re.compile(r"^[^:.]*:(?=\w)|^(?:dc|dcterms|dct|edm|schema|bf|mods|field)(?:_|(?=[A-Z]))")
_LANGUAGE_MARK = re.compile(r"\[[\w-]*\]$|(?<=\w)@[a-z]{2,3}(?:[-_][A-Za-z]+)?$")
_LANGUAGE = re.compile(
    r"@?none|[a-z]{2}(?:[-_][A-Za-z]{2,4})?|eng|deu|ger|fra|fre|spa|ita|por|nld|dut|rus|zho|chi|jpn|kor|lat"
)
_OF_SOLR = re.compile(
    r"(?<=[a-z0-9])_(?:[a-z]{0,3}s[im]{1,2}|ss?|t|txt(?:_[a-z]{2})?|is?|dt|(?:str|txt)_mv|str|display|facet)$"
)
_LONGEST_SORT = 60
_COPIES = "copies"
_AGENTS = frozenset({"creator", *holding_fields()})


@lru_cache(maxsize=8192)
def meaning(path: str) -> Meaning | None:
    """The field that a path means; None = not known, or what it names is not of the record itself.

    Args:
        path: names parted by full stops, the outermost first.
    """
    steps = _STEP.split(path)
    of_copy = len(steps) > 1 and is_one_of(steps[0], "copies")
    known = _of_copies() if of_copy else words()
    steps = [_plain(step, known) for step in (steps[1:] if of_copy else steps)]
    names = [_key(step) for step in steps]
    joined = ("".join(names[begin:]) for begin in range(len(names) - 1) if names[begin] not in _keys("wrappers"))
    named = len(names) > 1 and names[-2] in known and _says_nothing(names[-1], steps[-1], known)  # location.name
    found = None if named else next((known[name] for name in joined if name in known), None)
    if found is None and len(names) > 1 and not _keys("elsewhere").isdisjoint(map(_key, _STEP.split(path))):
        return None
    if found is None:
        short = names
        while len(short) > 1 and _says_nothing(short[-1], steps[len(short) - 1], known):
            short = short[:-1]
        found = _field(short, known)
        if found is None and short != names and short[-1] in _keys("wrappers"):
            found = _field(names, known)
    if found is None:
        return None
    around = [name for name in names if name not in _keys("wrappers")]
    envelope = next((around[:n] for n, name in enumerate(around) if name in known), [])
    unknown = sum(name not in known and name not in _keys("carriers") for name in around)
    return Meaning(found[0], (unknown, found[1]), _COPIES if of_copy else ".".join(envelope))


def sort_of(path: str, object_: Mapping[str, Any], name: str, said: str) -> str:
    """What an object says that it is, as a name for the last step of its path ("Isbn"); "" where that adds nothing.

    Args:
        path: of the object.
        object_: the object.
        name: of the key that says so.
        said: what it says.
    """
    typed = is_one_of(name, "types")
    if not typed and not (is_one_of(name, "labels") and any(is_one_of(other, "values") for other in object_)):
        return ""
    sort = re.split(r"[:/#]", said)[-1].replace(".", " ").strip() if len(said) <= _LONGEST_SORT else ""
    steps = _STEP.split(path)
    field = (words().get(_key(sort)) or words().get(_key(f"{steps[-1]} {sort}"), ("", 0)))[0]  # identifiedBy, Local
    if not field or (typed and field in _AGENTS):
        return ""
    around = meaning(path)
    if around is not None:
        return sort if around.field != field and _of_both(around.field, field) == field else ""
    if not _keys("elsewhere").isdisjoint(map(_key, steps)):
        return ""
    # The type of an object with a title is that of the thing itself: "image" is no word for a thumbnail there.
    whole = typed and (is_one_of(steps[-1], "wrappers") or any(_titles(other) for other in object_))
    return "" if whole else sort


def _titles(name: str) -> bool:
    return words().get(_key(name), ("", 0))[0] == "title" and not is_one_of(name, "carriers")


def is_inner(name: str) -> bool:
    """Whether a name is a path of several steps."""
    return bool(_STEP.search(name))


def is_wrapped(name: str) -> bool:
    """Whether a name is a path through an envelope."""
    return is_inner(name) and is_one_of(_STEP.split(name)[0], "wrappers")


def is_alternative(path: str, others: Iterable[str]) -> bool:
    """Whether a path is another name of what one of the others names: a person's display name beside the name."""
    steps = _STEP.split(path)
    if len(steps) == 1 or is_one_of(steps[-1], "values") or not is_one_of(steps[-1], "carriers"):
        return False
    parent = steps[:-1]
    return any(parent in (other, other[:-1]) for other in map(_STEP.split, others))


def is_copies(name: str, inner: Iterable[str]) -> bool:
    """Whether objects with this name are copies: these names in them tell more than a number and an address."""
    if not is_one_of(name, "copies"):
        return False
    own = _keys("in_copies")
    return any(_key(one) not in own and meaning(f"{name}.{one}") for one in inner)


@lru_cache(maxsize=8192)
def says_what_it_is(name: str) -> bool:
    """Whether a key may say what its object is, or be a part of a person's name: most are neither."""
    return any(is_one_of(name, kind) for kind in ("types", "labels", "family", "given"))


@lru_cache(maxsize=65536)
def is_one_of(name: str, kind: str) -> bool:
    """Whether a name is one of the words of a list of ``inner_fields.yaml``: family, given, sorts, values ..."""
    return _key(name) in _keys(kind)


def _field(names: list[str], known: Words) -> tuple[str, int] | None:
    """The last name's field, where those around it let it be the record's."""
    wrappers = _keys("wrappers")
    field, rank = known.get(names[-1], ("", 0))
    around = next((known[name][0] for name in names[-2::-1] if name in known and name not in wrappers), "")
    field = _of_both(around, field) if around and field else field
    return (field, rank) if field else None


def _plain(step: str, known: Words) -> str:
    """A name without namespace, mark of a language, and what Solr appends to names of its fields."""
    step = _LANGUAGE_MARK.sub("", step)
    if key(step) in known:
        return step
    step = _NAMESPACE.sub("", step)
    return step if key(step) in known else _OF_SOLR.sub("", step)


def _says_nothing(name: str, step: str, known: Words) -> bool:
    return name in _keys("carriers") or (name not in known and bool(_LANGUAGE.fullmatch(step)))


def _of_both(around: str, field: str) -> str:
    """What a field inside of another one is; "" = an attribute of that one, which is not ours."""
    rules = _rules()
    if field == around or field in rules["refine"].get(around, ()):
        return field
    if (field == "title" and around in rules["named"]) or (field in {"url", "id"} and around in rules["addressed"]):
        return around
    return ""


@lru_cache(maxsize=1)
def _of_copies() -> Words:
    return listed(_rules()["in_copies"], holding_fields())


@lru_cache(maxsize=16)
def _keys(kind: str) -> frozenset[str]:
    rules = _rules()[kind]
    several = rules.values() if isinstance(rules, dict) else [rules]
    return frozenset(_key(str(word)) for listed_ in several for word in listed_)


def _key(name: str) -> str:
    return key(name) or name


def _rules() -> dict[str, Any]:
    return load_yaml("maps/inner_fields.yaml")  # type: ignore[no-any-return]

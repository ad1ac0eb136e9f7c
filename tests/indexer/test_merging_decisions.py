"""Clusters under decisions by people and under contradiction: what holds whatever order records come in."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.merging.clusters import Clusters, cluster
from indexer.merging.keys import features_of
from indexer.merging.rulings import Rulings
from schemas.catalogue import CatalogueRecord, Creator
from schemas.decisions import Decision, RecordRef

ISBN, OTHER_ISBN = "9780306406157", "9780141439518"


def record(name: str, title: str = "The history of hobbits", **more: Any) -> CatalogueRecord:
    values = {"creators": [Creator("Tolkien, J. R. R.")], "year": 1937, "type": "book", **more}
    return CatalogueRecord(source="s", record=name, title=title, **values)


def decision(id_: int, kind: Any, names: str, others: str = "", level: Any = "edition") -> Decision:
    return Decision(id=id_, kind=kind, level=level, author="Ann", records=refs(names), others=refs(others))


def refs(names: str) -> list[RecordRef]:
    return [RecordRef(source="s", record=name) for name in names]


def clustered(records: Sequence[CatalogueRecord], made: Sequence[Decision] = ()) -> Clusters:
    names = np.array([RecordRef(source=r.source, record=r.record).name for r in records], np.int64)
    return cluster([features_of(r) for r in records], names, Rulings(made))


def told(records: Sequence[CatalogueRecord], labels: Any) -> list[str]:
    """Groups of record names, sorted: "ab c"."""
    groups: dict[int, list[str]] = {}
    for one, label in zip(records, labels.tolist(), strict=True):
        groups.setdefault(label, []).append(one.record)
    return sorted("".join(sorted(group)) for group in groups.values())


def groups(records: Sequence[CatalogueRecord], made: Sequence[Decision] = ()) -> tuple[list[str], list[str]]:
    """Editions and works."""
    found = clustered(records, made)
    return told(records, found.edition), told(records, found.work)


EQUAL = [record(name) for name in "abcd"]
OTHERS = [record("x", "Emma"), record("y", "Jane"), record("z", "Kim")]
OBJECTS = [record("o", type="object"), record("p", type="object")]


@pytest.mark.parametrize(
    ("records", "made", "editions", "works"),
    [
        (EQUAL, [decision(1, "split", "a", "bcd")], ["a", "bcd"], ["abcd"]),
        (EQUAL, [decision(1, "split", "a", "bcd", "work")], ["a", "bcd"], ["a", "bcd"]),
        (EQUAL, [decision(1, "split", "ab", "c", "work")], ["ab", "cd"], ["ab", "cd"]),
        (EQUAL, [decision(1, "split", "a", "b", "work")], ["a", "bcd"], ["a", "bcd"]),  # newcomers go where it left
        (EQUAL, [decision(1, "never", "abcd", level="work")], list("abcd"), list("abcd")),
        (OTHERS, [decision(1, "join", "xy")], ["xy", "z"], ["xy", "z"]),
        (OTHERS, [decision(1, "join", "xy", level="work")], ["x", "y", "z"], ["xy", "z"]),
        (OBJECTS, [decision(1, "join", "op")], ["op"], ["op"]),
        # a whole edition comes along
        ([*EQUAL, *OTHERS], [decision(1, "join", "dx")], ["abcdx", "y", "z"], ["abcdx", "y", "z"]),
        # the later one wins, also over what several earlier ones say together
        (OTHERS, [decision(1, "join", "xy"), decision(2, "never", "xy")], ["x", "y", "z"], ["xy", "z"]),
        (OTHERS, [decision(1, "join", "xy"), decision(2, "never", "xy", level="work")], list("xyz"), list("xyz")),
        (OTHERS, [decision(1, "never", "xy", level="work"), decision(2, "join", "xy")], ["xy", "z"], ["xy", "z"]),
        (OTHERS, [decision(1, "join", "xy"), decision(2, "join", "yz"), decision(3, "never", "xz", level="work")],
         ["x", "yz"], ["x", "yz"]),
        (OTHERS, [decision(1, "never", "xz"), decision(2, "join", "xy"), decision(3, "join", "yz")], ["xyz"], ["xyz"]),
        # decided about records that are not there: it still links those that are
        (OTHERS[:1] + OTHERS[2:], [decision(1, "join", "xy"), decision(2, "join", "yz")], ["xz"], ["xz"]),
        # never: the records between them stay with the one that they have more in common with
        ([record("a"), record("b", isbns=[ISBN]), record("c", isbns=[ISBN])], [decision(1, "never", "ac")],
         ["a", "bc"], ["abc"]),
    ],
)  # fmt: skip
def test_decisions_go_before_all_that_records_say(
    records: list[CatalogueRecord], made: list[Decision], editions: list[str], works: list[str]
) -> None:
    assert groups(records, made) == (editions, works)


def test_what_later_decisions_overrule_is_told() -> None:
    made = [decision(1, "join", "xy"), decision(2, "join", "yz"), decision(3, "never", "xz")]
    [one] = Rulings(made).overruled
    assert (one.decision, one.level) == (1, "edition")
    assert Rulings(made[:2]).overruled == []


SLIPS = ("The history of hobbits", "The history of hobits", "The history of hobbitts")
PRINTED = {"publisher": "Unwin", "extent": "310 pages"}


def bridge(many: int, **others: Any) -> list[CatalogueRecord]:
    """Two groups that contradict each other, and a record like both."""
    between, one, other = SLIPS
    return [
        *(record(f"a{i}", one, isbns=[ISBN], **PRINTED) for i in range(many)),
        record("m", between, **PRINTED),
        *(record(f"b{i}", other, isbns=[OTHER_ISBN], **PRINTED | others) for i in range(many)),
    ]


@pytest.mark.parametrize("many", [1, 5])
def test_a_record_that_leaves_things_out_does_not_chain_what_contradicts(many: int) -> None:
    records = bridge(many)
    found = clustered(records)
    assert len(told(records, found.edition)) == 3
    assert {(cut.level, cut.why) for cut in found.cuts} == {("edition", "isbns")}
    assert {records[i].record[0] for cut in found.cuts for i in (cut.one, cut.other)} == {"a", "m", "b"}
    for part in (records[: many + 1], records[many:]):
        assert len(told(part, clustered(part).edition)) == 1


def test_the_likeness_that_counts_most_goes_first() -> None:
    records = bridge(2, extent="")
    assert told(records, clustered(records).edition) == ["a0a1m", "b0b1"]
    both = [RecordRef(source="s", record="a0"), RecordRef(source="s", record="b1")]
    joined = [Decision(id=1, kind="join", level="edition", author="Ann", records=both)]
    assert told(records, clustered(records, joined).edition) == ["a0a1b0b1m"]


def test_years_do_not_drift() -> None:
    records = [record(str(year), year=year, **PRINTED) for year in range(1930, 1940)]
    found = clustered(records)
    assert len(told(records, found.edition)) == 10
    assert {cut.why for cut in found.cuts} <= {"years", "chain"}
    assert len(told(records[:2], clustered(records[:2]).edition)) == 1


some = st.lists(
    st.builds(
        record,
        st.sampled_from("abcdefgh"),
        st.sampled_from([*SLIPS, "Emma"]),
        year=st.sampled_from([None, 1937, 1938, 1939]),
        isbns=st.sampled_from([[], [], [ISBN], [OTHER_ISBN]]),
        languages=st.sampled_from([[], ["en"], ["de"]]),
        publisher=st.sampled_from(["", "Unwin"]),
        extent=st.sampled_from(["", "310 pages"]),
        edition=st.sampled_from(["", "2nd ed."]),
    ),
    unique_by=lambda one: one.record,
    max_size=8,
)
decided = st.lists(
    st.tuples(
        st.sampled_from(["join", "split", "never"]),
        st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=3, unique=True).map("".join),
        st.sampled_from(["edition", "work"]),
    ),
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(some, decided, st.randoms(use_true_random=False))
def test_the_order_of_records_is_nothing(
    records: list[CatalogueRecord], plan: list[tuple[str, str, str]], shuffler: random.Random
) -> None:
    made = [
        decision(i, kind, names[:1] if kind == "split" else names, names[1:] if kind == "split" else "", level)
        for i, (kind, names, level) in enumerate(plan)
    ]
    first = groups(records, made)
    shuffled = records.copy()
    shuffler.shuffle(shuffled)
    assert groups(shuffled, made) == first


@pytest.mark.parametrize(
    ("uniform", "one"),
    [
        ("The history of hobbits", True),
        ("History of hobbits", True),
        ("Works", False),
        ("Poems. Selections", False),
        ("Laws, etc. (Compiled statutes : 1976)", False),
        ("", False),
    ],
)
def test_translations_are_of_the_work_whose_title_is_their_uniform_title(uniform: str, one: bool) -> None:
    original, other = record("a"), record("b", "Die Geschichte der Hobbits", uniform_title=uniform, languages=["de"])
    third = record("c", "Histoire des hobbits", uniform_title=uniform, languages=["fr"])
    editions, works = groups([original, other, third])
    assert editions == ["a", "b", "c"]
    assert works == (["abc"] if one else ["a", "b", "c"])


def test_translations_with_one_identifier_are_one_work_in_two_editions() -> None:
    original = record("a", isbns=[ISBN], languages=["en"])
    translated = record("b", "Die Geschichte der Hobbits", isbns=[ISBN], languages=["de"])
    by_another = record("c", "Jagd auf Rehe", isbns=[ISBN], languages=["de"], creators=[Creator("Salten, Felix")])
    assert groups([original, translated, by_another]) == (["a", "b", "c"], ["ab", "c"])

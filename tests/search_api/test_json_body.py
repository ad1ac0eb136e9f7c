"""Every fault of a body is told, each with its place, whatever else is wrong."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_api.errors import ApiError
from search_api.json_body import faults, struct_of


class Door(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A part of what follows."""

    name: str
    wide: float | None = None


class House(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A struct with everything that bodies have."""

    kind: Literal["stone", "wood"]
    rooms: int = 0
    doors: list[Door] | None = None
    colours: dict[str, str] = {}


@pytest.mark.parametrize(
    ("value", "pointers"),
    [
        ({"kind": "stone"}, []),
        ({}, ["/kind"]),
        ({"kind": "straw", "rooms": "many", "cellar": 1}, ["/cellar", "/kind", "/rooms"]),
        ({"kind": "wood", "doors": [{"wide": "x", "a/b~": 1}, 7, {"name": ""}]},
         ["/doors/0/a~1b~0", "/doors/0/name", "/doors/0/wide", "/doors/1"]),
        ({"kind": "wood", "doors": None, "colours": {"x": 1}}, ["/colours/..."]),
        ([], [""]),
    ],
)  # fmt: skip
def test_each_fault_has_its_place(value: Any, pointers: list[str]) -> None:
    assert sorted(pointer for pointer, _ in faults(value, House)) == pointers


def test_a_choice_is_told() -> None:
    assert [why.partition("; ")[2] for _, why in faults({"kind": "straw"}, House)] == ["use one of stone, wood"]


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["stone", "wood"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "rooms", "doors", "name", "wide", "colours", "x"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["kind", "rooms", "doors", "colours", "x"]), json, max_size=4))
def test_a_body_is_taken_or_told_why_not(value: Any) -> None:
    body, found = msgspec.json.encode(value), list(faults(value, House))
    try:
        made = msgspec.json.decode(body, type=House)
    except msgspec.ValidationError:
        assert found
        with pytest.raises(ApiError) as refused:
            struct_of(body, House)
        assert [error["pointer"] for error in refused.value.more["errors"]] == [pointer for pointer, _ in found]  # type: ignore[attr-defined]
    else:
        assert not found
        assert struct_of(body, House) == made

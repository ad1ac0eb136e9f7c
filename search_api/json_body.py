"""A JSON body as a struct, with everything that is wrong in it told at once, each thing with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from search_api.errors import ApiError

T = TypeVar("T")
Fault = tuple[str, str]
"""JSON Pointer (RFC 6901) to what is wrong, and why."""
_PLACE = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")


def object_of(body: bytes, what: str = "Send a JSON object") -> dict[str, Any]:
    """The object that a body holds.

    Raises:
        ApiError: 422: it holds none. ``what`` says what to send.
    """
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError("invalid-body", f"{what}: {error}.") from None


def struct_of(body: bytes, type_: type[T], what: str = "Send a JSON object") -> T:
    """The object that a body holds, as a struct; an empty body is an empty object.

    Raises:
        ApiError: 422: it cannot be one; ``errors`` names each fault.
    """
    given = object_of(body or b"{}", what)
    refuse(list(faults(given, type_)), f"Nothing was done; see errors. {what}.")
    return msgspec.convert(given, type_)


def refuse(found: list[Fault], detail: str) -> None:
    """End the request when there are faults.

    Raises:
        ApiError: 422.
    """
    if found:
        errors = [{"pointer": pointer[:200], "detail": why} for pointer, why in found]
        raise ApiError("invalid-body", detail, errors=errors)


def faults(value: Any, type_: Any, pointer: str = "") -> Iterator[Fault]:
    """Everything about a value of JSON that does not fit a type: unknown, missing and wrong fields, at any depth."""
    try:
        msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        type_ = _some(type_)
        inner = list(_inside(value, type_, pointer))
        if inner:
            yield from inner
        else:
            message, _, place = str(error).partition(" - at `$")
            yield f"{pointer}{_pointer(place.rstrip('`'))}", _with_choice(message, type_)


def _inside(value: Any, type_: Any, pointer: str) -> Iterator[Fault]:
    if isinstance(value, list) and get_origin(type_) is list:
        for place, one in enumerate(value):
            yield from faults(one, get_args(type_)[0], f"{pointer}/{place}")
    elif isinstance(value, Mapping) and isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        fields = {field.encode_name: field for field in msgspec.structs.fields(type_)}
        unknown = [name for name in value if name not in fields]
        for name in unknown if type_.__struct_config__.forbid_unknown_fields else ():
            yield f"{pointer}/{_escaped(name)}", f"is no field here; there are {', '.join(fields)}"
        for name, field in fields.items():
            if name in value:
                yield from faults(value[name], field.type, f"{pointer}/{_escaped(name)}")
            elif field.required:
                yield f"{pointer}/{_escaped(name)}", "is missing"


def _some(type_: Any) -> Any:
    """The type of a value that is there, where it may be null."""
    if get_origin(type_) in (Union, UnionType):
        others = [one for one in get_args(type_) if one is not NoneType]
        return others[0] if len(others) == 1 else type_
    return type_


def _with_choice(message: str, type_: Any) -> str:
    choices = get_args(type_) if get_origin(type_) is Literal else ()
    return f"{message}; use one of {', '.join(map(str, choices))}" if choices else message


def _pointer(place: str) -> str:
    return "".join(f"/{_escaped(name or number)}" for name, number in _PLACE.findall(place))


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")

"""JSON of text from outside: characters that cannot be written are taken out, the rest is kept."""

from __future__ import annotations

from typing import Any

import msgspec

from search_api.renderers.text import writable

_encode = msgspec.json.Encoder().encode
_IN_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def encode(value: Any) -> bytes:
    """A value as JSON in UTF-8."""
    try:
        return _encode(value)
    except UnicodeEncodeError:  # a lone surrogate somewhere
        return _encode(_cleaned(value))


def for_script(value: Any) -> str:
    """A value as JSON that can stand in a <script> element: nothing in it ends the element or a line of a script."""
    text = encode(value).decode()
    for character, escape in _IN_SCRIPT.items():
        text = text.replace(character, escape)
    return text


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return writable(value)
    if isinstance(value, dict):
        return {name: _cleaned(part) for name, part in value.items()}
    return [_cleaned(part) for part in value] if isinstance(value, list) else value

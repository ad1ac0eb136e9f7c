"""Texts for people, by language: YAML catalogues beside this file, English first, Chinese complete.

A catalogue is ``<language>/<area>.yaml``: key -> text with ``{named}`` values, or key -> {one, other} where the text
depends on ``count``. A key missing in a language falls back to English; a test keeps both complete.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

from config.load import read_yaml

LANGUAGES = ("en", "zh")
_SEAM = re.compile(r"((?:(?<=[\u3400-\u9fff]) )?)\{(\w+)\}((?: (?=[\u3400-\u9fff]))?)")
_CHINESE = re.compile(r"[\u3400-\u9fff]")


@lru_cache
def catalogue(language: str) -> dict[str, Any]:
    """All texts of a language, keys as "area.key"."""
    folder = resources.files(__name__).joinpath(language if language in LANGUAGES else "en")
    texts: dict[str, Any] = {}
    for file in folder.iterdir():
        if file.name.endswith(".yaml"):
            area = file.name.removesuffix(".yaml")
            content = read_yaml(file.read_text("utf-8")) or {}
            texts.update({f"{area}.{key}": value for key, value in content.items()})
    return texts


def text(language: str, key: str, **values: object) -> str:
    """A text in a language with its values filled in.

    Raises:
        KeyError: no language has the key.
    """
    found = catalogue(language).get(key)
    if found is None:
        found = catalogue("en")[key]
    if isinstance(found, dict):
        found = found["one"] if values.get("count") == 1 and "one" in found else found["other"]
    if language == "zh" and _SEAM.search(found := str(found)):
        found = _SEAM.sub(lambda seam: _joined(seam, values), found)
    return str(found).format(**values)


def _joined(seam: re.Match[str], values: Mapping[str, object]) -> str:
    """A value with the blanks beside it that stand between Chinese and other letters, and no others."""
    before, name, after = seam.groups()
    value = str(values.get(name, ""))
    left = "" if before and _CHINESE.match(value[:1]) else before
    right = "" if after and _CHINESE.match(value[-1:]) else after
    return f"{left}{{{name}}}{right}"

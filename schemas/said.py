"""A sentence that remembers what it was made of, so that pages can say it in another language."""

from __future__ import annotations

from typing import Any

import msgspec


class Phrase(msgspec.Struct, omit_defaults=True):
    """A sentence by its parts; as JSON it is what a store keeps of it."""

    text: str
    """In English, with ``{names}`` of its values: by this it is known in the other languages."""
    values: dict[str, Any] = {}
    """Numbers, texts, and phrases or lists of these."""


class Said(str):
    """The sentence in English: a text like any other, with its parts beside it."""

    phrase: Phrase

    @classmethod
    def of(cls, words: str, text: str) -> Said:
        """Words that nobody translates, and (``text``, with ``{why}``) what other languages say before them."""
        made = cls(words)
        made.phrase = Phrase(text, {"why": phrase_of(words)})
        return made


def english(phrase: Phrase) -> str:
    """A phrase in English, whether it was just made or comes from a store."""

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return "; ".join(str(plain(one)) for one in value)
        if isinstance(value, dict):
            return english(Phrase(**value))
        return english(value) if isinstance(value, Phrase) else value

    return phrase.text.format(**{name: plain(value) for name, value in phrase.values.items()})


def say(text: str, **values: Any) -> Said:
    """Make a sentence.

    Args:
        text: in English, as for ``str.format``.
        values: what stands in it. Of a list the parts stand one after the other.
    """
    phrase = Phrase(text, {name: _kept(one) for name, one in values.items()})
    made = Said(english(phrase))
    made.phrase = phrase
    return made


def phrase_of(text: str) -> Phrase:
    """The parts of a sentence; of a plain text it is all of it."""
    return text.phrase if isinstance(text, Said) else Phrase(str(text).replace("{", "{{").replace("}", "}}"))


def _kept(value: Any) -> Any:
    if isinstance(value, list):
        return [_kept(one) for one in value]
    return value.phrase if isinstance(value, Said) else value

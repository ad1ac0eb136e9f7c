"""Sentences that the harvest has made in English, in the language of the page; those of no catalogue stay English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from schemas.institution_rules import ValueProblemError
from schemas.probe import Step
from schemas.said import Phrase, english, phrase_of
from search_api.messages import catalogue
from search_api.web.wording import Wording
from store.registrations import StepError, TakenError

_AREA = "look."


def told(words: str, phrase: Phrase | None, lang: str) -> Markup:
    """A sentence for a page; what stays English is marked as that.

    Args:
        words: in English.
        phrase: the same by its parts; None = it has none.
        lang: language of the page.
    """
    if lang == "en":
        return escape(words)
    return _in(phrase or Phrase(words.replace("{", "{{").replace("}", "}}")), lang)


def told_step(step: Step, lang: str) -> dict[str, Any]:
    """What a page shows of a step."""
    words, mend = told(step.words, step.said, lang), told(step.mend, step.cure, lang) if step.mend else ""
    return {"code": step.code, "grade": step.grade, "words": words, "mend": mend}


def told_error(error: Exception, say: Wording) -> Markup:
    """What speaks against an act: a step that may not follow in words of ours, others in their own."""
    if isinstance(error, TakenError):
        return escape(say("register.taken"))
    known = told(str(error), None, say.lang)
    generic = isinstance(error, StepError) and f"{_AREA}{error}" not in catalogue("zh")
    return escape(say("register.step_late")) if generic else known


def told_problem(problem: ValueProblemError, say: Wording) -> Markup:
    """What is wrong with a value of an institution's entry, and what to write instead."""
    reason, fix = (told(words, phrase_of(words), say.lang) for words in (problem.reason, problem.fix))
    why = Markup("{}{}{}").format(reason, catalogue(say.lang).get(f"{_AREA}; ", "; "), fix)
    key = f"area.wrong_{problem.field}"
    return escape(say(key, why="{why}")).format(why=why) if say.has(key) else why


def _in(phrase: Phrase, lang: str) -> Markup:
    text = catalogue(lang).get(_AREA + phrase.text)
    if text is None:
        return Markup('<span lang="en">{}</span>').format(english(phrase))
    return Markup(escape(text)).format(**{name: _value(value, lang) for name, value in phrase.values.items()})  # noqa: S704 - escaped


def _value(value: Any, lang: str) -> Any:
    if isinstance(value, list):
        return escape(catalogue(lang).get(f"{_AREA}; ", "; ")).join(_value(one, lang) for one in value)
    if isinstance(value, Mapping):  # a phrase within a phrase, as a store gives it back
        return _in(Phrase(**value), lang)
    if isinstance(value, Phrase):
        return _in(value, lang)
    if isinstance(value, str):  # a word of ours, or something from outside
        known = catalogue(lang).get(_AREA + value)
        return escape(known) if known else Markup("<bdi>{}</bdi>").format(value)
    return value

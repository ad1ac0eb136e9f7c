"""One look under way: what it may use, and what it has found so far."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

from harvester.budget import SpentError
from harvester.fetching import Client, FetchError, OversizeError, PatienceError, RefusedError, StatusError
from harvester.formats.base import MappingError
from harvester.protocols.oai_pages import BadPageError
from harvester.protocols.oai_sickle import OaiError, UnreadableAnswerError
from schemas.catalogue import Source
from schemas.probe import Grade, Probe, Step
from schemas.said import Said, phrase_of, say

TRIES = 2
"""Requests are made once more where they fail: whoever waits does not wait for long."""
_ERRORS: dict[type[Exception], str] = {
    StatusError: "it answers with an error: {why}",
    PatienceError: "it wants to be asked later: {why}",
    SpentError: "a look may take no more: {why}",
    OversizeError: "its answer is larger than a look may take: {why}",
    RefusedError: "this address is not asked: {why}",
    UnreadableAnswerError: "its answer cannot be read: {why}",
    BadPageError: "its answer cannot be read: {why}",
    MappingError: "the columns do not suffice: {why}",
}
"""What errors are of: said in other languages before the error's own words."""
OnStep = Callable[[Step], None]
_LONGEST_FOREIGN = 160
_SMALLER = "let the server give its list in pages of 100 to 1,000 records, each with a token for the next one"


class Look:
    """What the steps share."""

    def __init__(self, source: Source, client: Client, on_step: OnStep, *, trusted: bool) -> None:
        self.source, self.client, self.trusted = source, client, trusted
        self.found = Probe(location=source.location)
        self._on_step = on_step

    def tell(self, code: str, grade: Grade, words: str, mend: str = "", **facts: Any) -> None:
        """Note the outcome of a step, and tell whoever waits."""
        step = Step(
            code=code, grade=grade, words=str(words), mend=str(mend), facts=facts, said=phrase_of(words),
            cure=phrase_of(mend) if mend else None,
        )  # fmt: skip
        self.found.steps.append(step)
        self._on_step(step)

    def tell_error(self, code: str, what: str, error: Exception, grade: Grade = "care", mend: str = "") -> None:
        """Note a step that ended with an error."""
        if isinstance(error, SpentError | OversizeError):  # a harvest has more time and room than a look
            grade, what = "unknown", say("not known whether it works ({what})", what=what)
        if isinstance(error, OversizeError):
            mend = mend or _SMALLER
        self.tell(code, grade, say("{what}: {why}", what=what, why=self.in_words(error)), mend)

    def in_words(self, error: Exception) -> str:
        """An error for people. What a foreign server wrote is shown only where it is a word of OAI-PMH itself.

        Whoever is not trusted learns nothing of names and addresses of our own network: one that is refused and one
        that does not answer are told in the same words.
        """
        if isinstance(error, OaiError):
            foreign = "".join(c for c in str(error) if c.isprintable())
            foreign = foreign if len(foreign) <= _LONGEST_FOREIGN else foreign[:_LONGEST_FOREIGN] + "…"
            return Said.of(foreign, "it answers with an error of OAI-PMH: {why}")
        if isinstance(error, UnreadableAnswerError) and b"OAI-PMH" not in error.content[:2000]:
            return say("what comes is no answer of OAI-PMH")
        if self.hides(error):
            return say("it cannot be reached from here")
        if isinstance(error, FetchError | BadPageError):
            return told(error)
        return type(error).__name__

    def hides(self, error: Exception) -> bool:
        """Whether an error may say more than is for whoever asks."""
        if self.trusted or isinstance(error, OversizeError):
            return False
        return isinstance(error, RefusedError) or "cannot be reached" in str(error)

    def conclude(self) -> Probe:
        """The verdict over all steps and records."""
        found = self.found
        grades = {step.grade for step in found.steps}
        nothing = found.looked_at > 0 and not found.samples
        if "bad" in grades or not found.endpoint or nothing:
            found.verdict = "cannot"
        elif grades & {"care", "unknown"} or found.problems:
            found.verdict = "with care"
        if found.verdict != "cannot":
            found.add_with = add_command(self.source, found.protocol, found.endpoint, found.format)
        return found


def told(error: Exception) -> str:
    """An error in its own words, with what it is of in other languages."""
    words = error.args[0] if error.args else str(error)
    if isinstance(words, Said):
        return words
    text = next((text for kind, text in _ERRORS.items() if isinstance(error, kind)), "")
    return Said.of(str(error), text) if text else str(error)


def with_doubts(words: Said, doubts: list[Said]) -> Said:
    """A sentence, and what speaks against it."""
    return say("{words}; but {doubts}", words=words, doubts=doubts) if doubts else words


def add_command(source: Source, protocol: str, location: str, format_: str) -> str:
    """The command that adds what was found at a location, with what the source says of it."""
    words = [f"lampway sources add {protocol} {shlex.quote(location)} --institution {source.institution or 'ID'}"]
    if protocol != "csv" and format_ != {"oai": "oai_dc", "marc": "marc21"}.get(protocol):
        words.append(f"--format {format_}")
    words += [f"--set {shlex.quote(name)}" for name in source.sets]
    words += [f"--prefix {shlex.quote(source.prefix)}"] if source.prefix else []
    words += [f"--encoding {shlex.quote(source.encoding)}"] if source.encoding else []
    words += [f"--mapping {shlex.quote(source.mapping)}"] if source.mapping else []
    return " ".join(words)

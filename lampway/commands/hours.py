"""``lampway hours``: what opening hours mean at a moment, one by one or in a batch, and what prose about them says."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from lampway.console import FAILED, INCOMPLETE, WRONG_USE, fail, note, say, say_json
from schemas.hours import HoursError, OpeningHours
from schemas.hours_text import from_text, preview
from schemas.institution import HoursException

EXAMPLES = """Examples:

  lampway hours "Mo-Fr 09:00-18:00; PH off" --at 2026-12-25T10:00 --timezone Europe/Berlin --region BY

  lampway hours --batch questions.jsonl

  lampway hours --text "Mon-Fri 9am-5pm, Sat 10-4"
"""
BATCH = (
    "JSON Lines, or - for standard input. In every line: expression and at; timezone, country, region, lat, lon and "
    "exceptions where known. One line of answer each, in order: state, next_change, comment; or error with message "
    "and position."
)


class Question(msgspec.Struct):
    """One line of a batch. ``at`` without an offset is local time of the place."""

    expression: str
    at: str
    timezone: str | None = None
    country: str | None = None
    region: str | None = None
    lat: float | None = None
    lon: float | None = None
    exceptions: list[HoursException] = msgspec.field(default_factory=list)


_read_question = msgspec.json.Decoder(Question).decode
_encode = msgspec.json.Encoder().encode


def hours(
    expression: Annotated[str, typer.Argument(help="Opening hours in the grammar of OpenStreetMap.")] = "",
    at: Annotated[str, typer.Option(help="Moment, ISO 8601; without an offset local time there. Default: now.")] = "",
    timezone: Annotated[str, typer.Option(help="IANA name; else from the position or the country.")] = "",
    country: Annotated[str, typer.Option(help="ISO 3166-1, for public holidays; else from the time zone.")] = "",
    region: Annotated[str, typer.Option(help="ISO 3166-2 or name, for regional holidays.")] = "",
    lat: Annotated[float | None, typer.Option(help="Latitude, for the time zone and for sunrise.")] = None,
    lon: Annotated[float | None, typer.Option(help="Longitude.")] = None,
    batch: Annotated[str, typer.Option(help=BATCH)] = "",
    text: Annotated[str, typer.Option(help="Prose about hours: show what is understood.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Answer for a program.")] = False,
) -> None:
    """Is a place open at a moment, and until when?"""
    if sum(map(bool, (expression, batch, text))) != 1:
        fail("give one of: an expression, --batch FILE, --text PROSE; see lampway hours --help", WRONG_USE)
    if batch:
        _answer_batch(batch)
    elif text:
        _show_text(text, as_json)
    else:
        _answer_one(Question(expression, at or _now(), timezone, country, region, lat, lon), as_json)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _answer_one(question: Question, as_json: bool) -> None:
    try:
        answer = _answer(question)
    except HoursError as error:
        if as_json:
            say_json(_error(error))
            raise typer.Exit(FAILED) from None
        shown = question.expression.replace("\n", " ")
        caret = f"\n  {shown}\n  {' ' * error.position}^" if error.position is not None else ""
        fail(f"{error}{caret}")
    if as_json:
        say_json(answer)
        return
    say(" ".join(filter(None, (answer["state"], f'"{answer["comment"]}"' if answer["comment"] else ""))))
    say(f"next change: {answer['next_change'] or 'none known'}")
    for remark in answer.get("notes", ()):
        note(f"note: {remark}")


def _answer(question: Question) -> dict[str, Any]:
    """State, next change and comment.

    Raises:
        HoursError: The expression, the moment or the place cannot be understood.
    """
    try:
        moment = datetime.fromisoformat(question.at)
    except ValueError:
        raise HoursError(f"at: {question.at!r} is no moment; an example is 2026-11-24T10:00+01:00") from None
    notes: list[str] = []
    try:
        known = _parse(question, question.timezone or "")
    except HoursError as error:
        if error.message != OpeningHours.NO_ZONE:
            raise
        known = _parse(question, _zone_of(moment))
        notes.append(f"no time zone given: taken as {known.clock.zone}")
    status = known.at(moment if moment.tzinfo else moment.replace(tzinfo=known.clock.zone))
    answer: dict[str, Any] = {
        "state": status.state,
        "next_change": status.next_change.isoformat() if status.next_change else None,
        "comment": status.comment,
    }
    notes += known.notes
    if notes:
        answer["notes"] = notes
    return answer


def _parse(question: Question, timezone: str) -> OpeningHours:
    return OpeningHours.parse(
        question.expression,
        timezone=timezone,
        country=question.country or "",
        region=question.region or "",
        lat=question.lat,
        lon=question.lon,
        exceptions=question.exceptions,
    )


def _zone_of(moment: datetime) -> str:
    """For a place without a zone: the one whose clock shows the moment as it was written."""
    ahead = moment.utcoffset()
    hours_ahead = ahead.total_seconds() / 3600 if ahead else 0.0
    if hours_ahead != int(hours_ahead) or not -14 < hours_ahead < 13:
        raise HoursError(OpeningHours.NO_ZONE)
    # The names of these zones count westwards.
    return f"Etc/GMT{-int(hours_ahead):+d}" if hours_ahead else "UTC"


def _error(error: HoursError) -> dict[str, Any]:
    return {"error": {"message": error.message, "position": error.position}}


def _answer_batch(name: str) -> None:
    """Answer every line; the command ends as incomplete when one of them could not be."""
    out = sys.stdout.buffer
    failed = done = 0
    for answer in _answers(_lines(name)):
        out.write(_encode(answer) + b"\n")
        done += 1
        failed += "error" in answer
    out.flush()
    if failed:
        note(f"{failed:,} of {done:,} lines could not be answered")
        raise typer.Exit(INCOMPLETE)


def _lines(name: str) -> Iterator[bytes]:
    if name == "-":
        yield from sys.stdin.buffer
        return
    try:
        with Path(name).open("rb") as file:
            yield from file
    except OSError as error:
        fail(f"cannot read {name}: {error.strerror}", WRONG_USE)


def _answers(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            yield _answer(_read_question(line))
        except HoursError as error:
            yield _error(error)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            yield _error(HoursError(f"not a question in JSON: {error}"))


def _show_text(text: str, as_json: bool) -> None:
    try:
        understood = from_text(text)
    except HoursError as error:
        if as_json:
            say_json(_error(error))
            raise typer.Exit(FAILED) from None
        fail(str(error))
    week = preview(understood.expression)
    if as_json:
        say_json({**understood._asdict(), "week": week})
        return
    say(understood.expression)
    for line in week:
        say(f"  {line}")
    for remark in understood.notes:
        note(f"note: {remark}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("hours", epilog=EXAMPLES)(hours)

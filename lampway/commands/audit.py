"""``lampway audit``: who did what, when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
import typer

from lampway.console import WRONG_USE, fail, note, open_store, say, say_json, settings_or_fail
from store import audit


def show(
    since: Annotated[str, typer.Option(help="Date or time from which on (2026-11-24), or days back (7d).")] = "7d",
    institution: Annotated[
        list[str] | None, typer.Option(help="Only acts on this institution; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many lines.")] = 1000,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show the audit, the latest first.

    Example: lampway audit --since 2026-11-01 --institution newcastle
    """
    begin = _moment(since)
    with open_store(settings_or_fail()) as database, database.connect() as connection:
        lines = audit.read(connection, institutions=institution or None, since=begin, limit=limit)
    if json:
        say_json([msgspec.structs.asdict(line) for line in lines])
        return
    for line in lines:
        detail = " ".join(f"{name}={value}" for name, value in line.detail.items())
        say(
            "  ".join(part for part in (line.at, line.actor, line.action, line.thing, line.institution, detail) if part)
        )
    if not lines:
        note(f"Nothing since {begin}.")


def _moment(text: str) -> str:
    now = datetime.now().astimezone()
    try:
        moment = now - timedelta(days=int(text[:-1])) if text.endswith("d") else datetime.fromisoformat(text)
        return moment.astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        fail(f"--since {text!r} is neither a date like 2026-11-24 nor a number of days like 7d", WRONG_USE)


def register(root: typer.Typer) -> None:
    """Add to the command."""
    root.command("audit")(show)

"""``lampway sources test``: whether a feed works, works with care or cannot, before anything is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from harvester.fetching import Client
from harvester.probe.probe import Probe, budget, probe
from harvester.source_checks import SourceError, check_location, is_url, tidy_location
from lampway.console import FAILED, INCOMPLETE, WRONG_USE, fail, open_store, say, say_json, settings_or_fail
from schemas.catalogue import Source
from schemas.probe import Step
from store import sources


def try_out(
    feed: Annotated[
        str, typer.Argument(metavar="ID|URL|PATH", help="A source; or an OAI-PMH server, a web page, a file.")
    ],
    format: Annotated[str, typer.Option("--format", help="Our name of the format; found out when not given.")] = "",  # noqa: A002
    set: Annotated[list[str] | None, typer.Option("--set", help="Only this set of the server.")] = None,  # noqa: A002
    prefix: Annotated[str, typer.Option(help="The server's metadataPrefix, where it cannot be found.")] = "",
    mapping: Annotated[Path | None, typer.Option(help="File that says what columns or fields mean.")] = None,
    encoding: Annotated[str, typer.Option(help="Of a file, where it is not recognised.")] = "",
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Tell step by step whether a feed works, and show 20 of its records as they would appear. Nothing is stored.

    The web page of a catalogue will do: the likely OAI-PMH server of its site is looked for. Takes a minute at most.

    Example: lampway sources test https://example.org/oai
    """
    settings = settings_or_fail()
    source = None
    if not is_url(feed):
        with open_store(settings) as database, database.connect() as connection:
            source = sources.get(connection, feed)
        if source is None and not Path(feed).exists():
            fail(f"no source {feed!r}, and no file of that name; `lampway sources list` shows all sources", WRONG_USE)
    if source is None:
        source = Source(id="test", protocol="", location=feed.strip() if is_url(feed) else tidy_location("", feed),
                        format=format)  # fmt: skip
    source = _as_asked(source, format, list(set or []), prefix, mapping, encoding)
    try:
        check_location(source)
    except SourceError as error:
        fail(str(error), WRONG_USE)
    client = Client.from_settings(settings, budget=budget())
    try:
        found = probe(source, client, (lambda _: None) if json else _tell, trusted=True)
    finally:
        client.close()
    if json:
        say_json(found)
    else:
        for line in found.in_words():
            say(line)
        if found.add_with and source.protocol == "":
            say(f"Add it with: {found.add_with}")
    _end(found)


def _as_asked(
    source: Source, format_: str, sets: list[str], prefix: str, mapping: Path | None, encoding: str
) -> Source:
    """The source with what the options say instead of its own."""
    asked = {"format": format_, "sets": sets, "prefix": prefix, "encoding": encoding}
    source = msgspec.structs.replace(source, **{name: value for name, value in asked.items() if value})
    if mapping is not None:
        try:
            source.mapping_text, source.mapping = mapping.read_text("utf-8"), str(mapping)
        except (OSError, UnicodeDecodeError) as error:
            fail(f"the mapping {mapping} cannot be read: {error}", WRONG_USE)
    return source


def _tell(step: Step) -> None:
    for line in step.in_words():
        say(line)


def _end(found: Probe) -> None:
    if found.verdict != "works":
        raise typer.Exit(FAILED if found.verdict == "cannot" else INCOMPLETE)


def add_to(group: typer.Typer) -> None:
    """Add to ``lampway sources``."""
    group.command("test")(try_out)

"""``lampway search``: the ranked answer in the terminal."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from indexer.engines.base import EngineError
from lampway.console import DONE, WRONG_USE, fail, note, say, say_json, settings_or_fail
from schemas.answer import Answer, Best, Hit
from search_api.context import open_context
from search_api.messages import LANGUAGES
from search_api.problems import BadParameterError
from search_api.search import search as answer_to
from search_api.understand import understand
from store.database import StoreError

_COLOURS = {"available": "green", "limited": "green", "expected": "yellow", "unavailable": "red", "unknown": "default"}
_CREATORS_SHOWN = 2


def search(
    query: Annotated[str, typer.Argument(help="Words, a title, an author, an ISBN; empty = everything.")] = "",
    near: Annotated[str, typer.Option(help="LAT,LON, or a town or institution of the registry.")] = "",
    at: Annotated[str, typer.Option(help="Time, ISO 8601; without an offset the place's own. Default: now.")] = "",
    only_open: Annotated[bool, typer.Option("--open", help="Only what is surely open on arrival.")] = False,
    available: Annotated[bool, typer.Option("--available", help="Only what is available.")] = False,
    within: Annotated[str, typer.Option(metavar="KM", help="Only within so many kilometres.")] = "",
    mode: Annotated[str, typer.Option(help="walk, transit or drive.")] = "",
    sort: Annotated[str, typer.Option(help="best, near, soon, newest, oldest or title.")] = "",
    lang: Annotated[str, typer.Option(help=f"Language of the reasons: {', '.join(LANGUAGES)}.")] = "en",
    limit: Annotated[int, typer.Option(help="Hits, at most 100.")] = 10,
    explain: Annotated[bool, typer.Option("--explain", help="Give the reason of each signal.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The whole answer as JSON.")] = False,
) -> None:
    """Search, and say of each hit where it can be had, whether it is in, whether the door is open, and how far it is.

    Example: lampway search "turner sketchbook" --near 54.97,-1.61 --at 2026-11-23T10:00 --open
    """
    if lang not in LANGUAGES:
        fail(f"--lang: {lang!r} is none of {', '.join(LANGUAGES)}", WRONG_USE)
    params = {
        "q": [query], "near": [near], "at": [at], "open": ["true" if only_open else ""], "within_km": [within],
        "available": ["true" if available else ""], "mode": [mode], "sort": [sort], "limit": [str(limit)],
        "explain": ["true" if explain else ""],
    }  # fmt: skip
    try:
        context = open_context(settings_or_fail())
    except (StoreError, EngineError) as error:
        fail(str(error))
    try:
        answer = answer_to(context, understand(context, params, lang))
    except BadParameterError as error:
        more = ": give --near LAT,LON or --near PLACE" if error.parameter == "within_km" and not near else ""
        fail(f"{_option(error.parameter)}: {error.message}{more}", WRONG_USE)
    except EngineError as error:
        fail(str(error))
    finally:
        context.close()
    if as_json:
        say_json(answer)
        raise typer.Exit(DONE)
    show(answer)


def _option(parameter: str) -> str:
    return {"q": "QUERY", "within_km": "--within"}.get(parameter, f"--{parameter.replace('_', '-')}")


def show(answer: Answer) -> None:
    """Print the answer: warnings, how many, and two lines a hit with the reasons that were asked for."""
    for warning in answer.query["warnings"]:
        note(f"note: {warning}")
    about = "" if answer.total_relation == "exact" else "at least "
    say(f"{about}{answer.total:,} found" + ("" if answer.exact else " (the order is not proven to be exact)"))
    console = Console(highlight=False, soft_wrap=True)
    for position, hit in enumerate(answer.hits, start=1):
        if console.is_terminal:
            console.print(f"[bold]{position:>3}. {escape(_title(hit))}[/bold][dim]{escape(_about(hit))}[/dim]")
            console.print(f"     [{_colour(hit.best)}]{escape(_where(hit))}[/]")
        else:
            say(f"{position}. {_title(hit)}{_about(hit)}")
            say(f"   {_where(hit)}")
        for name, signal in hit.signals.items():
            if signal.reason:
                say(f"     {name}: {signal.weight:g} x {signal.score:.3f}  {signal.reason}")


def _title(hit: Hit) -> str:
    title = hit.title or hit.unit_id or hit.id
    return f"{title}. {hit.part}" if hit.part else title


def _about(hit: Hit) -> str:
    who = "; ".join(hit.creators[:_CREATORS_SHOWN]) + (" …" if len(hit.creators) > _CREATORS_SHOWN else "")
    parts = [part for part in (who, str(hit.year) if hit.year is not None else "", hit.type) if part]
    return f" ({', '.join(parts)})" if parts else ""


def _where(hit: Hit) -> str:
    more = hit.institutions_count - 1
    return (hit.best.reason if hit.best else "no copies") + (f" (+{more} more places)" if more > 0 else "")


def _colour(best: Best | None) -> str:
    return _COLOURS[best.state] if best else "default"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(search)

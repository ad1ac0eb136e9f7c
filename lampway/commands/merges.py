"""``lampway merges``: why records are one work, and decisions by people about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from indexer import deciding
from indexer.merging.explain import explain
from lampway.acts import note_act, operator
from lampway.commands.merges_names import NAMES, name_of, refs_named, rows_beside, rows_named
from lampway.commands.merges_words import decided_in_words, decision_in_words, explanation_in_words
from lampway.console import FAILED, INCOMPLETE, WRONG_USE, fail, note, open_store, say, say_json, settings_or_fail
from schemas.decisions import Decision, DecisionKind, Level, RecordRef, UndecidableError
from schemas.explanation import Decided
from search_api.merges import in_words
from store import decisions, merge_cuts, precedence, records, sources
from store.database import Connection, StoreError

Names = Annotated[list[str], typer.Argument(metavar="RECORD...", help=f"{NAMES}.")]
LevelOption = Annotated[
    str, typer.Option(help="edition or work: what they are to be one of, or apart as.", metavar="edition|work")
]
Author = Annotated[str, typer.Option(help="Who decides; when missing, the name of the machine's user.")]
ReasonOption = Annotated[str, typer.Option(help="Why; whoever looks at the work can read it.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "Why records are together, and decisions by people about it. A decision is kept under the names that the "
        "sources give their records: it survives every new harvest, and holds until it is undone.\n\n"
        "Example: lampway merges explain city/1017 harbour/b17"
    ),
)


@app.command("explain")
def explain_merge(names: Names, json: Json = False) -> None:
    """Tell why records are one work or not: what links them, what is against it, what people decided, who says what.

    Of one record alone: all of its work.

    Example: lampway merges explain w2abcdefghijklmno

    Example: lampway merges explain city/1017 harbour/b17
    """
    with open_store(settings_or_fail()) as database:
        with database.connect() as connection:
            rows = [row for name in names for row in rows_named(connection, name)]
            if len(rows) == 1:  # of one record alone there is nothing to tell: what is it together with?
                rows += rows_beside(connection, rows[0])
        found = in_words(explain(database, list(dict.fromkeys(rows))), "en")
        with database.connect() as connection:
            waiting = records.count_pending(connection)
    if json:
        say_json(found)
    else:
        say(explanation_in_words(found))
    if waiting:
        note(f"{waiting:,} harvested records are not merged yet: run `lampway index`, then ask again")


@app.command("join")
def join(
    names: Names, level: LevelOption = "edition", author: Author = "", reason: ReasonOption = "", json: Json = False
) -> None:
    """Make records one edition, with all that is one edition with them; or editions one work.

    Of a work its id stands for one of its records, as the others come along.

    Example: lampway merges join city/1017 harbour/b17 --reason "same ISBN, misprinted in one"

    Example: lampway merges join city/1017 w2abcdefghijklmno --level work
    """
    _decide("join", names, [], level, author, reason, json)


@app.command("split")
def split(
    names: Names,
    others: Annotated[
        list[str] | None, typer.Option("--from", help="What they leave; when missing, all that they are together with.")
    ] = None,
    level: LevelOption = "edition",
    author: Author = "",
    reason: ReasonOption = "",
    json: Json = False,
) -> None:
    """Take records out: they are never again one edition (or work) with those that they leave.

    Example: lampway merges split harbour/b17 --level work --reason "the film"

    Example: lampway merges split harbour/b17 --from city/1017
    """
    _decide("split", names, others or [], level, author, reason, json)


@app.command("never")
def never(
    names: Names, level: LevelOption = "edition", author: Author = "", reason: ReasonOption = "", json: Json = False
) -> None:
    """Keep records apart, each from each, whatever is found out about them later.

    Example: lampway merges never city/1017 harbour/b17 --level work
    """
    _decide("never", names, [], level, author, reason, json)


@app.command("undo")
def undo(
    id: Annotated[int, typer.Argument(help="Number of the decision, as `lampway merges list` has it.")],  # noqa: A002
    author: Author = "",
    json: Json = False,
) -> None:
    """Let a decision count no more. It stays in the list, with who undid it.

    Example: lampway merges undo 7
    """
    with open_store(settings_or_fail()) as database:
        _tell("merges.undo", lambda noted: deciding.undo(database, id, author or operator(), noted), json)


@app.command("list")
def list_decisions(
    names: Annotated[list[str] | None, typer.Argument(metavar="[RECORD]...", help="Only about these.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    json: Json = False,
) -> None:
    """Show decisions, the latest first, undone ones among them.

    Example: lampway merges list city/1017
    """
    with open_store(settings_or_fail()) as database, database.connect() as connection:
        if names:
            found = decisions.about(connection, [ref for name in names for ref in refs_named(connection, name)])
            found = found[::-1][:limit]
        else:
            found = decisions.history(connection, limit=limit)
        gone = _gone(connection, found)
    if json:
        say_json(found)
        return
    for decision in found:
        say(decision_in_words(decision))
    if not found:
        note("No decisions.")
    for ref, ids in gone.items():
        note(
            f"{ref} (decision {', '.join(map(str, ids))}) is gone from its source: if it has another name now, decide "
            "again under that; should it come back, the decision holds"
        )


def _gone(connection: Connection, made: Sequence[Decision]) -> dict[RecordRef, list[int]]:
    """Records of decisions in force that are deleted or were never there, with the numbers of the decisions."""
    named: dict[RecordRef, list[int]] = {}
    for decision in made:
        for ref in () if decision.revoked_at else decision.all_records:
            named.setdefault(ref, []).append(decision.id)
    rows = decisions.rows_of(connection, list(named))
    found = records.by_ids(connection, list(rows.values()))
    return {ref: ids for ref, ids in named.items() if ref not in rows or found[rows[ref]].deleted}


@app.command("suspicious")
def suspicious(limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50, json: Json = False) -> None:
    """Show what merging left apart though it looks alike: records that would chain what contradicts itself.

    Exit status 3 when there are any: a person can decide (`join`, `never`).

    Example: lampway merges suspicious
    """
    with open_store(settings_or_fail()) as database, database.connect() as connection:
        rows, total = merge_cuts.latest(connection, limit), merge_cuts.count(connection)
        ids = sorted({id_ for row in rows for id_ in (row.record, row.other)})
        found = records.by_ids(connection, ids)
    shown = [
        {"one": name_of(found[row.record]), "other": name_of(found[row.other]), "level": row.level, "why": row.why,
         "titles": [found[row.record].title, found[row.other].title]}
        for row in rows
        if row.record in found and row.other in found
    ]  # fmt: skip
    if json:
        say_json({"total": total, "pairs": shown})
    else:
        for pair in shown:
            say(f"{pair['one']}  {pair['other']}  {pair['why']}  {' | '.join(pair['titles'])}")
        note(f"{total:,} in all; `lampway merges explain` with two of them tells more" if total else "None.")
    if total:
        raise typer.Exit(INCOMPLETE)


@app.command("prefer")
def prefer(
    names: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Ids, the best first.")] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="No source goes before others.")] = False,
) -> None:
    """Set whose descriptions go before others where records of a work differ; without sources, show the list.

    Example: lampway merges prefer national-library city
    """
    with open_store(settings_or_fail()) as database, database.begin() as connection:
        known = {source.id for source in sources.all_sources(connection)}
        for name in names or []:
            if name not in known:
                fail(f"no source {name!r}; `lampway sources list` shows all", WRONG_USE)
        if names or nobody:
            precedence.put(connection, list(dict.fromkeys(names or [])))
            note_act(connection, "merges.prefer", "sources", sources=", ".join(names or ["none"]))
        current = precedence.get(connection)
    say("\n".join(current) if current else "No source goes before others; of a work the record that says most does.")
    if names or nobody:
        note("The next `lampway index` describes every work anew.")


def _decide(
    kind: DecisionKind, names: list[str], others: list[str], level: str, author: str, reason: str, json: bool
) -> None:
    if level not in ("edition", "work"):
        fail(f"--level {level!r} is neither edition nor work", WRONG_USE)
    with open_store(settings_or_fail()) as database:
        with database.connect() as connection:
            told = [refs_named(connection, name) for name in names]
            left = [ref for name in others for ref in refs_named(connection, name)]
        if kind == "join":  # one of each work's records will do
            told = [refs[:1] for refs in told]
        if kind == "never" and any(len(refs) > 1 for refs in told):
            fail(
                "never takes records, not works; of two works say `split RECORD... --from WORK --level work`", WRONG_USE
            )
        refs = [ref for refs in told for ref in refs]
        decision = Decision(
            kind=kind, level=_level(level), records=refs, others=[ref for ref in left if ref not in refs],
            author=author or operator(), reason=reason,
        )  # fmt: skip
        _tell("merges.decide", lambda noted: deciding.decide(database, decision, noted), json)


def _level(text: str) -> Level:
    return "work" if text == "work" else "edition"


def _tell(action: str, act: Callable[[deciding.Noted], Decided], json: bool) -> None:
    def noted(connection: Connection, made: Decision) -> None:
        told = ", ".join(map(str, made.all_records))
        note_act(connection, action, f"decision:{made.id}", kind=made.kind, records=told, reason=made.reason)

    try:
        decided = act(noted)
    except UndecidableError as error:
        fail(str(error), WRONG_USE)
    except StoreError as error:
        fail(str(error), FAILED)
    if json:
        say_json(decided)
    else:
        say(decided_in_words(decided))
    if decided.applied:
        note("Searches find it so after the next `lampway index`; a worker does that by itself.")
    else:
        note("It is noted, and counts with the next `lampway index`; a worker does that by itself.")


def register(root: typer.Typer) -> None:
    """Add to the command."""
    root.add_typer(app, name="merges")

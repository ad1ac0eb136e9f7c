"""``lampway sources``: which feeds there are, whether they work, and how each ended last."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harvester.probe.first_look import first_look
from harvester.source_checks import SourceError, check, check_location, default_id, tidy_location
from lampway.acts import note_act
from lampway.commands import source_licence, source_restore, source_schedule, source_test
from lampway.console import WRONG_USE, fail, note, open_store, say, say_json, settings_or_fail
from lampway.source_login import Auth, give
from schemas.catalogue import Source
from search_api.accounts import emptied
from store import harvest_runs, institutions, sources
from store.database import now_text
from store.harvest_runs import RunReport

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "Feeds of records: add, list, test, schedule, pause, remove.\n\n"
        "Example: lampway sources add csv books.csv --institution city-library"
    ),
)
_ADD = "Add a feed: an OAI-PMH server, a CSV, MARC or XML file."
adding = typer.Typer(
    no_args_is_help=True,
    short_help=_ADD,
    help=f"{_ADD}\n\nExample: lampway sources add oai https://example.org/oai --institution city-library",
)
app.add_typer(adding, name="add")

_INSIDE = frozenset({"mapping_text", "sealed"})
"""Fields of a source that are nobody's to read: long, or secret."""

Institution = Annotated[str, typer.Option("--institution", help="Id of the institution whose records these are.")]
Id = Annotated[str, typer.Option("--id", help="The source's id; made from institution or host when not given.")]
Schedule = Annotated[str, typer.Option("--schedule", help='When to harvest by itself, as cron: "0 3 * * *".')]
MappingFile = Annotated[Path | None, typer.Option("--mapping", help="File that says what columns or fields mean.")]
Encoding = Annotated[str, typer.Option("--encoding", help="Of the file, where it is not recognised.")]
Delta = Annotated[
    bool, typer.Option("--delta", help="The file holds changes only; what is not in it has not vanished.")
]
Replace = Annotated[bool, typer.Option("--replace", help="Change the source that has this id already.")]


@adding.command("oai")
def add_oai(
    url: Annotated[str, typer.Argument(help="Base URL of the OAI-PMH server.")],
    institution: Annotated[str, typer.Option("--institution", help="Id of the institution whose records these are.")],
    format: Annotated[str, typer.Option("--format", help="Our name of the format to ask for.")] = "oai_dc",  # noqa: A002
    set: Annotated[list[str] | None, typer.Option("--set", help="Only this set; may be given again.")] = None,  # noqa: A002
    prefix: Annotated[str, typer.Option(help="The server's metadataPrefix, where it cannot be found.")] = "",
    mapping: MappingFile = None,
    schedule: Schedule = "",
    auth: Auth = "",
    id: Id = "",  # noqa: A002
    replace: Replace = False,
) -> None:
    """Add an OAI-PMH server.

    Example: lampway sources add oai https://example.org/oai --institution city-library --format marcxml
    """
    source = Source(
        id=id, protocol="oai", location=url, format=format, institution=institution, sets=list(set or []),
        prefix=prefix, schedule=schedule,
    )  # fmt: skip
    _add(source, mapping, replace, auth)


@adding.command("csv")
def add_csv(
    location: Annotated[str, typer.Argument(metavar="PATH_OR_URL", help="CSV, TSV, XLSX or JSON file, also packed.")],
    institution: Institution = "",
    mapping: MappingFile = None,
    encoding: Encoding = "",
    delta: Delta = False,
    schedule: Schedule = "",
    auth: Auth = "",
    id: Id = "",  # noqa: A002
    replace: Replace = False,
) -> None:
    """Add a table (CSV, TSV, XLSX, JSON); columns are recognised by their headers, or named by a mapping file.

    Example: lampway sources add csv catalogue.csv --institution city-museum
    """
    source = Source(
        id=id, protocol="csv", location=location, format="csv", institution=institution, encoding=encoding,
        delta=delta,
        schedule=schedule,
    )  # fmt: skip
    _add(source, mapping, replace, auth)


@adding.command("marc")
def add_marc(
    location: Annotated[
        str, typer.Argument(metavar="PATH_OR_URL", help="MARC 21 (ISO 2709) or MARCXML file, or a folder of them.")
    ],
    institution: Institution = "",
    format: Annotated[str, typer.Option("--format", help="marc21, marcxml, unimarc or cnmarc; found out.")] = "",  # noqa: A002
    mapping: MappingFile = None,
    encoding: Encoding = "",
    schedule: Schedule = "",
    auth: Auth = "",
    id: Id = "",  # noqa: A002
    replace: Replace = False,
) -> None:
    """Add a file of MARC records. UNIMARC and CNMARC are told by --format unimarc or cnmarc.

    Example: lampway sources add marc records.mrc --institution city-library
    """
    source = Source(
        id=id, protocol="marc", location=location, format=format, institution=institution, encoding=encoding,
        schedule=schedule,
    )  # fmt: skip
    _add(source, mapping, replace, auth)


@adding.command("xml")
def add_xml(
    location: Annotated[
        str, typer.Argument(metavar="PATH_OR_URL", help="File of XML records, plain or packed, or a folder of them.")
    ],
    institution: Institution = "",
    format: Annotated[  # noqa: A002
        str, typer.Option("--format", help="mods, ead, lido, edm, qdc or oai_dc; of a file on this machine, found out.")
    ] = "",
    mapping: MappingFile = None,
    schedule: Schedule = "",
    auth: Auth = "",
    id: Id = "",  # noqa: A002
    replace: Replace = False,
) -> None:
    """Add a file of XML records: a finding aid, a MODS collection, LIDO, EDM, saved OAI-PMH answers.

    Example: lampway sources add xml finding-aid.xml --institution city-archive
    """
    source = Source(
        id=id, protocol="xml", location=location, format=format, institution=institution, schedule=schedule
    )  # fmt: skip
    _add(source, mapping, replace, auth)


def _add(source: Source, mapping: Path | None, replace: bool, auth: str) -> None:
    """Check, complete and save."""
    if mapping is not None:
        try:
            source.mapping_text = mapping.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            fail(f"the mapping {mapping} cannot be read: {error}", WRONG_USE)
        source.mapping = str(mapping.resolve())
    source.location = tidy_location(source.protocol, source.location)
    settings = settings_or_fail()
    with open_store(settings) as database, database.begin() as connection:
        taken = {known.id for known in sources.all_sources(connection)}
        source.id = source.id or default_id(source.institution, source.location, taken)
        try:
            check_location(source)
            told = first_look(source)
            check(source, {place.id for place in institutions.all_institutions(connection)})
        except SourceError as error:
            fail(str(error), WRONG_USE)
        if source.id in taken and not replace:
            fail(f"there is a source {source.id!r} already: give another --id, or --replace to change it", WRONG_USE)
        before = sources.get(connection, source.id)
        if before is not None:
            source.paused, source.window, source.full_schedule = before.paused, before.window, before.full_schedule
            source.scheduled_at, source.licence = before.scheduled_at, before.licence
        if source.schedule and (before is None or source.schedule != before.schedule):
            source.scheduled_at = now_text()
        give(source, auth, before, settings)
        sources.add(connection, source)
        note_act(connection, "source.change" if before else "source.add", f"source:{source.id}", source.institution,
                 protocol=source.protocol, location=source.location)  # fmt: skip
        emptied.show(connection, source.institution)
    say(source.id)
    if told:
        note(f"note: {told}")
    note(f"Added. Look at it with `lampway sources test {source.id}`, fetch it with `lampway harvest {source.id}`.")


@app.command("list")
def list_sources(json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Show all sources and how each ended last.

    Example: lampway sources list --json
    """
    with open_store(settings_or_fail()) as database, database.connect() as connection:
        found = [(source, harvest_runs.report(connection, source.id)) for source in sources.all_sources(connection)]
    if json:
        say_json(
            [
                {**{name: getattr(source, name) for name in source.__struct_fields__ if name not in _INSIDE},
                 "last_run": last and {"run": last.run, "status": last.status, "finished_at": last.finished_at}}
                for source, last in found
            ]
        )  # fmt: skip
        return
    for source, last in found:
        ended = _ended(last) if last else "never harvested"
        owner = source.institution or "-"
        when = "  paused" if source.paused else f"  at {source.schedule}" if source.schedule else ""
        say(f"{source.id}  {source.protocol}/{source.format}  {owner}  {source.location}  [{ended}]{when}")
    if not found:
        note("No sources. Add one with `lampway sources add oai|csv|marc|xml`.")


def _ended(last: RunReport) -> str:
    """A run that was cut off looks like one that is at it: only its end tells them apart."""
    return f"{last.status} {last.finished_at}" if last.finished_at else f"running or cut off, begun {last.started_at}"


@app.command("remove")
def remove(
    id: Annotated[str, typer.Argument(help="The source.")],  # noqa: A002
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a source with all its records; `lampway index` takes them out of the search.

    Example: lampway sources remove city-library --yes
    """
    with open_store(settings_or_fail()) as database:
        with database.connect() as connection:
            known = sources.get(connection, id)
            if known is None:
                fail(f"no source {id!r}; `lampway sources list` shows all", WRONG_USE)
        if not yes and not typer.confirm(f"Remove {id} and all its records?"):
            fail("nothing removed", WRONG_USE)
        with database.begin() as connection:
            sources.remove(connection, id)
            note_act(connection, "source.remove", f"source:{id}", known.institution, location=known.location)
    say(f"{id} is removed.")
    note("Run `lampway index` to take its records out of the search.")


for _part in (source_test, source_restore, source_licence, source_schedule):
    _part.add_to(app)


def register(root: typer.Typer) -> None:
    """Add to the command."""
    root.add_typer(app, name="sources")

"""The demo, told from top to bottom: a sample city is harvested, indexed, searched and served, as your own would be.

It works in a home of its own and never opens the user's: engine, database and addresses are its own settings.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from urllib.parse import urlencode

from config.settings import Settings
from harvester.fetching import Client
from harvester.harvest import harvest_source
from harvester.institution_import import read_institutions
from indexer.engines import open_engine
from indexer.update import update
from lampway import demo_city
from lampway.commands.index import STAGES
from lampway.commands.search import show
from lampway.commands.serve import listen, serve_context
from lampway.console import INCOMPLETE, Meter, fail, note, open_store, say, settings_or_fail, stage_meters
from lampway.demo_server import HOST
from lampway.demo_server import serve as serve_sources
from schemas.answer import Answer
from schemas.catalogue import Source
from search_api.context import Context, open_context
from search_api.search import search
from search_api.understand import understand
from store import institutions, sources
from store.database import Database

CENTRE = "53.4808,-2.2374"
"""Where the sample search stands: a square in the middle of Manchester."""
SAMPLE_QUERY = "kafka"
_SHOWN = 5


def run(home: Path | None, port: int, *, serve: bool) -> None:
    """Build the sample city in its home and serve it.

    Args:
        home: folder of the demo's data; None = ``demo`` in the ordinary home.
        port: of the pages; 0 = any free one.
        serve: False stops after the sample search.
    """
    settings = demo_settings(home)
    if serve:
        port = _free_port(port)
    note(f"Lampway demo: a sample city in {settings.home}. Works are real; institutions, editions and copies made up.")
    city = demo_city.build(datetime.now(UTC).date())
    # The endpoints stand beside the pages, so that the sources keep their addresses from run to run.
    endpoints = serve_sources(city.repositories, city.files, port=port + 1 if port else 0)
    with endpoints as server, open_store(settings) as database:
        _refuse_other_data(database, settings)
        import_institutions(database)
        complete = harvest(database, city.sources(server), settings)
        index(database, settings)
        reached = {"public_url": f"http://{HOST}:{port}"} if serve else {}
        context = open_context(settings.model_copy(update=reached))
        with closing(context):
            say(f"\n“{SAMPLE_QUERY}” near {CENTRE}, now:\n")
            show(sample_search(context))
            if not complete:
                fail("some sources did not come complete, see above", INCOMPLETE)
            if serve:
                _tell_addresses(port)
                serve_context(context, HOST, port)


def demo_settings(home: Path | None) -> Settings:
    """Settings of the demo: the user's, but for all that would reach other data or other machines."""
    folder = home or settings_or_fail().home / "demo"
    return settings_or_fail(
        home=folder, database_url="", engine="embedded", fetch_allow=(HOST,), fetch_pause=0, public_url=""
    )


def import_institutions(database: Database) -> None:
    """Step 1: the registry, from an ordinary file."""
    with resources.as_file(resources.files("config").joinpath("demo", "institutions.geojson")) as path:
        preview = read_institutions(path, None)
    if preview.problems:
        fail(f"the sample institutions cannot be read: {preview.problems[0]}")
    with database.begin() as connection:
        institutions.upsert(connection, preview.institutions)
    note(f"Institutions: {len(preview.institutions)} imported")


def harvest(database: Database, feeds: list[Source], settings: Settings) -> bool:
    """Step 2: add the sources and harvest each; True when all came complete."""
    client = Client.from_settings(settings)
    complete = True
    for source in feeds:
        with database.begin() as connection:
            sources.add(connection, source)
        with Meter(f"Harvest of {source.id} ({source.protocol}, {source.format})") as meter:
            report = harvest_source(
                database,
                source,
                client,
                on_progress=lambda done, failed, total, meter=meter: meter.advance(done, failed, total),  # type: ignore[misc]
            )
        if report.status != "complete":
            complete = False
            note(f"  {report.status}: " + "; ".join(loss.reason for loss in report.losses))
    return complete


def index(database: Database, settings: Settings) -> None:
    """Step 3: a whole new index the first time, what changed after that."""
    with closing(open_engine(settings)) as engine, stage_meters(STAGES) as progress:
        update(database, engine, settings, progress)


def sample_search(context: Context) -> Answer:
    """Step 4: what a visitor in the middle of the city would ask now."""
    params = {"q": [SAMPLE_QUERY], "near": [CENTRE], "limit": [str(_SHOWN)]}
    return search(context, understand(context, params, "en"))


def _tell_addresses(port: int) -> None:
    say("\nTry:")
    for path, params in (
        ("search", {"q": "红楼梦"}),
        ("search", {"q": "minute book", "kind": "archive"}),
        ("api/search", {"q": "dickens", "available": "true", "explain": "true"}),
    ):
        say(f"  http://{HOST}:{port}/{path}?{urlencode(params | {'near': CENTRE}, safe=',')}")
    say()


def _free_port(port: int) -> int:
    """The port, or a free one for 0; told now that it is taken, not after the work."""
    listening = listen(HOST, port)
    found = int(listening.getsockname()[1])
    listening.close()
    return found


def _refuse_other_data(database: Database, settings: Settings) -> None:
    with database.connect() as connection:
        strangers = {source.id for source in sources.all_sources(connection)} - {f.source for f in demo_city.FEEDS}
    if strangers:
        fail(
            f"{settings.home} has other data than the demo's (source {sorted(strangers)[0]}): "
            "choose an empty folder with --home"
        )

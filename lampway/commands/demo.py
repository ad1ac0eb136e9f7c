"""``lampway demo``: the sample city, from nothing to a served page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from indexer.engines.base import EngineError
from lampway import demo as sample_city
from lampway.console import FAILED, fail
from store.database import StoreError
from store.leases import LeaseTakenError


def demo(
    serve: Annotated[bool, typer.Option(help="Serve pages and API afterwards.")] = True,
    port: Annotated[int, typer.Option(min=0, max=65534, help="Port of the pages; 0 = any free one.")] = 8000,
    home: Annotated[Path | None, typer.Option(help="Folder of the demo's data; ./var/demo when not given.")] = None,
) -> None:
    """Harvest, index and serve a sample city of libraries, museums and archives; your own data is not touched.

    Example: lampway demo --port 8080
    """
    try:
        sample_city.run(home, port, serve=serve)
    except (EngineError, LeaseTakenError, StoreError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("stopped; run `lampway demo` again and it goes on from here", FAILED)


def register(root: typer.Typer) -> None:
    """Add to the command."""
    root.command("demo")(demo)

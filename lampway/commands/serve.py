"""``lampway serve``: the web service, in one process or several."""

from __future__ import annotations

import errno
import signal
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, NoReturn

import typer
import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors import Multiprocess

from config.settings import Settings, load_settings, unknown_names
from harvester.fetching import Client
from indexer.engines.base import EngineError, EngineUnavailableError
from lampway.console import FAILED, WRONG_USE, fail, note, settings_or_fail
from lampway.merging import StoreMerges
from lampway.outside import Harvester
from lampway.slow_clients import HttpProtocol
from search_api import access_log
from search_api.app import create_app
from search_api.availability.base import LIMIT, Fetch, LiveError
from search_api.context import Context, open_context
from store.database import StoreError

_LIVE_DEADLINE_S = 3.0
"""Of a live look-up: its answer is still kept when the page that asked no longer waits."""
_GRACE_S = 10
"""Seconds that requests under way are given when the service is told to stop."""
_LOCAL_PROXIES = ("127.0.0.1", "::1")


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 = all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 = any free one.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes; as many as there are cores.")] = 1,
) -> None:
    """Serve pages and API.

    Example: lampway serve --host 0.0.0.0 --port 8000 --workers 4
    """
    settings = settings_or_fail()
    for line in unknown_names():
        note(f"warning: {line}")
    try:
        context = open_context(settings)
        _tell_of_index(context)
    except (StoreError, EngineError) as error:
        fail(str(error))
    if workers == 1:
        serve_context(context, host, port)
        return
    context.close()
    listening = listen(host, port)
    note(f"Lampway on http://{_address(listening)} with {workers} workers; stop it with Ctrl-C.")
    configuration = _configuration(settings, "lampway.commands.serve:application", workers=workers, factory=True)
    Multiprocess(configuration, [listening]).run()


def _tell_of_index(context: Context) -> None:
    """Say why searches will answer 503, where they will; a cluster that is away may be there soon."""
    try:
        if not context.engine.live():
            note("There is no index yet: searches answer 503 until `lampway index` has run.")
    except EngineUnavailableError as error:
        note(f"{error}. Searches answer 503 until then.")
    except EngineError:
        context.close()
        raise


def serve_context(context: Context, host: str, port: int) -> None:
    """Serve from an open context in this process until told to stop; closes the context."""
    access_log.configure()
    listening = listen(host, port)
    note(f"Lampway on http://{_address(listening)}; stop it with Ctrl-C.")
    signal.signal(signal.SIGTERM, _stop)  # uvicorn raises the signal again when it has finished
    try:
        context.watch()
        app = _application(context)
        with suppress(KeyboardInterrupt):
            uvicorn.Server(_configuration(context.settings, app)).run([listening])
    finally:
        listening.close()
        context.close()


def application() -> ASGIApp:
    """The application of one of several workers; it reads the settings itself."""
    access_log.configure()
    context = open_context(load_settings())
    context.watch()
    return _application(context)


def _application(context: Context) -> ASGIApp:
    harvester, merging = Harvester(context.database, context.settings), StoreMerges(context.database)
    return create_app(context, live_fetch(context.settings), harvester, merging=merging)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens, or the end of the command with the reason."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            fail(f"port {port} of {host} is taken: stop what uses it, or choose another with --port", FAILED)
        if error.errno == errno.EACCES:
            fail(f"port {port} needs more rights: choose one above 1023 with --port", FAILED)
        fail(f"cannot listen on {host}, port {port}: {error.strerror or error}", WRONG_USE)
    listening.set_inheritable(True)
    return listening


def live_fetch(settings: Settings) -> Fetch:
    """The guarded client for live look-ups: one try, short, small; a client a thread, as it is made for one."""
    hasty = settings.model_copy(
        update={
            "fetch_stall": _LIVE_DEADLINE_S,
            "fetch_deadline": _LIVE_DEADLINE_S,
            "fetch_patience": 0,
            "fetch_pause": 0,
        }
    )
    local = threading.local()

    def fetch(url: str, params: Mapping[str, str]) -> bytes:
        if not hasattr(local, "client"):
            local.client = Client.from_settings(hasty)
        answer = local.client.get(
            url, params, headers={"Accept": "application/json"}, limit=LIMIT, final=lambda _: True
        )
        if answer.status != 200:
            raise LiveError(f"{url} answers {answer.status}")
        return bytes(answer.content)

    return fetch


def _stop(number: int, frame: object) -> NoReturn:
    raise SystemExit(0)


def _configuration(settings: Settings, app: ASGIApp | str, **more: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=HttpProtocol,
        ws="none",
        lifespan="on",
        access_log=False,  # ours leaves out what users ask for
        log_config=None,  # its warnings are JSON lines as all others
        log_level="warning",
        server_header=False,
        date_header=True,
        proxy_headers=True,
        forwarded_allow_ips=[*_LOCAL_PROXIES, *settings.trusted_proxies],
        timeout_graceful_shutdown=_GRACE_S,
        h11_max_incomplete_event_size=64 * 1024,
        **more,  # type: ignore[arg-type]
    )


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def register(root: typer.Typer) -> None:
    """Add to the command."""
    root.command("serve")(serve)

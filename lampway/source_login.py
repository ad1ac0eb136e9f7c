"""``--auth`` of ``lampway sources add``: read, asked for, sealed; the secret itself is nowhere kept or shown."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from config.settings import Settings
from harvester import credentials
from harvester.credentials import CredentialsError
from lampway.console import WRONG_USE, fail
from schemas.catalogue import Source
from store.secrets import SecretError, seal

NONE = "none"

Auth = Annotated[
    str,
    typer.Option(
        "--auth",
        metavar="KIND:NAME",
        help="Login: basic:USER, digest:USER, header:NAME, query:NAME or cookie:NAME; the secret is asked for, or read "
        "from standard input. `none` takes it away.",
    ),
]


def give(source: Source, auth: str, before: Source | None, settings: Settings) -> None:
    """Put the login on a source: the one given, else the one it had, as long as the address is of the same host."""
    if not auth:
        if before is not None and before.auth and credentials.same_place(before.location, source.location):
            source.auth, source.sealed = before.auth, before.sealed
        return
    if auth == NONE:
        return
    try:
        login = credentials.parse(auth)
        secret = login.secret or _ask(login.public)
        credentials.parse(f"{login.public}:{secret}")
        source.auth, source.sealed = login.public, seal(settings.home, secret)
    except (CredentialsError, SecretError) as error:
        fail(str(error), WRONG_USE)


def _ask(what: str) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(f"Secret of {what}", hide_input=True, err=True))
    secret = sys.stdin.readline().rstrip("\r\n")
    if not secret:
        fail(f"no secret for {what}: type it when asked, or give it as the first line of standard input", WRONG_USE)
    return secret

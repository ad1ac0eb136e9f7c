"""``lampway keys``: the API keys with which institutions tell us the state of their copies, or change their entry."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from lampway.acts import note_act
from lampway.console import FAILED, WRONG_USE, fail, note, open_store, say, say_json, settings_or_fail
from store import api_keys, institutions
from store.api_keys import AVAILABILITY_WRITE, OVERLAP_DAYS, SCOPES, ApiKey, ReplacedError
from store.database import Connection

_SCOPES = ", ".join(f"{name} ({what})" for name, what in SCOPES.items())

app = typer.Typer(no_args_is_help=True, help="API keys of institutions: add, list, replace, revoke.")


@app.command("add")
def add(
    institution: Annotated[str, typer.Argument(help="Id of the institution that will use the key.")],
    label: Annotated[str, typer.Option(help="What uses it, for the list.")] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option(help=f"What it may do; may be repeated: {_SCOPES}. When missing: {AVAILABILITY_WRITE}."),
    ] = None,
    expires: Annotated[int, typer.Option(help="Days after which it ends by itself; 0 = never.", min=0, max=3650)] = 0,
) -> None:
    """Make a key and show it, for the only time.

    Example: lampway keys add newcastle --label "library system"

    Example: lampway keys add newcastle --label "web editor" --scope institution:write --expires 365
    """
    scopes = dict.fromkeys(scope or [AVAILABILITY_WRITE])
    for name in scopes:
        if name not in SCOPES:
            fail(f"--scope {name!r} is none of {', '.join(SCOPES)}", WRONG_USE)
    with open_store(settings_or_fail()) as database, database.begin() as connection:
        if institutions.get(connection, institution) is None:
            fail(f"no institution {institution!r}; `lampway institutions list` shows all", WRONG_USE)
        key = api_keys.create(
            connection, institution, scope=" ".join(scopes), label=label[:200], expires_at=api_keys.in_days(expires)
        )
        _note(connection, "key.add", key.split("_")[1], institution)
    say(key)
    may = " and ".join(SCOPES[name] for name in scopes)
    until = f" for {expires} days" if expires else ""
    note(f"For {institution} and its branches, to {may}{until}.")
    note(f"It is not shown again; send it as `Authorization: Bearer {key[:11]}_…`.")


@app.command("list")
def list_keys(
    institution: Annotated[str, typer.Argument(help="Only keys of this institution.")] = "",
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show which keys there are, never the keys themselves.

    Example: lampway keys list newcastle
    """
    with open_store(settings_or_fail()) as database, database.connect() as connection:
        found = api_keys.all_keys(connection, institution)
    if json:
        say_json([msgspec.structs.asdict(key) for key in found])
        return
    for key in found:
        state = f"revoked {key.revoked_at}" if key.revoked_at else f"last used {key.last_used_at or 'never'}"
        if key.expires_at and not key.revoked_at:
            state += f"  {'ends' if key.valid else 'ended'} {key.expires_at}"
        say(f"{key.id}  {key.institution}  {key.scope}  made {key.created_at}  {state}  {key.label}".rstrip())
    if not found:
        note("No keys. Make one with `lampway keys add INSTITUTION`.")


@app.command("replace")
def replace(
    id: Annotated[str, typer.Argument(help="Id of the key to replace.")],  # noqa: A002
    days: Annotated[int, typer.Option(help="How many days the old key still holds.", min=0, max=90)] = OVERLAP_DAYS,
) -> None:
    """Make a new key for what has an old one; both hold until the old one ends.

    Example: lampway keys replace 7GhK2pQx --days 14
    """
    with open_store(settings_or_fail()) as database, database.begin() as connection:
        old = _known(connection, id)
        if not old.valid:
            fail(f"the key {id} has ended: make another with `lampway keys add {old.institution}`", FAILED)
        try:
            key = api_keys.replace(connection, old, days=days)
        except ReplacedError as error:
            fail(str(error), FAILED)
        _note(connection, "key.replace", id, old.institution, by=key.split("_")[1])
    say(key)
    note(f"It is not shown again. {id} holds for {days} days more; `lampway keys revoke {id}` ends it at once.")


@app.command("revoke")
def revoke(id: Annotated[str, typer.Argument(help="The key's id: the part between lw_ and the next _.")]) -> None:  # noqa: A002
    """End a key at once.

    Example: lampway keys revoke 7GhK2pQx
    """
    with open_store(settings_or_fail()) as database, database.begin() as connection:
        known = _known(connection, id)
        if not api_keys.revoke(connection, id):
            fail(f"the key {id} has ended already", FAILED)
        _note(connection, "key.revoke", id, known.institution)
    say(f"{id} is revoked.")


def _known(connection: Connection, id_: str) -> ApiKey:
    found = next((key for key in api_keys.all_keys(connection) if key.id == id_), None)
    if found is None:
        fail(f"no key {id_!r}; `lampway keys list` shows all", WRONG_USE)
    return found


def _note(connection: Connection, action: str, id_: str, institution: str, **detail: str) -> None:
    note_act(connection, action, f"key:{id_}", institution, **detail)


def register(root: typer.Typer) -> None:
    """Add to the command."""
    root.add_typer(app, name="keys")

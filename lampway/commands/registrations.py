"""``lampway registrations``: what institutions have registered themselves, and the operator's word on it."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from lampway.acts import actor
from lampway.console import FAILED, WRONG_USE, fail, note, open_store, say, say_json, settings_or_fail
from schemas.registration import NEXT, Registration, RegistrationState
from search_api.accounts import registering
from store import accounts, registrations
from store.database import Connection
from store.registrations import StepError

app = typer.Typer(no_args_is_help=True, help="Sources that institutions register themselves: list, approve, refuse.")
Id = Annotated[str, typer.Argument(help="The registration.")]


@app.command("list")
def list_registrations(
    state: Annotated[list[str] | None, typer.Option(help=f"Only in these states: {', '.join(NEXT)}.")] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show registrations, the latest first.

    Example: lampway registrations list --state proven
    """
    states: list[RegistrationState] = []
    for name in state or list(NEXT):
        if name not in NEXT:
            fail(f"--state {name!r} is none of {', '.join(NEXT)}", WRONG_USE)
        states.append(name)
    with open_store(settings_or_fail()) as database, database.connect() as connection:
        found = registrations.in_state(connection, *states)
        owners = {row.account: accounts.get(connection, row.account) for row in found}
        proofs = {row.id: registrations.proofs_of(connection, row.id) for row in found}
    if json:
        say_json([msgspec.to_builtins(row) | {"proofs": msgspec.to_builtins(proofs[row.id])} for row in found])
        return
    for row in found:
        owner = owners[row.account]
        shown = ", ".join(proof.way for proof in proofs[row.id] if proof.fits) or "not proven"
        name = row.proposal.new.name if row.proposal.new else row.proposal.institution
        say(f"{row.id}  {row.state}  {name}  {row.proposal.location}  {shown}  {owner.email if owner else ''}")
    if not found:
        note("No registrations.")


@app.command("approve")
def approve(id: Id) -> None:  # noqa: A002
    """Let a proven registration go live.

    Example: lampway registrations approve k7m2pq9xwz
    """
    with open_store(settings_or_fail()) as database, database.begin() as connection:
        found = _known(connection, id)
        try:
            registering.approve(connection, found, actor())
        except StepError as error:
            way = f"; who registered it has not proven it yet: `lampway registrations vouch {id}` does it for them"
            fail(f"{id} cannot be approved: {error}{way if found.state == 'probed' else ''}", FAILED)
    say(f"{id} is live as source {found.source}; `lampway worker` harvests it at once.")


@app.command("refuse")
def refuse(id: Id, reason: Annotated[str, typer.Option(help="Why; the institution reads it.")]) -> None:  # noqa: A002
    """Refuse a registration.

    Example: lampway registrations refuse k7m2pq9xwz --reason "test data only"
    """
    with open_store(settings_or_fail()) as database, database.begin() as connection:
        found = _known(connection, id)
        found.reason = reason[:500]
        try:
            registrations.step(connection, found, "refused", actor(), reason=reason[:500])
        except StepError as error:
            fail(f"{id} cannot be refused: {error}", FAILED)
    say(f"{id} is refused.")


@app.command("vouch")
def vouch(
    id: Id,  # noqa: A002
    reason: Annotated[str, typer.Option(help="Who assured it, and how you checked.")],
) -> None:
    """Vouch for a registration whose people can show no token; the way is noted with your reason.

    Example: lampway registrations vouch k7m2pq9xwz --reason "called the library back on its published number"
    """
    settings = settings_or_fail()
    with open_store(settings) as database, database.begin() as connection:
        found = _known(connection, id)
        try:
            registrations.note_proof(connection, id, "vouched", fits=True, detail=f"{actor()}: {reason}")
            registering.proven(connection, settings, found, "vouched", actor())
        except StepError as error:
            fail(f"{id} needs nobody's word now: {error}", FAILED)
    say(f"{id} is {found.state}.")


def _known(connection: Connection, id_: str) -> Registration:
    found = registrations.get(connection, id_)
    if found is None:
        fail(f"no registration {id_!r}; `lampway registrations list` shows all", WRONG_USE)
    return found


def register(root: typer.Typer) -> None:
    """Add to the command."""
    root.add_typer(app, name="registrations")

"""``lampway accounts``: who may log in. The first operator is made here, never by a page."""

from __future__ import annotations

from typing import Annotated

import typer

from lampway.acts import note_act
from lampway.console import FAILED, WRONG_USE, fail, note, open_store, say, say_json, settings_or_fail
from schemas.account import ROLES, Account, Role, is_email
from search_api.messages import LANGUAGES
from store import accounts, institutions, links, passkeys, personal
from store.database import Connection

app = typer.Typer(
    no_args_is_help=True, help="Accounts: add, list, give roles, make a link to log in, disable, export, erase."
)
Email = Annotated[str, typer.Argument(help="Mail address of the account.")]


@app.command("add")
def add(
    email: Email,
    name: Annotated[str, typer.Option(help="How the person is called.")] = "",
    operator: Annotated[bool, typer.Option("--operator", help="May decide for the whole platform.")] = False,
    institution: Annotated[str, typer.Option(help="Id of the institution the person works for.")] = "",
    role: Annotated[str, typer.Option(help=f"What the person is for it: {' or '.join(ROLES)}.")] = "editor",
    lang: Annotated[str, typer.Option(help=f"Language of the mails: {', '.join(LANGUAGES)}.")] = "en",
) -> None:
    """Make an account, or give an account more rights; shows a link to log in, valid once for a week.

    Example: lampway accounts add ada@example.org --operator

    Example: lampway accounts add li@library.example --institution newcastle --role editor
    """
    if role not in ROLES:
        fail(f"--role {role!r} is none of {', '.join(ROLES)}", WRONG_USE)
    if lang not in LANGUAGES:
        fail(f"--lang {lang!r} is none of {', '.join(LANGUAGES)}", WRONG_USE)
    if not is_email(email):
        fail(f"{email!r} is no mail address", WRONG_USE)
    settings = settings_or_fail()
    with open_store(settings) as database, database.begin() as connection:
        if institution and institutions.get(connection, institution) is None:
            fail(f"no institution {institution!r}; `lampway institutions list` shows all", WRONG_USE)
        account = accounts.add(connection, email, name=name, operator=operator, lang=lang)
        if operator:
            accounts.set_operator(connection, account.number, True)
        if institution:
            accounts.set_role(connection, account.number, institution, "editor" if role == "editor" else "member")
        given = {"operator": str(operator).lower(), "role": role if institution else ""}
        _note(connection, "account.add", account, institution=institution, **given)
        secret = links.make(connection, "invite", account.email)
    say(f"{settings.public_url.rstrip('/') or 'http://127.0.0.1:8000'}/link/{secret}")
    note(f"{account.email} logs in with this link, once, within 7 days.")


@app.command("list")
def list_accounts(json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Show all accounts and their roles.

    Example: lampway accounts list
    """
    with open_store(settings_or_fail()) as database, database.connect() as connection:
        found = [
            (account, accounts.roles_of(connection, account.number), passkeys.has_second_factor(connection, account))
            for account in accounts.all_accounts(connection)
            if is_email(account.email)  # not of those that were erased
        ]
    if json:
        say_json([_shown(account, roles, second_factor=guarded) for account, roles, guarded in found])
        return
    for account, roles, _ in found:
        what = ["operator"] * account.operator + [f"{role} of {id_}" for id_, role in roles.items()]
        state = f"disabled {account.disabled_at}" if account.disabled_at else "second factor" if account.totp else ""
        say("  ".join(part for part in (account.email, account.name, ", ".join(what) or "no role", state) if part))
    if not found:
        note("No accounts. Make the first with `lampway accounts add EMAIL --operator`.")


@app.command("disable")
def disable(email: Email) -> None:
    """End an account: every log-in of it ends at once.

    Example: lampway accounts disable ada@example.org
    """
    with open_store(settings_or_fail()) as database, database.begin() as connection:
        account = _known(connection, email)
        if not accounts.disable(connection, account.number):
            fail(f"{account.email} is disabled already", FAILED)
        _note(connection, "account.disable", account)
    say(f"{account.email} is disabled; `lampway accounts enable` lets it in again.")


@app.command("enable")
def enable(email: Email) -> None:
    """Let a disabled account log in again.

    Example: lampway accounts enable ada@example.org
    """
    with open_store(settings_or_fail()) as database, database.begin() as connection:
        account = _known(connection, email)
        accounts.enable(connection, account.number)
        _note(connection, "account.enable", account)
    say(f"{account.email} may log in again.")


@app.command("link")
def link(
    email: Email,
    forget: Annotated[
        bool,
        typer.Option("--forget-second-factor", help="Also take away app and passkeys: the telephone is lost."),
    ] = False,
) -> None:
    """Show a link with which an account logs in, once, within 15 minutes: works without a mail server.

    Example: lampway accounts link ada@example.org
    """
    settings = settings_or_fail()
    with open_store(settings) as database, database.begin() as connection:
        account = _known(connection, email)
        if account.disabled_at:
            fail(f"{account.email} is disabled; `lampway accounts enable {account.email}` first", FAILED)
        if forget:
            accounts.set_totp(connection, account.number, "")
            passkeys.remove(connection, account.number)
        _note(connection, "account.link", account, second_factor="forgotten" if forget else "")
        secret = links.make(connection, "login", account.email)
    say(f"{settings.public_url.rstrip('/') or 'http://127.0.0.1:8000'}/link/{secret}")


@app.command("export")
def export(email: Email) -> None:
    """Show everything that is kept of a person, as JSON: the copy that they may ask for. Secrets are left out.

    Example: lampway accounts export ada@example.org > ada.json
    """
    with open_store(settings_or_fail()) as database, database.connect() as connection:
        say_json(personal.about(connection, _known(connection, email)))


@app.command("erase")
def erase(email: Email, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Take a person out for good: account, roles, log-ins, passkeys, links, and their address in the audit.

    Sources and registrations stay, which are their institution's; what they did is told under a name of no meaning.

    Example: lampway accounts erase ada@example.org --yes
    """
    with open_store(settings_or_fail()) as database:
        with database.connect() as connection:
            account = _known(connection, email)
            left = [id_ for id_ in accounts.roles_of(connection, account.number) if _is_last(connection, id_, account)]
        for institution in left:
            note(f"{institution} has no other editor: `lampway accounts add EMAIL --institution {institution}`")
        if not yes and not typer.confirm(f"Erase {account.email}? There is no way back."):
            fail("nothing erased", WRONG_USE)
        with database.begin() as connection:
            account = _known(connection, email)
            erased = personal.erase(connection, account)
            note_act(connection, "account.erase", f"account:{erased.name}")
    say(f"{account.email} is erased; {erased.lines:,} lines of the audit name {erased.name} instead.")
    note("Backups and logs of a proxy or mail server keep their own: see docs/security.md.")


def _is_last(connection: Connection, institution: str, account: Account) -> bool:
    """Whether nobody else is an editor of it."""
    members = accounts.members_of(connection, institution)
    return [own[0].number for own in members if own[1].role == "editor"] == [account.number]


def _known(connection: Connection, email: str) -> Account:
    account = accounts.by_email(connection, email)
    if account is None:
        fail(f"no account {email!r}; `lampway accounts list` shows all", WRONG_USE)
    return account


def _note(connection: Connection, action: str, account: Account, *, institution: str = "", **detail: str) -> None:
    note_act(connection, action, f"account:{account.email}", institution, **detail)


def _shown(account: Account, roles: dict[str, Role], *, second_factor: bool) -> dict[str, object]:
    """An account without its secrets."""
    return {
        "email": account.email,
        "name": account.name,
        "operator": account.operator,
        "roles": roles,
        "password": bool(account.password),
        "second_factor": second_factor,
        "created_at": account.created_at,
        "disabled_at": account.disabled_at,
    }


def register(root: typer.Typer) -> None:
    """Add to the command."""
    root.add_typer(app, name="accounts")

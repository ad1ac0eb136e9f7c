"""What the people of an institution do to its sources, keys and members: the acts behind the pages and the API."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Protocol

from schemas.account import ROLES, is_email
from schemas.institution import Institution
from schemas.registration import Registration
from search_api.accounts import registering, tenancy
from search_api.accounts.actor import Actor
from search_api.accounts.log_in import Tries
from search_api.accounts.mail import Mail
from search_api.accounts.outside import Outside
from search_api.context import Context
from search_api.errors import ApiError
from store import accounts, api_keys, links, registrations, sources
from store.api_keys import OF_PLATFORM, SCOPES, ReplacedError
from store.database import Connection

MOST_KEYS, LONGEST_LIFE_DAYS, LONGEST_LABEL = 50, 3650, 200
ACTS = ("run", "pause", "resume", "schedule", "approve", "reject")
"""What can be done to a source."""


class Mistake(Exception):  # noqa: N818 - it is an answer
    """Something that was given cannot be used; ``text`` is a key of the texts, with its values."""

    def __init__(self, field: str, text: str, **values: object) -> None:
        super().__init__(f"{field}: {text}")
        self.field, self.text, self.values = field, text, values


class Doer(Protocol):
    """Who acts: a person, or a program with a key."""

    @property
    def who(self) -> str:
        """What the audit calls them."""

    def owns(self, registration: Registration, parent: str = "") -> bool:
        """Whether a registration is theirs."""

    def did(self, connection: Connection, action: str, thing: str, *, institution: str = "", **detail: str) -> None:
        """Write the line of the audit."""


def add_key(
    context: Context, actor: Actor, place: Institution, scopes: Iterable[str], label: str, days: int = 0
) -> str:
    """Make a key for an institution; returns it, for the only time. ``days``: after which it ends; 0 = never.

    Raises:
        Mistake: no scope, one that is not the person's to give, too long a life, or too many keys.
    """
    wanted = [scope for scope in SCOPES if scope in set(scopes)]
    if not wanted:
        raise Mistake("scopes", "area.scope_needed")
    if OF_PLATFORM & set(wanted) and not actor.account.operator:
        raise Mistake("scopes", "area.scope_platform")
    if not 0 <= days <= LONGEST_LIFE_DAYS:
        raise Mistake("days", "area.days_wrong", n=LONGEST_LIFE_DAYS)
    with context.database.begin() as connection:
        _room(connection, context, place)
        # Others read it, as the author of a decision about merges: nothing in it that turns or hides the rest.
        seen = "".join(filter(str.isprintable, label))[:LONGEST_LABEL]
        more = {"scope": " ".join(wanted), "label": seen, "expires_at": api_keys.in_days(days)}
        key = api_keys.create(connection, place.id, **more)  # type: ignore[arg-type]
        actor.did(connection, "key.add", f"key:{_id(key)}", institution=place.id, scope=" ".join(wanted))
    return key


def replace_key(context: Context, actor: Actor, place: Institution, id_: str) -> str:
    """Make the successor of a key, which holds for some days more; returns it, for the only time.

    Raises:
        ApiError: 404.
        Mistake: it has a successor, or there are too many keys.
    """
    with context.database.begin() as connection:
        old = tenancy.key_of(connection, own_ids(context, place), id_)
        _room(connection, context, place)
        try:
            key = api_keys.replace(connection, old)
        except ReplacedError:
            raise Mistake("scopes", "area.key_replaced") from None
        actor.did(connection, "key.replace", f"key:{old.id}", institution=place.id, by=_id(key))
    return key


def revoke_key(context: Context, actor: Actor, place: Institution, id_: str) -> None:
    """End a key at once.

    Raises:
        ApiError: 404.
    """
    with context.database.begin() as connection:
        key = tenancy.key_of(connection, own_ids(context, place), id_)
        api_keys.revoke(connection, key.id)
        actor.did(connection, "key.revoke", f"key:{key.id}", institution=place.id)


def invite(context: Context, mail: Mail, tries: Tries, actor: Actor, place: Institution, *, email: str, role: str,
           lang: str, client: str | None) -> None:  # fmt: skip
    """Invite somebody. The link goes to their mail box only: who else reads it could be them.

    Raises:
        Mistake: no mail address, no mails are sent here, or the address has had enough of them.
    """
    email, role = accounts.normal(email), role if role in ROLES else "member"
    if not is_email(email):
        raise Mistake("email", "register.no_email")
    if not mail.ready:
        raise Mistake("email", "area.no_mail", email=email, institution=place.id, role=role)
    if not tries.mail(email, client):
        raise Mistake("email", "register.often", n=1)
    with context.database.begin() as connection:
        more = {"institution": place.id, "role": role, "by": actor.account.email, "lang": lang}
        secret = links.make(connection, "invite", email, **more)
        actor.did(connection, "member.invite", f"account:{email}", institution=place.id, role=role)
    link = f"{context.settings.public_url.rstrip('/')}/link/{secret}"
    by = actor.account.name or actor.account.email
    mail.send(email, lang, "invite", link=link, by=by, institution=place.name)


def remove_member(context: Context, actor: Actor, place: Institution, email: str) -> None:
    """Take a role away; the last editor stays.

    Raises:
        ApiError: 404: nobody of that address has a role.
        Mistake: it is the last editor.
    """
    with context.database.begin() as connection:
        members = accounts.members_of(connection, place.id)
        found = next((own for own in members if own[0].email == accounts.normal(email)), None)
        if found is None:
            raise ApiError("not-found", "There is no such member here.")
        if [own for own in members if own[1].role == "editor"] == [found]:
            raise Mistake("member", "area.last_editor")
        accounts.set_role(connection, found[0].number, place.id, None)
        actor.did(connection, "member.remove", f"account:{found[0].email}", institution=place.id)


def act_on_source(
    context: Context, outside: Outside | None, doer: Doer, place: Institution, id_: str, act: str, schedule: str = ""
) -> None:
    """One of ``ACTS``.

    Raises:
        ApiError: 404: no such source or act; 403: this process does not harvest.
        Mistake: nothing waits for a decision.
        Refusal: it cannot be done, in words.
    """
    ids = own_ids(context, place)
    with context.database.connect() as connection:
        own = tenancy.source_of(connection, ids, id_)
    told: dict[str, str] = {}
    if act not in ACTS:
        raise ApiError("not-found", f"Nothing of that name can be done to a source; there are {', '.join(ACTS)}.")
    if act in ("approve", "reject", "schedule") and outside is None:
        raise ApiError("not-permitted", "This process does not harvest; `lampway serve` does.")
    with context.database.connect() as connection:
        if registrations.is_withdrawn(connection, own.source.id):
            raise Mistake("source", "leaving.is_withdrawn")
    if act in ("approve", "reject") and outside:
        if not own.waits_on_run:
            raise Mistake("source", "area.nothing_waits")
        run = own.waits_on_run

        def noted(connection: Connection, records: int) -> None:
            told = {"run": str(run), "records": str(records)}
            doer.did(connection, f"source.{act}", f"source:{own.source.id}", institution=place.id, **told)

        outside.decide(run, approved=act == "approve", noted=noted)
        return
    if act == "schedule" and outside:
        told = {"from": own.source.schedule, "to": outside.check_schedule(schedule)}
    with context.database.begin() as connection:
        source = tenancy.source_of(connection, ids, id_).source
        now = datetime.now(UTC).isoformat(timespec="seconds")
        if act == "run":
            source.wanted_at = now
        elif act == "schedule":
            source.schedule, source.scheduled_at = told["to"], now
        sources.add(connection, source)
        if act in ("pause", "resume"):
            registering.pause_source(connection, source.id, doer.who, paused=act == "pause")
        doer.did(connection, f"source.{act}", f"source:{own.source.id}", institution=place.id, **told)


def own_ids(context: Context, place: Institution) -> set[str]:
    """The institution and its branches."""
    return tenancy.own_ids(place, context.registry().institutions)


def _room(connection: Connection, context: Context, place: Institution) -> None:
    if len(tenancy.keys_of(connection, own_ids(context, place))) >= MOST_KEYS:
        raise Mistake("scopes", "area.keys_many", n=MOST_KEYS)


def _id(key: str) -> str:
    return key.split("_")[1]

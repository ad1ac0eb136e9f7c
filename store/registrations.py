"""Repository of registrations and their proofs. A step from one state to the next is made once, or not at all."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, delete, func, insert, select, update

from schemas.account import Act
from schemas.registration import ENDED, NEXT, Proof, Proposal, Registration, RegistrationState, Way, same_feed
from store import audit
from store.account_tables import proofs, registrations
from store.codec import digest, from_json, to_json
from store.database import now_text

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else


class StepError(Exception):
    """A step that may not follow: somebody else made one meanwhile, or a page was old."""


class TakenError(Exception):
    """The feed is registered already; ``registration`` says which."""

    def __init__(self, registration: str) -> None:
        super().__init__(f"this feed is registered already ({registration})")
        self.registration = registration


def add(connection: Connection, account: int, state: RegistrationState, proposal: Proposal) -> Registration:
    """Begin a registration.

    Raises:
        TakenError: another that has not ended is of the same address, format and sets.
    """
    feed = digest(same_feed(proposal).encode())
    other = connection.scalar(select(registrations.c.id).where(registrations.c.feed == feed))
    if other is not None:
        raise TakenError(other)
    id_, now = "".join(secrets.choice(_ALPHABET) for _ in range(10)), now_text()
    row = {"id": id_, "feed": feed, "state": state, "account": account, "proposal": to_json(proposal)}
    connection.execute(insert(registrations).values(**row, created_at=now, changed_at=now))
    return Registration(id=id_, state=state, account=account, created_at=now, changed_at=now, proposal=proposal)


def get(connection: Connection, id_: str) -> Registration | None:
    """One registration."""
    row = connection.execute(select(registrations).where(registrations.c.id == id_)).first()
    return None if row is None else _registration(row)


def of_source(connection: Connection, source: str) -> Registration | None:
    """The registration that a source came from."""
    row = connection.execute(select(registrations).where(registrations.c.source == source)).first()
    return None if row is None else _registration(row)


def is_withdrawn(connection: Connection, source: str) -> bool:
    """Whether the institution of a source has taken it out."""
    own = (registrations.c.source == source, registrations.c.state == "withdrawn")
    return connection.execute(select(registrations.c.id).where(*own).limit(1)).first() is not None


def has_brought(connection: Connection, institution: str) -> bool:
    """Whether an institution came into the registry by being registered."""
    return any(row.proposal.new and row.proposal.institution == institution for row in in_state(connection, *NEXT))


def of_account(connection: Connection, account: int) -> list[Registration]:
    """A person's registrations, the latest first."""
    return _all(connection, registrations.c.account == account)


def in_state(connection: Connection, *states: RegistrationState) -> list[Registration]:
    """All registrations in some states, the latest first."""
    return _all(connection, registrations.c.state.in_(states))


def change(connection: Connection, registration: Registration) -> None:
    """Keep a changed proposal, source or reason.

    Raises:
        TakenError: it would be the feed of another.
    """
    feed = check_free(connection, registration)
    connection.execute(
        update(registrations)
        .where(registrations.c.id == registration.id)
        .values(
            feed=None if registration.state in ENDED else feed,
            proposal=to_json(registration.proposal),
            source=registration.source,
            reason=registration.reason,
            changed_at=now_text(),
        )
    )


def check_free(connection: Connection, registration: Registration) -> bytes:
    """What a registration's feed is known by.

    Raises:
        TakenError: another that has not ended is of the same feed.
    """
    feed = digest(same_feed(registration.proposal).encode())
    others = select(registrations.c.id).where(registrations.c.feed == feed, registrations.c.id != registration.id)
    if (other := connection.scalar(others)) is not None:
        raise TakenError(other)
    return feed


def step(
    connection: Connection, registration: Registration, to: RegistrationState, actor: str, **detail: str
) -> Registration:
    """Go from one state to the next, with its line in the audit: both or neither.

    Raises:
        StepError: it may not follow, or the registration is no longer in the state that was seen.
    """
    if to not in NEXT[registration.state]:
        raise StepError(f"{to} cannot follow {registration.state}")
    seen = (registrations.c.id == registration.id, registrations.c.state == registration.state)
    if not connection.execute(update(registrations).where(*seen).values(state=to)).rowcount:
        raise StepError(f"it is no longer {registration.state}")
    own = registration.proposal.institution
    told = {"from": registration.state, "to": to, **{name: text for name, text in detail.items() if text}}
    thing = f"registration:{registration.id}"
    audit.write(connection, Act(actor=actor, action="registration.step", thing=thing, institution=own, detail=told))
    registration.state = to
    change(connection, registration)
    return registration


def note_proof(connection: Connection, registration: str, way: Way, *, fits: bool, detail: str) -> None:
    """Keep the outcome of a look for a proof; the latest of each way."""
    own = (proofs.c.registration == registration, proofs.c.way == way)
    connection.execute(delete(proofs).where(*own))
    row = {"registration": registration, "way": way, "fits": fits, "checked_at": now_text(), "detail": detail[:500]}
    connection.execute(insert(proofs).values(**row))


def proofs_of(connection: Connection, registration: str) -> list[Proof]:
    """What was tried for a registration, the latest first."""
    query = select(proofs).where(proofs.c.registration == registration).order_by(proofs.c.checked_at.desc())
    return [Proof(**row._mapping) for row in connection.execute(query)]


def proven_before(connection: Connection, moment: str) -> list[tuple[Registration, Proof]]:
    """Living registrations with a proof that was looked at last before a moment: to be looked at again."""
    query = (
        select(registrations, proofs.c.way, proofs.c.fits, proofs.c.checked_at, proofs.c.detail)
        .join(proofs, proofs.c.registration == registrations.c.id)
        .where(registrations.c.state.in_(("live", "paused")), proofs.c.way.in_(("dns", "file", "description")))
        .where(proofs.c.checked_at < moment)
        .order_by(proofs.c.checked_at)
    )
    return [
        (
            _registration(row),
            Proof(registration=row.id, way=row.way, fits=row.fits, checked_at=row.checked_at, detail=row.detail),
        )
        for row in connection.execute(query)
    ]


def counts(connection: Connection) -> dict[str, int]:
    """How many there are in each state."""
    query = select(registrations.c.state, func.count()).group_by(registrations.c.state)
    return {state: int(number) for state, number in connection.execute(query)}


def _all(connection: Connection, condition: object) -> list[Registration]:
    query = select(registrations).where(condition).order_by(registrations.c.created_at.desc(), registrations.c.id)  # type: ignore[arg-type]
    return [_registration(row) for row in connection.execute(query)]


def _registration(row: object) -> Registration:
    own = {name: getattr(row, name) for name in Registration.__struct_fields__ if name != "proposal"}
    return Registration(**own, proposal=from_json(row.proposal, Proposal))  # type: ignore[attr-defined]

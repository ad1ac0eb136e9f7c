"""The way of a registration: from a look at an address to a living source, and out again.

Each step is one transaction.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from config.settings import Settings
from schemas.catalogue import Source
from schemas.domains import in_dns, site_of
from schemas.institution import Institution
from schemas.registration import Finding, Proposal, Registration, RegistrationState, Way
from search_api.accounts import emptied
from search_api.accounts.outside import Outside
from store import accounts, institutions, links, registrations, sources
from store.database import Connection, Database, now_text
from store.registrations import StepError
from store.secrets import token

WAITING: tuple[RegistrationState, ...] = (
    "draft",
    "probed",
    "proof_pending",
    "proven",
    "approved",
    "paused",
    "withdrawn",
)
"""States in which a registration may still need what it was made of."""
UNPROVEN: tuple[RegistrationState, ...] = ("draft", "probed", "proof_pending")
"""States in which nobody has shown yet that the feed is theirs."""
DAILY = "0 3 * * *"
"""Schedule of a new source, in its institution's time zone; the platform spreads them."""


def token_of(home: Path, registration: Registration, way: Way) -> str:
    """What has to be shown, for this registration, this person and this way only."""
    return token(home, f"proof {registration.id} {registration.account} {way}")


def endpoint_of(registration: Registration, registry_url: str = "") -> str:
    """Where the proof is looked for: the endpoint, or (of an uploaded file) the institution's own site."""
    if registration.proposal.location.startswith(("http://", "https://")):
        return registration.proposal.location
    return registration.proposal.new.url if registration.proposal.new else registry_url


def ways_of(registration: Registration, endpoint: str) -> list[Way]:
    """The ways that are open to a registration, the simplest first."""
    host = urlsplit(endpoint).hostname or ""
    found: list[Way] = []
    if host:
        mail = registration.proposal.admin_email.rpartition("@")[2].lower()
        # A mail box proves something alone only where it is of the endpoint's own site: on hosted systems the address
        # in Identify is the host's, or a default that the software came with.
        if mail and site_of(mail) and site_of(mail) == site_of(host):
            found.append("mail")
        found.append("file")
        if in_dns(host):
            found.append("dns")
    if registration.proposal.protocol == "oai":
        found.append("description")
    return found


def masked(email: str) -> str:
    """A mail address so that its owner knows it and nobody else learns it."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}…@{domain}"


def begin_proof(connection: Connection, registration: Registration, actor: str) -> Registration:
    """Somebody has chosen to prove it."""
    if registration.state == "probed":
        return registrations.step(connection, registration, "proof_pending", actor)
    return registration


def prove(
    database: Database,
    settings: Settings,
    outside: Outside,
    registration: Registration,
    way: Way,
    endpoint: str,
    actor: str,
) -> Finding:
    """Look for the token of a way now, and go on when it is there.

    Raises:
        StepError: the registration is no longer waiting for a proof.
        SecretError: the key of the tokens cannot be used.
    """
    finding = outside.prove(way, endpoint, token_of(settings.home, registration, way))
    with database.begin() as connection:
        registrations.note_proof(
            connection, registration.id, way, fits=finding.fits, detail=f"{finding.code} {finding.where}"
        )
        fresh = registrations.get(connection, registration.id)
        if finding.fits and fresh and fresh.state in ("probed", "proof_pending"):
            proven(connection, settings, fresh, way, actor)
    return finding


def proven(connection: Connection, settings: Settings, registration: Registration, way: Way, actor: str) -> None:
    """It is theirs: go live, or wait for an operator where the platform wants that."""
    registration = begin_proof(connection, registration, actor)
    registrations.step(connection, registration, "proven", actor, by=way)
    if settings.registration == "proven":
        go_live(connection, registration, actor)


def approve(connection: Connection, registration: Registration, actor: str) -> None:
    """An operator lets it in."""
    registrations.step(connection, registration, "approved", actor)
    go_live(connection, registration, actor)


def go_live(connection: Connection, registration: Registration, actor: str) -> None:
    """Make the institution (if it is new), the source and the person's role; the worker harvests it at once."""
    proposal = registration.proposal
    if not proposal.institution and proposal.new:
        proposal.institution = _new_institution(connection, proposal)
        accounts.set_role(connection, registration.account, proposal.institution, "editor")
    registration.source = registration.source or _free_id(connection, proposal.institution)
    sources.add(connection, _source(registration))
    emptied.show(connection, proposal.institution)
    registrations.step(connection, registration, "live", actor, source=registration.source)


def mail_link(connection: Connection, registration: Registration) -> str:
    """The secret of a link for whoever reads the ``adminEmail`` of the answer that we fetched."""
    return links.make(connection, "contact", registration.proposal.admin_email, registration=registration.id)


def use_mail_link(database: Database, settings: Settings, secret: str) -> Registration | None:
    """Somebody who reads that box confirms; None when the link cannot be used."""
    with database.begin() as connection:
        link = links.use(connection, secret)
        if link is None or link.purpose != "contact":
            return None
        registration = registrations.get(connection, link.detail.get("registration", ""))
        if registration is None or registration.state not in ("probed", "proof_pending"):
            return None
        where = masked(link.email)
        registrations.note_proof(connection, registration.id, "mail", fits=True, detail=f"fits {where}")
        proven(connection, settings, registration, "mail", where)
        return registration


def pause(connection: Connection, registration: Registration, actor: str, *, reason: str = "") -> None:
    """The schedule leaves it alone; what was harvested stays."""
    _set_paused(connection, registration.source, paused=True)
    registration.reason = reason
    registrations.step(connection, registration, "paused", actor, reason=reason)


def resume(connection: Connection, registration: Registration, actor: str) -> None:
    """Harvest it again."""
    _set_paused(connection, registration.source, paused=False)
    registration.reason = ""
    registrations.step(connection, registration, "live", actor)


def pause_source(connection: Connection, id_: str, actor: str, *, paused: bool) -> None:
    """Pause or resume a source, and the registration that it came from with it, so that both say the same."""
    registration = registrations.of_source(connection, id_)
    if registration is not None and registration.state == ("live" if paused else "paused"):
        (pause if paused else resume)(connection, registration, actor)
    else:
        _set_paused(connection, id_, paused=paused)


def withdraw(database: Database, outside: Outside, registration: Registration, actor: str) -> int:
    """Take everything out: the records rest, and vanish from search, feeds and our OAI-PMH; returns how many.

    The state changes first: should the rest be cut off, the day's work goes on with it, and nothing is harvested
    meanwhile. Once the rest is over ``leaving.end_rests`` removes what is left.

    Raises:
        StepError: it cannot be withdrawn now.
        Refusal: somebody else takes it out or brings it back just now.
    """
    with database.begin() as connection:
        if registration.state != "withdrawn":
            if registration.source:
                _set_paused(connection, registration.source, paused=True)
            registrations.step(connection, registration, "withdrawn", actor)
            emptied.hide_if_emptied(connection, registration.proposal.institution)
    return outside.take_out(registration.source) if registration.source else 0


def come_back(database: Database, outside: Outside, registration: Registration, actor: str) -> int:
    """Undo a withdrawal while the records rest; ids are as before. Returns how many came back.

    Raises:
        StepError: it is not withdrawn, or the rest is over and nothing is left to come back.
        TakenError: somebody has registered the same feed since.
        Refusal: somebody else takes it out or brings it back just now.
    """
    if registration.state != "withdrawn" or not registration.source:
        raise StepError("what was withdrawn is gone for good; register it again")
    with database.connect() as connection:
        registrations.check_free(connection, registration)
    back = outside.bring_back(registration.source)
    with database.begin() as connection:
        _set_paused(connection, registration.source, paused=False)
        emptied.show(connection, registration.proposal.institution)
        registrations.step(connection, registration, "live", actor)
    return back


def _set_paused(connection: Connection, id_: str, *, paused: bool) -> None:
    source = sources.get(connection, id_)
    if source is not None:
        source.paused = paused
        sources.add(connection, source)


def _source(registration: Registration) -> Source:
    proposal = registration.proposal
    return Source(
        id=registration.source,
        protocol=proposal.protocol,
        location=proposal.location,
        format=proposal.format,
        institution=proposal.institution,
        sets=proposal.sets,
        prefix=proposal.prefix,
        mapping_text=proposal.mapping_text,
        encoding=proposal.encoding,
        licence=proposal.licence,
        schedule=DAILY if "://" in proposal.location else "",
        scheduled_at=now_text(),
        wanted_at=now_text(),
    )


def _new_institution(connection: Connection, proposal: Proposal) -> str:
    new = proposal.new
    assert new is not None  # noqa: S101 - the caller has looked
    known = {place.id for place in institutions.all_institutions(connection)}
    base = _slug(new.name) or "institution"
    id_ = next(name for n in range(1, 10_000) if (name := base if n == 1 else f"{base}-{n}") not in known)
    place = Institution(
        id=id_, name=new.name, kind=new.kind, lat=new.lat, lon=new.lon, url=new.url,
        checked_on=datetime.now(UTC).date().isoformat(),
    )  # fmt: skip
    institutions.upsert(connection, [place])
    return id_


def _free_id(connection: Connection, base: str) -> str:
    known = {source.id for source in sources.all_sources(connection)}
    return next(name for n in range(1, 10_000) if (name := base if n == 1 else f"{base}-{n}") not in known)


def _slug(name: str) -> str:
    """Letters and digits of ASCII, as far as a name has them."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60]

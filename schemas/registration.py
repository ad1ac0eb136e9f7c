"""A source that an institution registers itself: what it wants, how far that is, and how it shows that it may."""

from __future__ import annotations

from typing import Literal, get_args
from urllib.parse import urlsplit, urlunsplit

import msgspec

from schemas.catalogue import WITHHELD
from schemas.institution import InstitutionKind

RegistrationState = Literal[
    "draft", "probed", "proof_pending", "proven", "approved", "live", "paused", "withdrawn", "refused"
]
"""draft: looked at, and it does not work yet. proven: waits for an operator where the platform wants that."""

NEXT: dict[RegistrationState, frozenset[RegistrationState]] = {
    "draft": frozenset({"probed", "withdrawn"}),
    "probed": frozenset({"draft", "proof_pending", "proven", "withdrawn", "refused"}),
    "proof_pending": frozenset({"draft", "probed", "proven", "withdrawn", "refused"}),
    "proven": frozenset({"approved", "live", "withdrawn", "refused"}),
    "approved": frozenset({"live", "withdrawn", "refused"}),
    "live": frozenset({"paused", "withdrawn"}),
    "paused": frozenset({"live", "withdrawn"}),
    "withdrawn": frozenset({"paused", "live"}),
    "refused": frozenset({"probed", "withdrawn"}),
}
"""State -> the states that may follow. No other step is ever made."""

ENDED: frozenset[RegistrationState] = frozenset({"withdrawn", "refused"})

Way = Literal["dns", "file", "mail", "description", "vouched"]
"""How somebody shows that an endpoint is theirs."""
WAYS: tuple[Way, ...] = get_args(Way)

TERMS = "2026-11"
"""Version of the terms that a registration agrees to."""

LICENCES: dict[str, str] = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    WITHHELD: "",
}
"""Licences of the descriptions that can be chosen; "none" = they are shown here, and given to nobody else."""


PROOF_MISSING = "the proof of control is missing"
"""Why the platform pauses by itself; every other reason is somebody's own words."""

GIVEN_UP = "nobody went on with it"
"""Why the platform ends a registration by itself: unproven for so long, it would only keep others from the feed."""


class NewInstitution(msgspec.Struct, omit_defaults=True, kw_only=True):
    """An institution that is not in the registry yet."""

    name: str
    kind: InstitutionKind = "library"
    lat: float | None = None
    lon: float | None = None
    url: str = ""


class Proposal(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What somebody wants to register."""

    location: str
    protocol: str
    format: str
    prefix: str = ""
    sets: list[str] = msgspec.field(default_factory=list)
    mapping_text: str = ""
    encoding: str = ""
    institution: str = ""
    """Id of the institution it belongs to; "" = of a new one."""
    new: NewInstitution | None = None
    licence: str = "CC0-1.0"
    """A key of ``LICENCES``."""
    terms: str = ""
    admin_email: str = ""
    """Of the answer that we fetched, never what somebody typed."""
    repository_name: str = ""
    size: int | None = None


class Registration(msgspec.Struct, kw_only=True):
    """A proposal on its way."""

    id: str
    state: RegistrationState
    account: int
    """Number of the account that made it."""
    created_at: str
    changed_at: str
    proposal: Proposal
    source: str = ""
    """Id of the source, once it was live."""
    reason: str = ""
    """Why an operator refused it, or why it is paused."""


class Proof(msgspec.Struct, kw_only=True):
    """One way of showing control, tried for one registration."""

    registration: str
    way: Way
    fits: bool
    checked_at: str
    detail: str = ""
    """What was found, in words; of "vouched" who vouches, and why."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a look for a token found. ``code``: fits, missing, other, unreachable; the texts have words for each."""

    code: str
    where: str
    """The name or address that was looked at."""

    @property
    def fits(self) -> bool:
        """Whether the token was there."""
        return self.code == "fits"


def normal_location(location: str) -> str:
    """An address as addresses are compared: host and scheme lower, no default port, dot segments or fragment."""
    parts = urlsplit(location.strip())
    if not parts.hostname:
        return location.strip()
    scheme, host = parts.scheme.lower(), parts.hostname.lower().rstrip(".")
    default = {"http": 80, "https": 443}.get(scheme)
    port = f":{parts.port}" if parts.port and parts.port != default else ""
    kept: list[str] = []
    for segment in parts.path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return urlunsplit((scheme, f"{host}{port}", "/" + "/".join(kept), parts.query, ""))


def same_feed(proposal: Proposal) -> str:
    """What is unique of a feed: address, format and sets. One endpoint with a set for each institution is fine."""
    return "\n".join([normal_location(proposal.location), proposal.format, *sorted(proposal.sets)])

"""Who logs in, what they may do where, and the line that an act leaves in the audit."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

Role = Literal["editor", "member"]
"""What a person is for an institution. Operators are no role: they stand above all institutions."""
ROLES: tuple[Role, ...] = get_args(Role)

Permission = Literal[
    "account:self", "institution:read", "institution:edit", "sources:manage", "keys:manage", "members:manage",
    "audit:read", "platform:read", "platform:decide",
]  # fmt: skip

ANYBODY: frozenset[Permission] = frozenset({"account:self"})
"""What every account may do, for itself only."""

OF_ROLE: dict[Role, frozenset[Permission]] = {
    "member": frozenset({"institution:read", "institution:edit"}),
    "editor": frozenset(
        {"institution:read", "institution:edit", "sources:manage", "keys:manage", "members:manage", "audit:read"}
    ),
}
"""What a role may do for its own institution and the branches of it."""

OF_OPERATOR: frozenset[Permission] = OF_ROLE["editor"] | {"platform:read", "platform:decide"}

CONFIRMED: frozenset[Permission] = frozenset({"platform:decide"})
"""Dangerous: asks for the second factor again before it is done."""


def is_email(text: str) -> bool:
    """Whether a text can be a mail address; whether it is one only a mail to it tells."""
    fits = text.count("@") == 1 and len(text) <= 254 and text.isprintable() and not any(c.isspace() for c in text)
    return fits and all(text.split("@"))


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A person who logs in. Nothing is kept but what that needs."""

    number: int
    email: str
    """Lower case."""
    name: str
    operator: bool
    lang: str
    """Language of the mails: a key of ``search_api.messages``."""
    created_at: str
    disabled_at: str | None
    password: str = ""
    """Argon2id hash; "" = logs in by link or passkey only."""
    totp: str = ""
    """Sealed secret of the authenticator app; "" = none."""
    totp_step: int = 0
    """Last time step of which a code was taken: a code serves once."""


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """A person's role for an institution."""

    account: int
    institution: str
    role: Role


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the audit: who did what to which thing."""

    actor: str
    """Mail address, or "command (NAME)" for a person at the machine, or "lampway" for the platform itself."""
    action: str
    """Area and verb: "account.add", "source.pause"."""
    thing: str
    """What it was done to, as its kind and id: "source:newcastle"."""
    institution: str = ""
    """Whose thing it is; "" = the platform's."""
    detail: dict[str, str] = msgspec.field(default_factory=dict)
    """What changed, before and after, and the reason given. Never a secret."""


class Line(Act, frozen=True, kw_only=True):
    """A line as it stands in the audit."""

    number: int
    at: str

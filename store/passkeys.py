"""Repository of passkeys: the public halves of keys that people's devices keep, and how often each was used."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from schemas.account import Account
from store.account_tables import passkeys
from store.database import now_text


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A key of one device, or of what syncs a person's devices. Nothing in it is secret."""

    id: bytes
    account: int
    public_key: bytes
    """COSE, as the device gave it."""
    sign_count: int
    """How often the device says that it has signed; 0 = it does not count."""
    label: str
    created_at: str
    last_used_at: str | None


def add(connection: Connection, account: int, id_: bytes, public_key: bytes, sign_count: int, label: str) -> bool:
    """Keep a passkey; False if there is one with this id, whose-ever it is."""
    if find(connection, id_) is not None:
        return False
    row = {"id": id_, "account": account, "public_key": public_key, "sign_count": sign_count, "label": label}
    connection.execute(insert(passkeys).values(**row, created_at=now_text()))
    return True


def find(connection: Connection, id_: bytes) -> Passkey | None:
    """One passkey."""
    row = connection.execute(select(passkeys).where(passkeys.c.id == id_)).first()
    return None if row is None else _passkey(row)


def of_account(connection: Connection, account: int) -> list[Passkey]:
    """A person's passkeys, the oldest first."""
    query = select(passkeys).where(passkeys.c.account == account).order_by(passkeys.c.created_at, passkeys.c.id)
    return [_passkey(row) for row in connection.execute(query)]


def has_second_factor(connection: Connection, account: Account) -> bool:
    """Whether an account can show by an app or a passkey that it is its person who acts."""
    return bool(account.totp or of_account(connection, account.number))


def used(connection: Connection, passkey: Passkey, sign_count: int) -> bool:
    """Note a use; False when another use was noted since the passkey was read."""
    seen = (passkeys.c.id == passkey.id, passkeys.c.sign_count == passkey.sign_count)
    now = update(passkeys).where(*seen).values(sign_count=sign_count, last_used_at=now_text())
    return connection.execute(now).rowcount > 0


def remove(connection: Connection, account: int, id_: bytes | None = None) -> int:
    """Forget one passkey of an account, or (None) all; returns how many."""
    own = delete(passkeys).where(passkeys.c.account == account)
    return connection.execute(own if id_ is None else own.where(passkeys.c.id == id_)).rowcount


def _passkey(row: object) -> Passkey:
    return Passkey(**{name: getattr(row, name) for name in Passkey.__struct_fields__})

"""Repository of the audit: append only. A line is written in the transaction of the act it tells of."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, insert, select

from schemas.account import Act, Line
from store.account_tables import audit
from store.codec import from_json, to_json
from store.database import now_text


def write(connection: Connection, act: Act) -> None:
    """Add a line."""
    connection.execute(
        insert(audit).values(
            at=now_text(),
            actor=act.actor,
            action=act.action,
            thing=act.thing,
            institution=act.institution,
            detail=to_json(act.detail),
        )
    )


def read(
    connection: Connection,
    *,
    institutions: Iterable[str] | None = None,
    since: str = "",
    before: int = 0,
    limit: int = 100,
) -> list[Line]:
    """Lines, the latest first.

    Args:
        connection: to read from.
        institutions: only theirs; None = all.
        since: ISO time from which on.
        before: number of a line: only older ones, to page on.
        limit: at most so many.
    """
    query = select(audit).order_by(audit.c.number.desc()).limit(limit)
    if institutions is not None:
        query = query.where(audit.c.institution.in_(list(institutions)))
    if since:
        query = query.where(audit.c.at >= since)
    if before:
        query = query.where(audit.c.number < before)
    return [
        Line(
            number=row.number,
            at=row.at,
            actor=row.actor,
            action=row.action,
            thing=row.thing,
            institution=row.institution,
            detail=from_json(row.detail, dict[str, str]),
        )
        for row in connection.execute(query)
    ]

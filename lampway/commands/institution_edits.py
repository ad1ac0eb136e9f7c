"""``lampway institutions set`` and ``remove``: one entry of the registry, by hand."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from lampway.acts import note_act
from lampway.console import FAILED, WRONG_USE, fail, note, open_store, say, say_json, settings_or_fail
from schemas.institution import Institution
from schemas.institution_edit import FIELDS, change
from store import institutions, sources


def set_fields(
    id: Annotated[str, typer.Argument(help="The institution.")],  # noqa: A002
    changes: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE...", help="An empty value empties the field.")],
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Change fields of one institution, by the rules of the import. Several words: comma separated.

    Example: lampway institutions set city-library "opening_hours=Mo-Fr 09:00-18:00" services=loan,on_site

    It counts as checked today (checked_on), unless you give another date.
    """
    given = {"checked_on": date.today().isoformat()} | _pairs(changes)
    with open_store(settings_or_fail()) as database, database.begin() as connection:
        places = {place.id: place for place in institutions.all_institutions(connection)}
        old = places.get(id)
        if old is None:
            fail(f"no institution {id!r}; `lampway institutions list` shows all", WRONG_USE)
        edit = change(old, given)
        problems = [f"{p.field}: {p.value!r} {p.reason}. {p.fix}" for p in edit.problems]
        if "parent" in given and (reason := _wrong_parent(edit.institution, places)):
            problems.append(f"parent: {given['parent']!r} {reason}")
        if problems:
            fail("nothing changed. " + "\n".join(problems), WRONG_USE)
        institutions.upsert(connection, [edit.institution])
        changed = [field for field in FIELDS if getattr(old, field) != getattr(edit.institution, field)]
        note_act(connection, "institution.edit", f"institution:{id}", id, fields=", ".join(changed))
    for line in edit.notes:
        note(line)
    if json:
        say_json(edit.institution)
    else:
        say(f"{id}: {', '.join(changed)} changed" if changed else f"{id}: nothing to change")


def _pairs(changes: list[str]) -> dict[str, str]:
    pairs = dict(text.partition("=")[::2] for text in changes)
    if bare := [text for text in changes if "=" not in text]:
        fail(f'{bare[0]!r} is no FIELD=VALUE; quote values with blanks: "address=1 High St"', WRONG_USE)
    if unknown := [field for field in pairs if field not in FIELDS]:
        fail(f"no field {', '.join(map(repr, unknown))}; there are {', '.join(FIELDS)}", WRONG_USE)
    return pairs


def _wrong_parent(place: Institution, places: dict[str, Institution]) -> str:
    """Why it cannot belong to that owner; empty when it can."""
    owner, seen = place.parent, {place.id}
    if owner and owner not in places:
        return "is not in the registry; `lampway institutions list` shows all"
    while owner:
        if owner in seen:
            return "is the institution itself or one of its branches"
        seen.add(owner)
        owner = places[owner].parent if owner in places else ""
    return ""


def remove(
    id: Annotated[str, typer.Argument(help="The institution.")],  # noqa: A002
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Remove one institution that no source and no branch names. One that is shut stays, with `set ID closed=yes`.

    Example: lampway institutions remove old-branch
    """
    with open_store(settings_or_fail()) as database, database.begin() as connection:
        if institutions.get(connection, id) is None:
            fail(f"no institution {id!r}; `lampway institutions list` shows all", WRONG_USE)
        named = (
            ("source", [source.id for source in sources.all_sources(connection) if source.institution == id]),
            ("branch", [place.id for place in institutions.all_institutions(connection) if place.parent == id]),
        )
        if users := [f"{what} {', '.join(ids)}" for what, ids in named if ids]:
            fail(f"{id} is still named by {'; '.join(users)}. Change or remove these first", FAILED)
        institutions.remove(connection, id)
        note_act(connection, "institution.remove", f"institution:{id}", id)
    if json:
        say_json({"removed": id})
    else:
        say(f"{id} is removed.")
    note("Run `lampway index` if records told copies there.")


def register(app: typer.Typer) -> None:
    """Add to ``lampway institutions``."""
    app.command("set")(set_fields)
    app.command("remove")(remove)

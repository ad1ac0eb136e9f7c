"""A source's mapping file: what its columns and subfields mean. Every key is told in the fields of ``Mapping``."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec
import yaml

from harvester.formats.base import MappingError
from schemas.catalogue import Source

Names = str | int | list[str | int]
"""A column's header, its number (from 1), or several of them, whose values are all taken."""


class ItemFields(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Where a system writes its copies into MARC: one field a copy."""

    tag: str
    fields: dict[str, str]
    """institution, branch, location, call_number, key, status, due, copies, note, url -> subfield codes. Of several
    codes the first one that is there counts; call_number and location join them; of status the first understood."""
    flags: dict[str, str | dict[str, str]] = {}
    """Subfield -> what it means when it is neither empty nor 0 (a meaning of statuses.yaml), or value -> meaning."""
    otherwise: str = ""
    """The meaning when nothing else is said: systems that only note what is not on its shelf."""
    statuses: dict[str, str] = {}
    """Status word in capitals -> meaning, before the general map."""
    recognise: str = ""
    """Subfields that together give this layout away, so that it is used without a mapping."""


class DeletedRows(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which rows of a table say that their record is gone."""

    column: str | int
    words: list[str] = []
    """Values that mean so; without them, any value but an empty one, 0, no and false."""


class Mapping(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A mapping file. All keys are optional; see ``docs/mapping.md`` for examples."""

    columns: dict[str, Names] = {}
    """Field of ours -> column. Fields that are not named are found by their header, as without a mapping."""
    constants: dict[str, str] = {}
    """Field of ours -> the value that every record (or copy) has."""
    values: dict[str, dict[str, str]] = {}
    """Field of ours -> (value in the file -> value meant), e.g. type, language, branch, institution, status."""
    split: dict[str, str] = {}
    """Field of ours -> characters at which one cell holds several values, e.g. subject: "|;"."""
    id: Names = ""
    """Column(s) of the record's identifier; "row" = the row number."""
    group_by: Names = ""
    """Column(s) whose equal values make several rows one record; default: id."""
    ignore: list[str] = []
    """Headers that must not be recognised by themselves."""
    header: bool | list[str] = True
    """False = the first row is data (columns by number); a list = the file has none, these are the names."""
    encoding: str = ""
    delimiter: str = ""
    sheet: str | int = ""
    """Of a workbook: the sheet's name, or its number from 1."""
    member: str = ""
    """Of a zip file with several files: the name of the one to read."""
    deleted: DeletedRows | Literal["all"] | None = None
    """Rows that delete their record; "all" = the file is a list of deletions."""
    quote: str = ""
    """Quotation mark; "none" = quotation marks are ordinary characters."""
    type: str = ""
    """RecordType of all records."""
    statuses: dict[str, Any] = {}
    """Status word -> meaning, state, or {service: state}; wins over the general map."""
    status_system: str = ""
    """A system of statuses.yaml: koha_notforloan, evergreen, sierra, alma ..."""
    branches: dict[str, str] = {}
    institutions: dict[str, str] = {}
    dates: Literal["day_first", "month_first"] = "day_first"
    items: str | list[ItemFields] = ""
    """MARC: a profile of marc_items.yaml ("koha", "symphony"), "none", or layouts of its own."""
    record_id: str = ""
    """MARC files: the field that holds the identifier instead of 001: another control field, or 035."""


def mapping_of(source: Source) -> Mapping:
    """The source's mapping, or an empty one.

    Raises:
        MappingError: see ``read_mapping``.
    """
    return read_mapping(source.mapping_text, source.mapping) if source.mapping_text.strip() else Mapping()


def all_deleted(source: Source) -> str:
    """The text of the source's mapping for a file whose rows all are deletions.

    Raises:
        MappingError: see ``read_mapping``.
    """
    mapping_of(source)
    data = yaml.safe_load(source.mapping_text) or {}
    return yaml.safe_dump({**data, "deleted": "all"}, allow_unicode=True)


def read_mapping(text: str, name: str = "") -> Mapping:
    """Read and check a mapping file.

    Raises:
        MappingError: names the file, the line, the key, and what is allowed there.
    """
    where = f"{name or 'mapping'}: "
    try:
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MappingError(f"{where}line {line}: not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise MappingError(f"{where}not YAML: {error}") from None
    if data is None:
        return Mapping()
    if not isinstance(data, dict):
        raise MappingError(f"{where}must be keys and values like 'columns:', not a {type(data).__name__}")
    try:
        return msgspec.convert(_plain(data), Mapping)
    except msgspec.ValidationError as error:
        raise MappingError(f"{where}{_explain(str(error), text)}") from None


def _plain(value: Any) -> Any:
    # YAML reads 0:, yes: and 2026-01-05: as numbers, truths and dates; words of a source are text.
    if isinstance(value, dict):
        return {_word(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value


def _word(key: Any) -> str:
    return {True: "yes", False: "no", None: ""}[key] if key is None or isinstance(key, bool) else str(key)


def _explain(message: str, text: str) -> str:
    unknown = re.search(r"unknown field `([^`]+)`", message)
    path = re.search(r"at `\$\.?([^`]*)`", message)
    key = unknown[1] if unknown else re.split(r"[.\[]", path[1])[0] if path else ""
    lines = [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if re.match(rf"\s*-?\s*['\"]?{re.escape(key)}\b", line)
    ]
    place = f"line {lines[0]}: " if key and lines else ""
    if unknown:
        return f"{place}unknown key {key!r}; there are {', '.join(Mapping.__struct_fields__)}"
    truth = "; YAML takes words like No, yes and on for truths: write them in quotes" if "got `bool`" in message else ""
    return f"{place}{path[1] + ': ' if path else ''}{message.split(' - at')[0]}{truth}"

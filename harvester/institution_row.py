"""One row of a table of institutions: its values read and checked; what is wrong is told by row and column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from collections.abc import Mapping as AnyMapping
from typing import Any, TypeVar

import msgspec

from harvester.formats.text import fold, tidy
from harvester.institution_mapping import Columns, InstitutionMapping, kind_of, read_kind
from harvester.institution_table import TableRow
from schemas import institution_rules as values
from schemas.hours import HoursError
from schemas.hours_clock import timezone_of
from schemas.hours_schema_org import from_schema_org
from schemas.hours_services import problems_of
from schemas.hours_text import Understood, from_weekday_table
from schemas.institution import HoursException, Institution, InstitutionKind, ServicePoint
from schemas.institution_rules import ValueProblemError

T = TypeVar("T")
One = Callable[[str], str]
"""The text that a row gives for a field of ours; "" = none."""

_WEAK_KINDS = frozenset({"type", "typ", "tipo"})
_OSM_ID = re.compile(r"(node|way|relation)/\d+")
_SCHEMA_ORG = frozenset({"opens", "closes", "validFrom", "openingHours", "openingHoursSpecification"})
_NOTHING = frozenset({"NA", "N/A", "n/a", "NULL", "null", "\\N", "-"})


class RowProblem(msgspec.Struct, frozen=True):
    """Why a row, or one value of it, cannot be imported."""

    row: int
    """Number of the row, from 1, the header not counted."""
    column: str
    value: str
    reason: str
    fix: str

    def __str__(self) -> str:
        where = f"row {self.row}" + (f", {self.column}" if self.column else "")
        value = f" {self.value!r}" if self.value else ""
        return f"{where}:{value} {self.reason}. {self.fix}".rstrip()


class RowReader:
    """Reads the rows of one file."""

    def __init__(self, mapping: InstitutionMapping, columns: Columns) -> None:
        self._mapping, self._columns = mapping, columns
        self.made_ids = self.guessed_kinds = 0
        self._meant = {
            field: {word.strip().casefold(): meant for word, meant in words.items()}
            for field, words in mapping.values.items()
        }

    def column_of(self, field: str) -> str:
        """The file's own name of a field's column."""
        columns = self._columns.fields.get(field, [])
        return " + ".join(columns if field in self._columns.mapped else columns[:1]) or field

    def problem_of(self, row: TableRow, problem: ValueProblemError, said: str = "") -> RowProblem:
        """A wrong value as the importer is told of it."""
        reason = f"{problem.reason}{said}"
        return RowProblem(row.number, self.column_of(problem.field), problem.value, reason, problem.fix)

    def wanted(self, row: TableRow) -> bool:
        """Whether the mapping wants the row, and there is anything in it."""
        for column, kept in self._mapping.keep.items():
            if text_of(row.values.get(column)) not in kept:
                return False
        for column, dropped in self._mapping.leave_out.items():
            if text_of(row.values.get(column)) in dropped:
                return False
        return any(text_of(value) for value in row.values.values())

    def read(
        self, row: TableRow, taken: AnyMapping[str, int], mistakes: list[ValueProblemError]
    ) -> tuple[Institution, list[str]]:
        """The institution of a row, and what was assumed about it.

        Hours, addresses on the web and the date of the last check may be wrong without the place being wrong: they
        stay empty, and the mistake is added to ``mistakes``. Raises ValueProblemError for all else.
        """

        def or_else(empty: T, read: Callable[..., T], *given: Any) -> T:
            try:
                return read(*given)
            except ValueProblemError as problem:
                mistakes.append(problem)
                return empty

        one = self._one(row)
        name = one("name")
        if not name:
            raise ValueProblemError("name", "", "is missing", "give each institution its name")
        id_ = self._id(row, one, name, taken)
        country, position, timezone = _where(one)
        exceptions = values.read_exceptions(self._raw(row, "exceptions"))
        nothing: tuple[str, list[str]] = ("", [])
        hours, notes = or_else(nothing, self._hours, row, one("opening_hours"), timezone, exceptions)
        institution = Institution(
            id=id_,
            name=name,
            kind=self._kind(row, one("kind"), name),
            parent=one("parent"),
            isil=one("isil"),
            lat=position[0] if position else None,
            lon=position[1] if position else None,
            address=self._address(row, one),
            city=one("city"),
            postcode=one("postcode"),
            region=one("region"),
            country=country,
            timezone=timezone,
            opening_hours=hours,
            exceptions=exceptions,
            service_points=values.read_service_points(self._raw(row, "service_points")) + self._service_points(row),
            services=values.read_services(self._raw(row, "services")),
            aliases=values.read_aliases(self._raw(row, "aliases")),
            url=or_else("", values.read_url, one("url")),
            phone=one("phone"),
            email=or_else("", values.read_email, one("email")),
            description=one("description"),
            checked_on=or_else("", values.read_date, one("checked_on")),
            closed=values.read_truth(one("closed")),
            live=values.read_live(self._raw(row, "live")),
        )
        notes += [f"hours of a service point, unknown until mended: {problem}" for problem in problems_of(institution)]
        return institution, notes

    def _raw(self, row: TableRow, field: str) -> Any:
        for column in self._columns.fields.get(field, []):
            value = row.values.get(column)
            if value not in (None, "", []):
                return value
        return self._mapping.constants.get(field, "")

    def _one(self, row: TableRow) -> One:
        def one(field: str) -> str:
            columns = self._columns.fields.get(field, [])
            texts = [text for column in columns if (text := text_of(row.values.get(column)))]
            text = ", ".join(texts) if field in self._columns.mapped else texts[0] if texts else ""
            text = self._meant.get(field, {}).get(text.casefold(), text)
            return text or text_of(self._mapping.constants.get(field, ""))

        return one

    def _id(self, row: TableRow, one: One, name: str, taken: AnyMapping[str, int]) -> str:
        if not self._mapping.id and self._columns.fields.get("id"):
            # OpenStreetMap's own ids ("node/29071031") hold a slash, and ours must not.
            text = one("id")
            return values.read_id(text.replace("/", "-") if _OSM_ID.fullmatch(text) else text)
        base = one("isil") or _slug(name)
        if self._mapping.id:
            wanted = self._mapping.id if isinstance(self._mapping.id, list) else [self._mapping.id]
            base = _slug(" ".join(text_of(row.values.get(str(column))) for column in wanted))
        else:
            self.made_ids += 1
        tries = (base, _slug(f"{base} {one('city')}"), _slug(f"{base} {one('postcode')}"), f"{base}-{row.number}")
        return values.read_id(next((text for text in tries if text and text not in taken), base))

    def _kind(self, row: TableRow, text: str, name: str) -> InstitutionKind:
        if not text:
            # A column "Type" may say what it is, but as often which sort of library.
            said = (text_of(value) for column, value in row.values.items() if fold(column) in _WEAK_KINDS)
            text = next((word for word in said if kind_of(word)), "")
            self.guessed_kinds += not text
        return read_kind(text, name)

    def _address(self, row: TableRow, one: One) -> str:
        street = text_of(row.values.get("addr:street"))
        if street and not one("address"):
            return f"{street} {text_of(row.values.get('addr:housenumber'))}".strip()
        return one("address")

    def _hours(
        self, row: TableRow, text: str, timezone: str, exceptions: list[HoursException]
    ) -> tuple[str, list[str]]:
        given = [row.values.get(column) for column in self._columns.fields.get("opening_hours", [])]
        if any(isinstance(value, dict | list) for value in given):
            understood = _structured_hours([value for value in given if value])
            return understood.expression, list(understood.notes)
        if text:
            return values.read_hours(text, timezone, exceptions)
        return self._weekday_hours(row, self._columns.hours)

    def _weekday_hours(self, row: TableRow, days: AnyMapping[str, str]) -> tuple[str, list[str]]:
        table = {day: text_of(row.values.get(column)) for day, column in days.items()}
        if not any(table.values()):
            return "", []  # nothing said is unknown, not closed all week
        try:
            understood = from_weekday_table(table)
        except HoursError as error:
            shown = ", ".join(f"{day}: {text}" for day, text in table.items() if text)
            raise ValueProblemError("opening_hours", shown, str(error), "write 09:00-17:00, or closed") from None
        return understood.expression, list(understood.notes)

    def _service_points(self, row: TableRow) -> list[ServicePoint]:
        points = []
        for name, days in self._columns.service_hours.items():
            hours, _ = self._weekday_hours(row, days)
            if hours:
                points.append(ServicePoint(name=name, hours=hours))
        return points


def _where(one: One) -> tuple[str, tuple[float, float] | None, str]:
    """Country, position and time zone; the position gives the time zone where the row does not."""
    country = values.read_country(one("country"))
    position = values.read_position(one("lat"), one("lon"), one("point"))
    if position:
        values.check_not_swapped(*position, country)
    timezone = values.read_timezone(one("timezone"))
    return country, position, timezone or (timezone_of(*position) if position else "")


def _structured_hours(given: list[Any]) -> Understood:
    """Hours of a JSON row: an object with a name of a day for each key, else as schema.org has them."""
    first = given[0]
    try:
        if isinstance(first, dict) and not first.keys() & _SCHEMA_ORG:
            return from_weekday_table(first)
        return from_schema_org([part for value in given for part in (value if isinstance(value, list) else [value])])
    except HoursError as error:
        shown = ", ".join(msgspec.json.encode(value).decode() for value in given)
        raise ValueProblemError(
            "opening_hours", shown, str(error), 'write {"monday": "09:00-17:00"}, or as schema.org has them'
        ) from None


def text_of(value: Any) -> str:
    """A value as text; "" for what is nested or only says that there is none."""
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = tidy(str(value))
    return "" if text in _NOTHING else text


def _slug(text: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return re.sub(r"[^\w]+", "-", plain.replace("'", "").replace("’", "")).strip("-_")[:100]

"""A real OAI-PMH 2.0 provider for the demo and the tests: whole repositories in memory, one answer a request.

http://www.openarchives.org/OAI/openarchivesprotocol.html; seconds granularity, persistent deletions, tokens without a
state on the server. ``demo_server`` puts it on a loopback port.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

import msgspec

FORMATS = {
    "oai_dc": ("http://www.openarchives.org/OAI/2.0/oai_dc.xsd", "http://www.openarchives.org/OAI/2.0/oai_dc/"),
    "marcxml": ("http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd", "http://www.loc.gov/MARC21/slim"),
}
"""metadataPrefix -> (schema, namespace)."""

_LIST = frozenset({"from", "until", "set", "metadataPrefix", "resumptionToken"})
_ARGUMENTS: dict[str, tuple[frozenset[str], frozenset[str]]] = {  # verb -> (allowed, required)
    "Identify": (frozenset(), frozenset()),
    "ListMetadataFormats": (frozenset({"identifier"}), frozenset()),
    "ListSets": (frozenset({"resumptionToken"}), frozenset()),
    "ListIdentifiers": (_LIST, frozenset({"metadataPrefix"})),
    "ListRecords": (_LIST, frozenset({"metadataPrefix"})),
    "GetRecord": (frozenset({"identifier", "metadataPrefix"}), frozenset({"identifier", "metadataPrefix"})),
}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DAY, _SECOND = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class OaiRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One item. ``metadata``: prefix -> XML of its root element; empty = deleted. ``datestamp``: UTC, to the second."""

    identifier: str
    datestamp: str
    sets: tuple[str, ...] = ()
    metadata: dict[str, bytes] = msgspec.field(default_factory=dict)


class _OaiError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Repository:
    """A repository of records in memory; ``records`` may be replaced while it is served."""

    def __init__(
        self,
        name: str,
        records: Sequence[OaiRecord],
        *,
        sets: dict[str, str] | None = None,
        page_size: int = 100,
        admin_email: str = "demo@lampway.example",
    ) -> None:
        """Make a repository.

        Args:
            name: repositoryName.
            records: its items; they are listed by datestamp, then identifier.
            sets: setSpec -> setName; None = no set hierarchy.
            page_size: records of one list answer.
            admin_email: adminEmail.
        """
        self.name, self.sets, self.page_size, self.admin_email = name, sets or {}, page_size, admin_email
        self.records = sorted(records, key=lambda record: (record.datestamp, record.identifier))

    def answer(self, base_url: str, arguments: Sequence[tuple[str, str]]) -> bytes:
        """The whole answer to one request, errors included.

        Args:
            base_url: the address of the repository, as harvesters know it.
            arguments: the request's decoded arguments, in any order.
        """
        arguments = [(name, _NOT_XML.sub("\ufffd", value)) for name, value in arguments]
        verb = dict(arguments).get("verb", "")
        attributes = "".join(f" {name}={quoteattr(value)}" for name, value in arguments)
        try:
            body = self._respond(verb, base_url, arguments)
        except _OaiError as error:
            body = f'<error code="{error.code}">{escape(str(error))}</error>'.encode()
            if error.code in {"badVerb", "badArgument"}:
                attributes = ""  # 3.6: the attributes are left out then
        head = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="'
            'http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">'
            f"<responseDate>{_now()}</responseDate><request{attributes}>{escape(base_url)}</request>"
        )
        return head.encode() + body + b"</OAI-PMH>\n"

    def _respond(self, verb: str, base_url: str, arguments: Sequence[tuple[str, str]]) -> bytes:
        if verb not in _ARGUMENTS or Counter(name for name, _ in arguments)["verb"] > 1:
            raise _OaiError("badVerb", f"{verb or 'no verb'}: not one verb of OAI-PMH")
        given = {name: value for name, value in arguments if name != "verb"}
        _check_arguments(verb, given, arguments)
        if verb == "Identify":
            return self._identify(base_url)
        if verb == "ListMetadataFormats":
            return self._formats(given.get("identifier"))
        if verb == "ListSets":
            return self._list_sets(given)
        if verb == "GetRecord":
            return self._get(given)
        render: Callable[[OaiRecord, str], bytes] = _record if verb == "ListRecords" else _header
        return f"<{verb}>".encode() + self._page(given, render) + f"</{verb}>".encode()

    def _identify(self, base_url: str) -> bytes:
        earliest = self.records[0].datestamp if self.records else _now()
        return (
            f"<Identify><repositoryName>{escape(self.name)}</repositoryName><baseURL>{escape(base_url)}</baseURL>"
            f"<protocolVersion>2.0</protocolVersion><adminEmail>{escape(self.admin_email)}</adminEmail>"
            f"<earliestDatestamp>{earliest}</earliestDatestamp><deletedRecord>persistent</deletedRecord>"
            "<granularity>YYYY-MM-DDThh:mm:ssZ</granularity></Identify>"
        ).encode()

    def _prefixes(self) -> set[str]:
        return {"oai_dc"}.union(*(record.metadata for record in self.records))

    def _formats(self, identifier: str | None) -> bytes:
        prefixes = self._prefixes() if identifier is None else set(self._find(identifier).metadata)
        if not prefixes:
            raise _OaiError("noMetadataFormats", f"{identifier} is deleted")
        rows = "".join(
            f"<metadataFormat><metadataPrefix>{prefix}</metadataPrefix><schema>{schema}</schema>"
            f"<metadataNamespace>{namespace}</metadataNamespace></metadataFormat>"
            for prefix, (schema, namespace) in FORMATS.items()
            if prefix in prefixes
        )
        return f"<ListMetadataFormats>{rows}</ListMetadataFormats>".encode()

    def _list_sets(self, given: dict[str, str]) -> bytes:
        if "resumptionToken" in given:
            raise _OaiError("badResumptionToken", "the list of sets is whole without one")
        if not self.sets:
            raise _OaiError("noSetHierarchy", "this repository has no sets")
        rows = "".join(
            f"<set><setSpec>{spec}</setSpec><setName>{escape(name)}</setName></set>" for spec, name in self.sets.items()
        )
        return f"<ListSets>{rows}</ListSets>".encode()

    def _find(self, identifier: str) -> OaiRecord:
        for record in self.records:
            if record.identifier == identifier:
                return record
        raise _OaiError("idDoesNotExist", f"{identifier}: no such record here")

    def _get(self, given: dict[str, str]) -> bytes:
        record = self._find(given["identifier"])
        prefix = given["metadataPrefix"]
        if (record.metadata and prefix not in record.metadata) or prefix not in self._prefixes():
            raise _OaiError("cannotDisseminateFormat", f"{prefix}: not a format of this record")
        return b"<GetRecord>" + _record(record, prefix) + b"</GetRecord>"

    def _page(self, given: dict[str, str], render: Callable[[OaiRecord, str], bytes]) -> bytes:
        token = given.get("resumptionToken")
        start = 0
        if token is not None:
            given, start = _read_token(token)
        prefix = given.get("metadataPrefix", "")
        if prefix not in self._prefixes():
            raise _OaiError("cannotDisseminateFormat", f"{prefix}: not a format of this repository")
        if given.get("set") and not self.sets:
            raise _OaiError("noSetHierarchy", "this repository has no sets")
        chosen = [record for record in self.records if _selected(record, given, prefix)]
        if token is not None and not 0 < start < len(chosen):
            raise _OaiError("badResumptionToken", f"{token}: beyond the list")
        if not chosen:
            raise _OaiError("noRecordsMatch", "no record matches")
        end = start + self.page_size
        rows = b"".join(render(record, prefix) for record in chosen[start:end])
        if end >= len(chosen) and token is None:
            return rows
        following = escape(_write_token(given, end)) if end < len(chosen) else ""
        size = f'completeListSize="{len(chosen)}" cursor="{start}"'
        return rows + f"<resumptionToken {size}>{following}</resumptionToken>".encode()


def _check_arguments(verb: str, given: dict[str, str], arguments: Sequence[tuple[str, str]]) -> None:
    allowed, required = _ARGUMENTS[verb]
    repeated = [name for name, count in Counter(name for name, _ in arguments).items() if count > 1]
    if repeated:
        raise _OaiError("badArgument", f"{', '.join(repeated)}: given more than once")
    if given.keys() - allowed:
        raise _OaiError("badArgument", f"{', '.join(sorted(given.keys() - allowed))}: not an argument of {verb}")
    if "resumptionToken" in given:
        if len(given) > 1:
            raise _OaiError("badArgument", "resumptionToken excludes every other argument")
        return
    if required - given.keys():
        raise _OaiError("badArgument", f"{', '.join(sorted(required - given.keys()))}: missing")
    first, last = given.get("from", ""), given.get("until", "")
    for moment in filter(None, (first, last)):
        _check_moment(moment)
    if first and last and len(first) != len(last):
        raise _OaiError("badArgument", "from and until differ in granularity")
    if first and last and first > last:
        raise _OaiError("badArgument", "from is later than until")


def _check_moment(text: str) -> None:
    if not (_DAY.fullmatch(text) or _SECOND.fullmatch(text)):
        raise _OaiError("badArgument", f"{text}: neither YYYY-MM-DD nor YYYY-MM-DDThh:mm:ssZ")
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise _OaiError("badArgument", f"{text}: no such moment") from None


def _selected(record: OaiRecord, given: dict[str, str], prefix: str) -> bool:
    first, last, wanted = given.get("from", ""), given.get("until", ""), given.get("set", "")
    if record.metadata and prefix not in record.metadata:
        return False
    if first and record.datestamp[: len(first)] < first:
        return False
    if last and record.datestamp[: len(last)] > last:
        return False
    return not wanted or any(spec == wanted or spec.startswith(f"{wanted}:") for spec in record.sets)


def _write_token(given: dict[str, str], start: int) -> str:
    return "|".join([*(given.get(name, "") for name in ("metadataPrefix", "from", "until", "set")), str(start)])


def _read_token(token: str) -> tuple[dict[str, str], int]:
    parts = token.split("|")
    if len(parts) != 5 or not re.fullmatch(r"[0-9]{1,9}", parts[4]):
        raise _OaiError("badResumptionToken", f"{token}: not one of ours")
    return dict(zip(("metadataPrefix", "from", "until", "set"), parts[:4], strict=True)), int(parts[4])


def _header(record: OaiRecord, _: str = "") -> bytes:
    status = "" if record.metadata else ' status="deleted"'
    sets = "".join(f"<setSpec>{spec}</setSpec>" for spec in record.sets)
    return (
        f"<header{status}><identifier>{escape(record.identifier)}</identifier>"
        f"<datestamp>{record.datestamp}</datestamp>{sets}</header>"
    ).encode()


def _record(record: OaiRecord, prefix: str) -> bytes:
    metadata = b"<metadata>" + record.metadata[prefix] + b"</metadata>" if record.metadata else b""
    return b"<record>" + _header(record) + metadata + b"</record>"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""What a request asks for, checked against the protocol: verbs, their arguments, dates."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from search_api.oai.errors import OaiError

_REQUIRED: dict[str, tuple[str, ...]] = {
    "GetRecord": ("identifier", "metadataPrefix"),
    "ListRecords": ("metadataPrefix",),
    "ListIdentifiers": ("metadataPrefix",),
}
_SELECTING = ("from", "until", "set", "resumptionToken")
_OPTIONAL: dict[str, tuple[str, ...]] = {
    "ListMetadataFormats": ("identifier",),
    "ListRecords": _SELECTING,
    "ListIdentifiers": _SELECTING,
    "ListSets": ("resumptionToken",),
}
VERBS = ("GetRecord", "Identify", "ListIdentifiers", "ListMetadataFormats", "ListRecords", "ListSets")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SECOND = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_SHOWN = 100


def read_verb(pairs: Sequence[tuple[str, str]]) -> str:
    """The verb.

    Raises:
        OaiError: badVerb.
    """
    verbs = [value for name, value in pairs if name == "verb"]
    if len(verbs) != 1:
        raise OaiError("badVerb", f"{'No' if not verbs else 'More than one'} verb; give one of {', '.join(VERBS)}.")
    if verbs[0] not in VERBS:
        raise OaiError("badVerb", f"{verbs[0][:_SHOWN]!r} is no verb; give one of {', '.join(VERBS)}.")
    return verbs[0]


def read_arguments(verb: str, pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The other arguments.

    Raises:
        OaiError: badArgument, for one that is repeated, unknown to the verb, missing, or not alone though it must be.
    """
    given = [(name, value) for name, value in pairs if name != "verb"]
    known = (*_REQUIRED.get(verb, ()), *_OPTIONAL.get(verb, ()))
    for name, times in Counter(name for name, _ in given).items():
        if name not in known:
            takes = f"it takes {', '.join(sorted(known))}" if known else "it takes none"
            raise OaiError("badArgument", f"{verb} takes no argument {name[:_SHOWN]!r}; {takes}.")
        if times > 1:
            raise OaiError("badArgument", f"{name} is given {times} times; give it once.")
    arguments = dict(given)
    if "resumptionToken" in arguments:
        if len(arguments) > 1:
            raise OaiError("badArgument", "resumptionToken goes with the verb alone: it carries the other arguments.")
        return arguments
    missing = sorted(set(_REQUIRED.get(verb, ())) - arguments.keys())
    if missing:
        raise OaiError("badArgument", f"{verb} needs {' and '.join(missing)}.")
    return arguments


def read_span(arguments: dict[str, str]) -> tuple[str, str]:
    """The first and the last moment wanted, to the second; "" = no bound.

    Raises:
        OaiError: badArgument.
    """
    given = {name: arguments[name] for name in ("from", "until") if name in arguments}
    for name, text in given.items():
        if not _is_moment(text):
            raise OaiError(
                "badArgument", f"{name}={text[:_SHOWN]!r} is no date: write YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ."
            )
    if len({len(text) for text in given.values()}) > 1:
        raise OaiError("badArgument", "from and until must both be days or both be seconds.")
    since, until = given.get("from", ""), given.get("until", "")
    if since and until and since > until:
        raise OaiError("badArgument", f"from={since} is later than until={until}.")
    return _to_second(since, "T00:00:00Z"), _to_second(until, "T23:59:59Z")


def _is_moment(text: str) -> bool:
    if not (_DAY.fullmatch(text) or _SECOND.fullmatch(text)):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _to_second(text: str, time: str) -> str:
    return text + time if _DAY.fullmatch(text) else text

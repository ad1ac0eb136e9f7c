"""The names under which things are set out: base address, identifiers of works, sets of institutions.

All follow from LAMPWAY_PUBLIC_URL and never from what a client sent.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from config.settings import Settings
from search_api.errors import ApiError

_SET = "institution:"


class Identity:
    """Who we are to harvesters.

    Raises:
        ApiError: LAMPWAY_PUBLIC_URL is not set, so that nothing could be named.
    """

    def __init__(self, settings: Settings) -> None:
        public = settings.public_url.strip().rstrip("/")
        try:
            host = urlsplit(public).hostname
        except ValueError:
            host = None
        if not host:
            detail = "The catalogue is not set out here: LAMPWAY_PUBLIC_URL must be the address of this service."
            raise ApiError("not-found", detail)
        self.public_url, self.host = public, host
        self.base_url = f"{public}/oai"
        contact = settings.contact.strip().removeprefix("mailto:")
        self.admin_email = contact if re.fullmatch(r"\S+@\S+", contact) else f"webmaster@{host}"
        self._prefix = f"oai:{host.replace(':', '-')}:"

    def identifier(self, work_id: str) -> str:
        """The OAI identifier of a work."""
        return self._prefix + work_id

    def work_id(self, identifier: str) -> str:
        """The work that an identifier names; "" when it is none of ours."""
        return identifier.removeprefix(self._prefix) if identifier.startswith(self._prefix) else ""

    def page(self, work_id: str) -> str:
        """The page of a work, for people."""
        return f"{self.public_url}/works/{quote(work_id, safe='')}"


def set_spec(institution_id: str) -> str:
    """The set of an institution. What a setSpec may not hold is written as ~ and two hex digits a byte."""
    return _SET + re.sub(
        rb"[^A-Za-z0-9_.!*'()-]", lambda match: b"~%02X" % match[0][0], institution_id.encode()
    ).decode("ascii")


def institution_of(spec: str) -> str:
    """The id of the institution that a set is of; "" when it is no such set."""
    if not spec.startswith(_SET):
        return ""
    encoded = spec.removeprefix(_SET).encode("utf-8", "replace")
    text = re.sub(rb"~([0-9A-F]{2})", lambda match: bytes([int(match[1], 16)]), encoded).decode("utf-8", "replace")
    return text if set_spec(text) == spec else ""

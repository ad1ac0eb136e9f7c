"""How a source wants us to log in: Basic, Digest, an API key in a header or the query, a cookie.

Written ``KIND:NAME:SECRET``. What is kept with the source is ``KIND:NAME`` and the secret sealed (``store.secrets``);
plain it exists only in the client that uses it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit

import msgspec
import requests
from requests.auth import HTTPBasicAuth, HTTPDigestAuth

from harvester.fetch_errors import FetchError
from schemas.catalogue import Source
from store import secrets

KINDS = {
    "basic": "user name and password",
    "digest": "user name and password, never sent as they are",
    "header": "an API key in a header",
    "query": "an API key as an argument of the address",
    "cookie": "a cookie",
}
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class CredentialsError(Exception):
    """They cannot be used as given; the message says how to write them, never what was given as secret."""


class Credentials(msgspec.Struct, frozen=True, kw_only=True, repr_omit_defaults=True):
    """A login with a source."""

    kind: str
    name: str
    """User, header, argument or cookie."""
    secret: str = ""

    def __repr__(self) -> str:
        return f"Credentials({self.public})"

    @property
    def public(self) -> str:
        """What may be shown."""
        return f"{self.kind}:{self.name}"

    def hide(self, text: str) -> str:
        """A text without the secret, in whatever form an address or a message carries it."""
        for form in {self.secret, quote(self.secret, safe=""), quote_plus(self.secret)} - {""}:
            text = text.replace(form, "***")
        return text

    def handshake(self) -> requests.auth.AuthBase | None:
        """What works out the login of each request, kept for a whole run; None = ``apply`` says it all."""
        if self.kind == "basic":
            return HTTPBasicAuth(self.name.encode(), self.secret.encode())
        return _Digest(self.name, self.secret) if self.kind == "digest" else None

    def apply(self, headers: dict[str, str], query: dict[str, str]) -> None:
        """Add a key or cookie to a request."""
        if self.kind == "query":
            query[self.name] = self.secret
        elif self.kind == "cookie":
            headers["Cookie"] = f"{self.name}={self.secret}"
        elif self.kind == "header":
            headers[self.name] = self.secret

    def stripped(self, url: str) -> str:
        """An address without the key, which servers repeat in redirects."""
        parts = urlsplit(url)
        if self.kind != "query" or not parts.query:
            return url
        kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != self.name]
        return parts._replace(query=urlencode(kept)).geturl()


class _Digest(HTTPDigestAuth):
    def handle_401(self, r: Any, **kwargs: Any) -> Any:
        if r.status_code == 401:
            # requests reads the refusal's body whole before it answers; it may have no end.
            r.raw.close()
            r._content = b""
        return super().handle_401(r, **kwargs)  # type: ignore[no-untyped-call]


def parse(text: str) -> Credentials:
    """Read ``KIND:NAME[:SECRET]``.

    Raises:
        CredentialsError: of no known kind, or without a usable name.
    """
    kind, _, rest = text.partition(":")
    name, _, secret = rest.partition(":")
    if kind not in KINDS or not name:
        known = "; ".join(f"{kind}:NAME:SECRET ({what})" for kind, what in KINDS.items())
        raise CredentialsError(f"a login is written {known}; without the last part the secret is asked for")
    if kind in {"header", "cookie"} and not _NAME.fullmatch(name):
        raise CredentialsError(f"{name!r} is no name of a {kind}")
    if re.search(r"[\r\n\x00]", name + secret):
        raise CredentialsError("a login cannot have line breaks")
    return Credentials(kind=kind, name=name, secret=secret)


def of(source: Source, home: Path | None) -> Credentials | None:
    """The login of a source, opened; None when it has none.

    Raises:
        FetchError: the key is missing or another one.
    """
    if not source.auth:
        return None
    kind, _, name = source.auth.partition(":")
    try:
        if home is None:
            raise secrets.SecretError(f"the login of {source.id} needs the key in LAMPWAY_HOME")
        return Credentials(kind=kind, name=name, secret=secrets.unseal(home, source.sealed))
    except secrets.SecretError as error:
        raise FetchError(str(error)) from None


def same_place(home: str, url: str) -> bool:
    """Whether a login for one address may be sent to another: the same host and port, or the same host by https."""
    one, two = urlsplit(home), urlsplit(url)
    if one.hostname != two.hostname:
        return False
    ports = [parts.port or _DEFAULT_PORTS.get(parts.scheme) for parts in (one, two)]
    if one.scheme == two.scheme:
        return ports[0] == ports[1]
    return (one.scheme, two.scheme, *ports) == ("http", "https", 80, 443)

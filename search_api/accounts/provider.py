"""Log-in by the operator's own provider: OpenID Connect's authorization code flow, with PKCE, nonce and state.

The browser keeps one secret in a cookie for the round trip; state, nonce and verifier are made of it, so that nothing
of a log-in can be used in another browser, and the store keeps only that the secret was not used yet.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from config.settings import Settings
from search_api.accounts.provider_client import ProviderClient, ProviderError
from store import links
from store.database import Database

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Of signatures by keys that the provider publishes; never "none" or a shared secret."""
_KEPT_S = 3600.0
_LEEWAY_S = 60
BACK = "/login/provider/back"


class Provider:
    """The provider of the settings; ``ready`` says whether there is one. Safe for threads."""

    def __init__(self, settings: Settings) -> None:
        self._issuer, self._client = settings.oidc_issuer, settings.oidc_client_id
        self._secret = settings.oidc_client_secret
        self._back = settings.public_url.rstrip("/") + BACK
        self._http = ProviderClient(self._issuer)
        self._lock = threading.Lock()
        self._known: tuple[float, dict[str, Any], KeySet] | None = None

    @property
    def ready(self) -> bool:
        """Whether one can log in by it."""
        return bool(self._issuer)

    @property
    def name(self) -> str:
        """What it is called on the page: its host."""
        return urlsplit(self._issuer).hostname or ""

    def begin(self, database: Database, to: str) -> tuple[str, str]:
        """Begin: the address at the provider to go to, and the secret for the browser's cookie.

        Args:
            database: the store.
            to: page to go on to afterwards.

        Raises:
            ProviderError: it does not say how to log in.
        """
        told, _ = self._metadata()
        with database.begin() as connection:
            secret = links.make(connection, "provider", "", next=to)
        challenge = _encoded(hashlib.sha256(_part(secret, "verifier").encode()).digest())
        query = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": self._back,
            "scope": "openid email",
            "state": _part(secret, "state"),
            "nonce": _part(secret, "nonce"),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        address = str(told.get("authorization_endpoint", ""))
        return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}", secret

    def finish(self, database: Database, secret: str, answer: dict[str, str]) -> tuple[str, str]:
        """The person is back: the mail address that the provider vouches for, and the page to go on to.

        Args:
            database: the store.
            secret: of the cookie.
            answer: the query that the provider has sent the browser back with.

        Raises:
            ProviderError: nothing that can be relied on; what was begun is used up in any case.
        """
        with database.begin() as connection:
            link = links.use(connection, secret) if secret else None
        if link is None or link.purpose != "provider":
            raise ProviderError("not begun in this browser, too old, or used")
        if not hmac.compare_digest(_part(secret, "state").encode(), answer.get("state", "").encode()):
            raise ProviderError("the state is another")
        if answer.get("iss", self._issuer) != self._issuer:
            raise ProviderError("another provider answers")
        if "error" in answer or not answer.get("code"):
            raise ProviderError(f"refused there: {answer.get('error', 'no code')[:80]}")
        return self._email(self._exchange(answer["code"], secret), _part(secret, "nonce")), link.detail.get("next", "")

    def _exchange(self, code: str, secret: str) -> dict[str, Any]:
        told, _ = self._metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "client_id": self._client,
            "code_verifier": _part(secret, "verifier"),
        }
        by_form = "client_secret_basic" not in told.get(
            "token_endpoint_auth_methods_supported", ["client_secret_basic"]
        )
        if self._secret and by_form:
            form["client_secret"] = self._secret
        login = (self._client, self._secret) if self._secret and not by_form else None
        return self._http.post(str(told.get("token_endpoint", "")), form, login)

    def _email(self, tokens: dict[str, Any], nonce: str) -> str:
        """The mail address of the ID token, or (of providers that leave it out there) of the user's data."""
        claims = self._claims(str(tokens.get("id_token", "")), nonce)
        if "email" not in claims:
            told, _ = self._metadata()
            more = self._http.get(str(told.get("userinfo_endpoint", "")), token=str(tokens.get("access_token", "")))
            if more.get("sub") != claims["sub"]:
                raise ProviderError("the user's data are of another user")
            claims = more
        if claims.get("email_verified") not in (True, "true"):
            raise ProviderError("the mail address is not verified there")
        return str(claims.get("email", ""))

    def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        registry = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._client},
            nonce={"essential": True, "value": nonce},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            try:
                claims = jwt.decode(token, self._metadata()[1], algorithms=_ALGORITHMS).claims
            except (JoseError, ValueError):  # perhaps signed by a new key
                claims = jwt.decode(token, self._metadata(fresh=True)[1], algorithms=_ALGORITHMS).claims
            registry.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise ProviderError(f"the ID token does not hold: {type(error).__name__} {error}"[:200]) from None
        if claims.get("azp", self._client) != self._client:
            raise ProviderError("the ID token is for another client")
        return dict(claims)

    def _metadata(self, *, fresh: bool = False) -> tuple[dict[str, Any], KeySet]:
        """What the provider says of itself, and its keys; kept for an hour."""
        with self._lock:
            now = time.monotonic()
            if fresh or self._known is None or self._known[0] < now:
                told = self._http.get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
                if told.get("issuer") != self._issuer:
                    raise ProviderError(f"it calls itself {str(told.get('issuer'))[:200]!r}")
                try:
                    keys = KeySet.import_key_set(self._http.get(str(told.get("jwks_uri", ""))))  # type: ignore[arg-type]
                except (JoseError, ValueError, TypeError, KeyError) as error:
                    raise ProviderError(f"its keys cannot be read: {type(error).__name__}") from None
                self._known = (now + _KEPT_S, told, keys)
            return self._known[1:]


def _part(secret: str, name: str) -> str:
    """One of the values that a log-in is recognised by; none tells another or the secret."""
    return _encoded(hmac.digest(secret.encode(), name.encode(), "sha256"))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")

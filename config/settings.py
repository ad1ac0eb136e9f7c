"""The only reader of the environment: ``LAMPWAY_*`` variables and ``.env`` of the working directory."""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from dotenv import dotenv_values
from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_DATABASES = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")
_PREFIX = "LAMPWAY_"
_NOT_OURS = ("TEST_", "BENCH_")
"""What follows the prefix in names that tests and benchmarks read."""
_HOST = re.compile(r"^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9])?$")


class SettingsError(Exception):
    """A setting cannot be used; the message names the variable and says how to mend it."""


class Settings(BaseSettings):
    """Every setting, with its default. Read once at each entry point and passed on; see ``docs/settings.md``."""

    model_config = SettingsConfigDict(env_prefix="LAMPWAY_", env_file=".env", extra="ignore", frozen=True)

    home: Path = Path("var")
    """Folder of the database, the index and the columns."""
    database_url: str = ""
    """SQLAlchemy URL; empty = SQLite in ``home``."""
    engine: Literal["embedded", "elasticsearch"] = "embedded"
    elasticsearch_url: Annotated[tuple[str, ...], NoDecode] = ("http://127.0.0.1:9200",)
    """Base URLs of the cluster's nodes, separated by commas or blanks."""
    elasticsearch_api_key: str = Field(default="", repr=False)
    elasticsearch_ca: Path | None = None
    """File with the certificate of the authority that signed the cluster's; None = those that the system trusts."""
    elasticsearch_prefix: str = Field(default="lampway", pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    """Alias of the live index, and beginning of the names of all indices."""
    elasticsearch_shards: int = Field(default=1, ge=1, le=1024)
    """Shards of a new index: one for each 10 million works."""
    elasticsearch_replicas: int = Field(default=1, ge=0, le=10)
    """Copies of each shard, as far as the cluster has nodes for them."""
    public_url: str = ""
    """Address under which users reach the service; the only source of absolute links."""
    fetch_allow: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts or CIDR blocks that may be private or loopback, separated by commas or blanks."""
    fetch_stall: float = Field(default=60, gt=0)
    """Seconds without a byte after which an answer is given up."""
    fetch_deadline: float = Field(default=600, gt=0)
    """Seconds for one whole answer."""
    fetch_patience: float = Field(default=900, ge=0)
    """Seconds of all waiting for Retry-After and retries in one run."""
    fetch_pause: float = Field(default=0.2, ge=0)
    """Seconds between two requests to one host."""
    fetch_ca: Path | None = None
    """PEM file with certificates of authorities to trust beside the usual ones."""
    schedule: str = ""
    """Cron expression for sources without one of their own; empty = these only by hand."""
    full_schedule: str = ""
    """Cron expression of whole lists from servers that keep no deletions; empty = only where a source asks for it."""
    schedule_jitter: float = Field(default=300, ge=0, le=86_400)
    """Seconds over which sources that are due at the same moment are spread."""
    harvest_hours: str = ""
    """Hours of the day in which the schedule may harvest ("20:00-06:00"), in the institution's time zone."""
    timezone: str = "UTC"
    """IANA time zone of schedules whose institution has none."""
    worker_harvests: int = Field(default=2, ge=1, le=64)
    """Sources that one worker harvests at the same time."""
    brake_share: float = Field(default=0.05, ge=0, le=1)
    """Share of a source's records that one run may remove without a person."""
    brake_records: int = Field(default=500, ge=0)
    """Number of records that one run may remove without a person; the smaller of the two counts."""
    rest_days: int = Field(default=30, ge=0)
    """Days in which removed records can be brought back."""
    contact: str = ""
    """Mail address or URL in the User-Agent of the harvester."""
    geocoder: str = ""
    """Base URL of a Nominatim-compatible service for places that the registry does not know; empty = none."""
    geocoder_attribution: str = "© OpenStreetMap contributors"
    """Whom its terms want to be named wherever a place it found is used; empty = nobody."""
    map_tiles: str = ""
    """URL template of map tiles ("https://…/{z}/{x}/{y}.png"); empty = places without a background."""
    map_attribution: str = ""
    """Whom the terms of the tiles want to be named on the map."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Addresses or CIDR blocks of proxies whose word about the client's address is taken."""
    registration: Literal["closed", "approve", "proven"] = "closed"
    """How institutions register sources themselves: not at all; an operator approves each; at once when proven."""
    dns: Annotated[tuple[str, ...], NoDecode] = ()
    """Name servers ("192.0.2.53:53") that proofs of control are looked up at; empty = the system's."""
    smtp_url: str = Field(default="", repr=False)
    """Mail server, ``smtp://user:password@host:587`` (STARTTLS where offered) or ``smtps://…``; empty = no mails."""
    mail_from: str = ""
    """Sender of the mails."""
    oidc_client_id: str = ""
    """Name under which the log-in provider knows this platform."""
    oidc_client_secret: str = Field(default="", repr=False)
    """Secret that goes with it; empty = a public client."""
    oidc_issuer: str = ""
    """OpenID Connect provider by which people may log in, exactly as it calls itself; empty = none."""
    rate_limit: int = Field(default=120, ge=0)
    """Requests per minute and client address; 0 = none. Loopback is never limited."""

    @field_validator("fetch_allow", "trusted_proxies", "elasticsearch_url", "dns", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(v for v in re.split(r"[\s,]+", value) if v) if isinstance(value, str) else value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"there is no time zone {value!r}; an example is Europe/London")
        return value

    @field_validator("fetch_ca")
    @classmethod
    def _certificates(cls, value: Path | None) -> Path | None:
        if value is not None:
            try:
                ssl.create_default_context().load_verify_locations(value)
            except OSError as error:
                raise ValueError(f"{value} cannot be used as a file of certificates (PEM): {error}") from None
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value.strip() and not _is_database(value.strip()):  # the value stays unsaid: a password may stand in it
            raise ValueError(
                "is no address of an SQLite or PostgreSQL database; "
                "write sqlite:////folder/lampway.db or postgresql://user:password@host/name"
            )
        return value.strip()

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: str) -> str:
        parts = urlsplit(value.strip())
        if value.strip() and (parts.scheme not in ("smtp", "smtps") or not parts.hostname):  # unsaid: see above
            raise ValueError("is no address of a mail server; write smtp://user:password@host:587 or smtps://host:465")
        return value.strip()

    @field_validator("geocoder")
    @classmethod
    def _base_url(cls, value: str) -> str:
        value = value.strip()
        if value and not _is_base_url(value):
            raise ValueError(
                "must be a base URL like https://places.example/nominatim, without user, query or fragment"
            )
        return value.rstrip("/")

    @field_validator("oidc_issuer")
    @classmethod
    def _provider(cls, value: str, info: ValidationInfo) -> str:
        value = value.strip()
        if value and not _is_base_url(value):
            raise ValueError("must be the issuer's URL like https://login.example/realms/staff, without query or user")
        for name in ("oidc_client_id", "public_url"):
            if value and not info.data.get(name):
                raise ValueError(f"needs LAMPWAY_{name.upper()}, too")
        return value

    @field_validator("elasticsearch_url")
    @classmethod
    def _nodes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not all(_is_base_url(node) for node in value):
            raise ValueError(
                "must be one or more base URLs like https://search-1.example:9200, without user, query or fragment"
            )
        # The client wants a port in each.
        return tuple(node if urlsplit(node).port else _with_port(node) for node in value)

    @field_validator("fetch_allow", "trusted_proxies")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for item in value:
            try:
                ipaddress.ip_network(item, strict=False)
            except ValueError:
                if not _HOST.match(item):
                    raise ValueError(f"{item!r} is neither a host name nor an address block like 10.0.0.0/8") from None
        return value

    @cached_property
    def database(self) -> str:
        """SQLAlchemy URL of the store."""
        return self.database_url or f"sqlite:///{self.home.resolve() / 'lampway.db'}"

    @cached_property
    def index_home(self) -> Path:
        """Folder of the embedded engine's generations."""
        return self.home / "index"

    @cached_property
    def columns_home(self) -> Path:
        """Folder of the holdings columns."""
        return self.home / "columns"


def _with_port(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.netloc.rstrip(':')}:{443 if parts.scheme == 'https' else 80}").geturl()


def _is_database(text: str) -> bool:
    try:
        parts = urlsplit(text)
        fits = parts.port != 0
    except ValueError:
        return False
    return fits and parts.scheme in _DATABASES and text[len(parts.scheme) :].startswith("://")


def _is_base_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        fits = parts.port != 0 and (bool(_HOST.match(host)) or bool(ipaddress.ip_address(host)))
    except ValueError:
        return False
    return fits and parts.scheme in ("http", "https") and not re.search(r"[\s@?#]", text)


def unknown_names(env_file: Path = Path(".env")) -> list[str]:
    """A line about each variable of the environment or the file that looks like a setting and is none."""
    known = [name.upper() for name in Settings.model_fields]
    found = []
    for name in dict.fromkeys([*os.environ, *(dotenv_values(env_file) if env_file.is_file() else ())]):
        own = name.upper().removeprefix(_PREFIX)
        if not name.upper().startswith(_PREFIX) or own in known or own.startswith(_NOT_OURS):
            continue
        near = get_close_matches(own, known, n=1)
        hint = f"; did you mean {_PREFIX}{near[0]}?" if near else ""
        found.append(f"{name} is no setting and was not heeded{hint}")
    return found


def load_settings(**overrides: object) -> Settings:
    """Read and check all settings.

    Args:
        overrides: values that win over the environment (tests, ``lampway demo``).

    Raises:
        SettingsError: names the variable that cannot be used.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [
            f"LAMPWAY_{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise SettingsError("; ".join(lines)) from None

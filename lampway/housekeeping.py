"""What the worker does once a day beside harvests: forgets what is over, and looks for old proofs again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from config.settings import Settings
from schemas.registration import GIVEN_UP, PROOF_MISSING, Proof, Registration
from search_api.accounts import leaving, registering
from search_api.accounts.mail import Mail
from search_api.accounts.outside import Outside, Refusal
from store import accounts, harvest_runs, links, logins, notes, quarantine, registrations, sources, trials
from store.database import Database
from store.registrations import StepError
from store.secrets import SecretError

log = structlog.stdlib.get_logger("lampway.housekeeping")
EVERY = timedelta(days=1)
AGAIN = timedelta(days=365)
"""After so long a proof is looked for again."""
NOTICE = timedelta(days=30)
"""So long one may be missing before the source is paused; never is anything deleted for it."""
RUNS_KEPT = timedelta(days=90)
"""After so long the report of a harvest is of no use to anybody; a source asked each hour makes 9,000 a year."""
UNPROVEN = timedelta(days=60)
"""So long a registration may stay without a proof: it keeps everybody else from registering the same feed."""
_ACTOR = "lampway"
_NOTE = "housekeeping"


class Housekeeping:
    """Call ``look`` now and then; what is due is done."""

    def __init__(
        self, database: Database, settings: Settings, outside: Outside, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._database, self._settings, self._outside = database, settings, outside
        self._clock = clock or (lambda: datetime.now(UTC))
        self._done: datetime | None = None

    def look(self) -> None:
        """Do the day's work, once a day."""
        now = self._clock()
        if self._done is not None and now - self._done < EVERY:
            return
        self._done = now
        self._work(now)

    def catch_up(self) -> None:
        """The same for a process that does not stay: the day's work, where nobody has done it within a day."""
        with self._database.connect() as connection:
            last = notes.get(connection, _NOTE)
        now = self._clock()
        if last is None or now - datetime.fromisoformat(last.decode()) >= EVERY:
            self._work(now)

    def _work(self, now: datetime) -> None:
        finish_withdrawals(self._database, self._outside)
        leaving.end_rests(self._database, self._settings, now)
        give_up(self._database, now)
        forget(self._database, self._settings, now)
        mail = Mail(self._settings)
        try:
            prove_again(self._database, self._settings, self._outside, mail, now)
        finally:
            mail.close()
        with self._database.begin() as connection:
            notes.put(connection, _NOTE, now.isoformat().encode())


def finish_withdrawals(database: Database, outside: Outside) -> None:
    """Take out what a withdrawal that was cut off has left."""
    with database.connect() as connection:
        withdrawn = [row.source for row in registrations.in_state(connection, "withdrawn") if row.source]
    for source in withdrawn:
        try:
            if count := outside.take_out(source):
                log.info("a withdrawal was cut off and is gone on with", source=source, records=count)
        except Refusal as refusal:
            log.info("a withdrawal goes on elsewhere", source=source, reason=str(refusal))


def give_up(database: Database, now: datetime) -> None:
    """End registrations that nobody has proven for long: their feeds are free again, for whoever can."""
    before = (now - UNPROVEN).isoformat(timespec="seconds")
    with database.connect() as connection:
        old = [row for row in registrations.in_state(connection, *registering.UNPROVEN) if row.changed_at < before]
    for registration in old:
        registration.reason = GIVEN_UP
        try:
            with database.begin() as connection:
                registrations.step(connection, registration, "withdrawn", _ACTOR, reason=GIVEN_UP)
        except StepError:  # somebody went on with it just now
            continue
        log.info("a registration was given up", registration=registration.id)


def forget(database: Database, settings: Settings, now: datetime | None = None) -> None:
    """Trials, links and log-ins that are over, what old harvests left, and uploaded files that nothing needs."""
    runs = ((now or datetime.now(UTC)) - RUNS_KEPT).isoformat(timespec="seconds")
    with database.begin() as connection:
        gone = {"links": links.clean(connection), "logins": logins.clean(connection)}
        gone |= {
            "runs": harvest_runs.forget(connection, runs),
            "nameless": quarantine.forget_nameless(connection, runs),
        }
        tried = trials.clean(connection)
        kept = {source.location for source in sources.all_sources(connection)}
        kept |= {
            row.proposal.location
            for row in registrations.in_state(connection, *registering.WAITING)
            if row.state != "withdrawn" or row.source
        }
    long_ago = ((now or datetime.now(UTC)) - trials.LIFE).timestamp()
    uploads = settings.home / "uploads"
    for path in sorted(uploads.iterdir()) if uploads.is_dir() else ():
        if str(path) not in kept and (str(path) in tried or path.stat().st_mtime < long_ago):
            path.unlink(missing_ok=True)
    log.info("what is over was forgotten", trials=len(tried), **gone)


def prove_again(database: Database, settings: Settings, outside: Outside, mail: Mail, now: datetime) -> int:
    """Look for proofs that are a year old, and for those that were missing; returns how many sources were paused."""
    with database.connect() as connection:
        due = registrations.proven_before(connection, (now - AGAIN).isoformat())
        due += [own for own in registrations.proven_before(connection, now.isoformat()) if not own[1].fits]
    paused = 0
    for registration, proof in due:
        endpoint = registering.endpoint_of(registration)
        try:
            token = registering.token_of(settings.home, registration, proof.way)
            fits = bool(endpoint) and outside.prove(proof.way, endpoint, token).fits
            paused += _note(database, settings, mail, registration, proof, fits=fits, now=now)
        except (SecretError, StepError) as error:
            log.warning("a proof could not be looked at again", registration=registration.id, reason=str(error))
    return paused


def _note(
    database: Database,
    settings: Settings,
    mail: Mail,
    registration: Registration,
    proof: Proof,
    *,
    fits: bool,
    now: datetime,
) -> bool:
    """Keep what was found; True when the source was paused for it."""
    pause = not fits and not proof.fits and now - datetime.fromisoformat(proof.checked_at) >= NOTICE
    with database.begin() as connection:
        if fits or proof.fits:  # the first failure's time stays: from it the notice runs
            detail = "fits again" if fits else "missing when looked for again"
            registrations.note_proof(connection, registration.id, proof.way, fits=fits, detail=detail)
        pause = pause and registration.state == "live"
        if pause:
            registering.pause(connection, registration, _ACTOR, reason=PROOF_MISSING)
        owner = accounts.get(connection, registration.account)
    if owner and (pause or (proof.fits and not fits)):
        link = f"{settings.public_url.rstrip('/')}/registrations/{registration.id}"
        kind = "paused" if pause else "proof_missing"
        mail.send(owner.email, owner.lang, kind, endpoint=registration.proposal.location, link=link)
    return pause

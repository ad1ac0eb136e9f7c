"""Sends mails, in a thread of its own: whoever waits for a page learns nothing from how long a mail takes."""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import SplitResult, unquote, urlsplit

import structlog

from config.settings import Settings
from search_api.messages import text

log = structlog.stdlib.get_logger("lampway.mail")
_TRIES, _PAUSE_S, _TIMEOUT_S = 3, 10.0, 20.0


class Mail:
    """The way to people's mail boxes; None of it when no mail server is set."""

    def __init__(self, settings: Settings, ended: Callable[[str], None] = lambda _: None) -> None:
        """Begin.

        Args:
            settings: name the server, and whom mails are from.
            ended: told of each mail how it ended: sent, or failed after all tries.
        """
        self._ended = ended
        self._server = urlsplit(settings.smtp_url) if settings.smtp_url else None
        host = urlsplit(settings.public_url).hostname or "localhost"
        self._from = settings.mail_from or f"lampway@{host}"
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")

    @property
    def ready(self) -> bool:
        """Whether mails can be sent at all."""
        return self._server is not None

    def send(self, to: str, lang: str, kind: str, **values: str) -> None:
        """Send a mail of the texts ``mails.KIND_subject`` and ``mails.KIND``; without a mail server nothing happens."""
        if self._server is None:
            return
        message = EmailMessage()
        message["From"], message["To"] = self._from, to
        message["Subject"] = " ".join(text(lang, f"mails.{kind}_subject", **values).split())
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=self._from.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text(lang, f"mails.{kind}", **values))
        self._thread.submit(self._deliver, self._server, message)

    def close(self) -> None:
        """Send what is under way, then end."""
        self._thread.shutdown(wait=True)

    def _deliver(self, server: SplitResult, message: EmailMessage) -> None:
        for left in reversed(range(_TRIES)):
            try:
                _hand_over(server, message)
            except (OSError, smtplib.SMTPException) as error:
                # Never the address: logs are kept longer than accounts.
                log.warning("a mail could not be sent", reason=type(error).__name__, tries_left=left)
                if left:
                    time.sleep(_PAUSE_S)
            else:
                self._ended("sent")
                return
        self._ended("failed")


def _hand_over(server: SplitResult, message: EmailMessage) -> None:
    host, context = server.hostname or "", ssl.create_default_context()
    if server.scheme == "smtps":
        client: smtplib.SMTP = smtplib.SMTP_SSL(host, server.port or 465, timeout=_TIMEOUT_S, context=context)
    else:
        client = smtplib.SMTP(host, server.port or 25, timeout=_TIMEOUT_S)
    with client:
        client.ehlo()
        if server.scheme == "smtp" and client.has_extn("starttls"):
            client.starttls(context=context)
        if server.username:
            client.login(unquote(server.username), unquote(server.password or ""))
        client.send_message(message)

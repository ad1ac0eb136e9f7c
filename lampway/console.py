"""What every command shares: exit statuses, settings, messages, and a progress display that suits a pipe too."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import NoReturn

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from config.settings import Settings, SettingsError, load_settings
from store.database import Database, StoreError, open_database

DONE, FAILED, WRONG_USE, INCOMPLETE = 0, 1, 2, 3
"""Exit statuses. INCOMPLETE: finished, but some records or sources failed, or a person must decide."""

_LINE_EVERY_S = 5.0
err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(message: str = "") -> None:
    """A line of result on standard output."""
    typer.echo(message)


def say_json(value: object) -> None:
    """A result that a program reads: one JSON document on standard output."""
    typer.echo(msgspec.json.format(msgspec.json.encode(value, order="deterministic"), indent=2))


def note(message: str) -> None:
    """A line about the work on standard error."""
    typer.echo(message, err=True)


def fail(message: str, status: int = FAILED) -> NoReturn:
    """End the command with a message: what, where, how to mend it."""
    typer.secho(f"lampway: {message}", err=True, fg="red" if sys.stderr.isatty() else None)
    raise typer.Exit(status)


def settings_or_fail(**overrides: object) -> Settings:
    """The settings, or the end of the command with the name of the variable that is wrong."""
    try:
        return load_settings(**overrides)
    except SettingsError as error:
        fail(str(error), WRONG_USE)


@contextmanager
def open_store(settings: Settings) -> Iterator[Database]:
    """The store, or the end of the command with the reason."""
    try:
        database = open_database(settings.database)
    except StoreError as error:
        fail(str(error))
    try:
        yield database
    finally:
        database.close()


class Meter:
    """Progress of long work: a bar with rate, done, failed and time left on a terminal, plain lines elsewhere."""

    def __init__(self, title: str, total: int | None = None, unit: str = "records") -> None:
        self.title, self.total, self.unit = title, total, unit
        self.done = self.failed = 0
        self._began = self._told = time.monotonic()
        self._bar: Progress | None = None

    def __enter__(self) -> Meter:
        if err.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]} {task.fields[failed]}"),
                TimeRemainingColumn(),
                console=err,
                transient=False,
            )
            self._task = self._bar.add_task(self.title, total=self.total, rate="", failed="")
            self._bar.start()
        return self

    def advance(self, done: int = 1, failed: int = 0, total: int | None = None) -> None:
        """Count what was done, and of that what failed; ``total`` when it becomes known or changes."""
        self.done += done
        self.failed += failed
        self.total = total if total is not None else self.total
        now = time.monotonic()
        if self._bar:
            failures = f"{self.failed} failed" if self.failed else ""
            self._bar.update(
                self._task, completed=self.done, total=self.total, rate=f"{self._rate(now):,.0f}/s", failed=failures
            )
        elif now - self._told >= _LINE_EVERY_S:
            self._told = now
            note(self._line(now))

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()
        elif kind is None:
            note(self._line(time.monotonic()))

    def _rate(self, now: float) -> float:
        return self.done / max(now - self._began, 1e-3)

    def _line(self, now: float) -> str:
        whole = f" of {self.total:,}" if self.total else ""
        failed = f", {self.failed:,} failed" if self.failed else ""
        left = ""
        if self.total and self.done and self.done < self.total:
            left = f", {(self.total - self.done) / max(self._rate(now), 1e-3):,.0f} s left"
        return f"{self.title}: {self.done:,}{whole} {self.unit}, {self._rate(now):,.0f}/s{failed}{left}"


@contextmanager
def stage_meters(titles: Mapping[str, tuple[str, str]]) -> Iterator[Callable[[str, int, int | None], None]]:
    """A progress display for work in stages, one after another; yields what to call with (stage, done, total).

    Args:
        titles: stage -> (title, unit) of its display.
    """
    current: dict[str, Meter] = {}

    def close() -> None:
        for meter in current.values():
            meter.__exit__(None, None, None)
        current.clear()

    def tell(stage: str, done: int, total: int | None) -> None:
        if stage not in current:
            close()
            title, unit = titles.get(stage, (stage, "records"))
            current[stage] = Meter(title, total, unit).__enter__()
        current[stage].advance(done - current[stage].done, total=total)

    try:
        yield tell
    finally:
        close()

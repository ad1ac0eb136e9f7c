"""A group of commands that does something by itself: ``lampway harvest [ID]...`` beside ``lampway harvest report``."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


class DefaultCommandGroup(TyperGroup):
    """Runs the command ``run`` when the first argument names no command of the group."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put ``run`` in front where it is meant."""
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["run", *args]
        return list(super().parse_args(ctx, args))

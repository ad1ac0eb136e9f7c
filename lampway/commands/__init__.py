"""The subcommands of ``lampway``: one file an area, each with the Typer application or functions it adds."""

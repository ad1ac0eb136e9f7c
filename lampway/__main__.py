"""``python -m lampway``: the same as the command ``lampway``."""

from lampway.cli import main

main()

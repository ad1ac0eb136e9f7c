"""The command ``lampway`` and what runs behind it."""

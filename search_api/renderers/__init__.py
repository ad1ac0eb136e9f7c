"""How an answer leaves: one file a format."""

"""The store: SQL is the truth. One repository (a module of functions) per aggregate; the only home of SQLAlchemy."""

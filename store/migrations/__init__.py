"""Alembic migrations; ``store.database`` runs them on start."""

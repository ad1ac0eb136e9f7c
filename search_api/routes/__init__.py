"""HTTP only, no logic: one file an area."""

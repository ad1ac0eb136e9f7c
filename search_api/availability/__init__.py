"""How fresh a status is, and how it becomes fresher."""

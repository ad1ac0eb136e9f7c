"""Which records describe the same thing: keys, evidence, decisions, clusters, merged fields."""

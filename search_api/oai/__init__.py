"""Our own OAI-PMH 2.0 provider: the merged catalogue and each institution's part of it, for other harvesters."""

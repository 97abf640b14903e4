"""Chaos: the whole product under load while its processes are killed, and three books that must agree."""

"""Figures, run by hand: `make bench`."""

"""The commands of `python -m streams` that a person gives, one module each."""

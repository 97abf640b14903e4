"""An id that is to be forgotten becomes another word: always the same, with no way back. No I/O."""

import hashlib

# As `mask` in sql/forgetting says it.
PREFIX = "forgotten-"
LENGTH = 24


def masked(an_id: str) -> str:
    """The word in place of an id. What is masked already stays as it is."""
    if an_id.startswith(PREFIX):
        return an_id
    return PREFIX + hashlib.sha256(an_id.encode()).hexdigest()[:LENGTH]

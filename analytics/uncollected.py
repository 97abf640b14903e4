"""For a while without Python's search for circles: rows have none, and there are many of them. No I/O."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Collect no garbage, in the whole process.

    To look through so many objects again and again takes a quarter of the time in which rows are decoded, and
    as long again as unpacking their records.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

"""How many examples a property is held against whose every example takes a second or more.

A run of all tests has few of them, each time others. EXAMPLES_TIMES=10 has ten times as many.
"""

import os


def examples(few: int) -> int:
    """So many, or a multiple of it where the environment wants that."""
    return few * int(os.environ.get("EXAMPLES_TIMES", "1"))

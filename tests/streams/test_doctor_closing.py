"""The doctor's last line says what is wrong, and names what nobody looked at."""

import pytest

from streams.commands.doctor import closing
from streams.doctor.finding import Finding, fine, skipped, wrong

FINE, WRONG = fine("key", "is read"), wrong("outbox", "away", "Start it.")
TOKEN, CLOCK = skipped("token", "no site is known"), skipped("clock", "no site is known")


@pytest.mark.parametrize(
    ("findings", "line"),
    [
        ([FINE], "Nothing is wrong."),
        ([FINE, WRONG], "1 wrong."),
        ([FINE, TOKEN, CLOCK], "Nothing is wrong as far as was looked. Not looked at: token, clock."),
        ([WRONG, TOKEN], "1 wrong. Not looked at: token."),
    ],
)
def test_the_line_fits_what_was_found(findings: list[Finding], line: str) -> None:
    assert closing(findings) == line

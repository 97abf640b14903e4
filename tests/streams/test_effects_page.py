"""docs/effects.md names every state and every reason, in the words of the code."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from streams import reason
from streams.carry import MARGIN_SECONDS
from streams.effect import State
from streams.setback import DELAYS_SECONDS, MAX_ATTEMPTS, MAX_BUGS
from streams.settings import OutboxSettings, WixSettings

PAGE = (Path(__file__).parents[2] / "docs" / "effects.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, str]:
    """The tables under a heading: first column, without its quotes, to the second."""
    _, _, after = PAGE.partition(f"## {heading}\n")
    part = after.partition("\n## ")[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in part.splitlines()
        if line.startswith("|")
    ]
    return {row[0].strip("`"): row[1] for row in cells if row[0].startswith("`")}


def test_states_are_all_told() -> None:
    assert list(rows("Where an effect stands")) == [
        "due",
        "claimed",
        "done",
        "suppressed",
        "waiting",
        "doubtful",
        "failed",
    ]
    assert rows("Where an effect stands").keys() == set(State)


@pytest.mark.parametrize(
    ("heading", "meanings"),
    [
        ("What is decided again", reason.SUPPRESSED),
        ("What waits by itself", reason.WAITING),
        ("What needs a person", reason.FAILED),
        ("What is said besides", {**reason.DONE, **reason.HANDOVER}),
    ],
)
def test_reasons_mean_what_the_code_says(heading: str, meanings: Mapping[str, str]) -> None:
    assert rows(heading) == dict(meanings)


def test_figures_are_those_in_force() -> None:
    settings = OutboxSettings(_env_file=None)
    claim = WixSettings(_env_file=None).wix_timeout_seconds + MARGIN_SECONDS

    assert DELAYS_SECONDS == (10, 60, 600, 3600, 14400)
    assert "10 s, 1 min, 10 min, 1 h, then every 4 h" in PAGE
    assert f"{MAX_ATTEMPTS} attempts" in PAGE
    assert MAX_BUGS == 3
    assert f"{settings.site_lease.total_seconds():.0f} s, renewed" in PAGE
    assert f"its claim lasts ({claim:.0f} s by default" in PAGE
    assert settings.read_back_after.total_seconds() == 60

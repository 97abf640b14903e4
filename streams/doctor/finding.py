"""What the doctor finds: a line for each thing that must be right, with what to do where it isn't. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """`skipped` means that it couldn't be looked at: that alone is nothing wrong."""

    OK = "ok"
    WRONG = "wrong"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line: what was looked at, what was found, and what to do about it."""

    about: str
    verdict: Verdict
    found: str
    remedy: str = ""


def fine(about: str, found: str) -> Finding:
    """It is as it should be."""
    return Finding(about=about, verdict=Verdict.OK, found=found)


def wrong(about: str, found: str, remedy: str) -> Finding:
    """It isn't; `remedy` is what to do."""
    return Finding(about=about, verdict=Verdict.WRONG, found=found, remedy=remedy)


def skipped(about: str, why: str, remedy: str = "") -> Finding:
    """It couldn't be looked at."""
    return Finding(about=about, verdict=Verdict.SKIPPED, found=why, remedy=remedy)


def is_well(findings: Sequence[Finding]) -> bool:
    """Whether nothing is wrong."""
    return all(one.verdict is not Verdict.WRONG for one in findings)

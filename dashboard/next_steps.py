"""What a person can do about a failure: words, and commands to copy. No I/O."""

from shlex import quote

import pandas as pd

COMMAND = "python -m streams"
DEAD_LETTERS = {
    "unexpected": "A bug met this record. Mend it where the error says, start the new build, then redrive.",
}
BROKEN_RECORD = (
    "The record itself is broken. Mend who writes it; redrive only if this build now reads such records."
)
HANDOVERS = {
    "key_reused": "The warehouse used an idempotency key again with another body: it must send a new key.",
}
OTHER_HANDOVER = "The warehouse must mend what it sends and hand over again, with a new idempotency key."
UNTOLD = "Look at it, mend the cause, then try it again."


def of_effect(row: pd.Series) -> str:
    """What the worker said about this failure, else where to begin."""
    said = row["next_step"]
    return said if isinstance(said, str) and said else UNTOLD


def of_letter(row: pd.Series) -> str:
    """What to do about a dead letter."""
    return DEAD_LETTERS.get(str(row["reason"]), BROKEN_RECORD)


def of_handover(reason: object) -> str:
    """What the warehouse has to do about a refused handover."""
    return HANDOVERS.get(str(reason), OTHER_HANDOVER)


def effect_commands(row: pd.Series) -> str:
    """Look at one effect, try it again, or all that failed like it."""
    key, flow, reason = quote(row["effect_key"]), quote(row["flow"]), quote(str(row["reason"]))
    return "\n".join(
        [
            f"{COMMAND} effects show {key}",
            f"{COMMAND} effects redrive {key}",
            "# all that failed for this reason in this flow, first as a plan:",
            f"{COMMAND} effects redrive --flow {flow} --reason {reason} --dry-run",
            f"{COMMAND} effects redrive --flow {flow} --reason {reason}",
        ]
    )


def letter_commands(row: pd.Series) -> str:
    """Look at one dead letter, put it back on its topic, or all with its reason."""
    place, reason = quote(f"{row['topic']}/{row['partition']}/{row['offset']}"), quote(str(row["reason"]))
    return "\n".join(
        [
            f"{COMMAND} dead-letters show {place}",
            f"{COMMAND} dead-letters redrive {place}",
            "# all with this reason, first as a plan:",
            f"{COMMAND} dead-letters redrive --reason {reason} --dry-run",
            f"{COMMAND} dead-letters redrive --reason {reason}",
        ]
    )


def flow_commands(row: pd.Series) -> str:
    """See what paused a flow, and let it go on."""
    fingerprint = quote(str(row["fingerprint"]))
    return "\n".join(
        [
            f"{COMMAND} flows list",
            f"{COMMAND} dead-letters list --fingerprint {fingerprint}",
            f"{COMMAND} effects list --fingerprint {fingerprint}",
            f"{COMMAND} flows resume {quote(str(row['flow']))}",
        ]
    )

"""Alert: what a person should hear of without looking: ids and reasons, never personal data. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ingest.record import iso
from streams.dead_letter import DeadLetter
from streams.effect import Outcome, State
from streams.pause import FlowChange

FAILURE, DEAD_LETTER, FLOW_PAUSED, STALE_DATA = "failure", "dead_letter", "flow_paused", "stale_data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One POST. Alerts with the same `kind` and `about` tell of the same trouble; `text` is for people."""

    kind: str
    about: str
    text: str
    at: datetime
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The trouble it tells of."""
        return f"{self.kind}:{self.about}"

    def body(self, left_out: int = 0) -> dict[str, Any]:
        """As it is posted; `left_out` alerts could not be sent before it."""
        more = {"left_out": left_out} if left_out else {}
        return {"kind": self.kind, "text": self.text, "at": iso(self.at), **self.facts, **more}


def of_outcome(one: object) -> Alert | None:
    """What a change that the outbox recorded gives to hear, if anything."""
    if isinstance(one, Outcome) and one.state is State.FAILED:
        return _of_failure(one)
    if isinstance(one, FlowChange) and one.state == "paused":
        return _of_pause(one)
    return None


def of_dead_letter(letter: DeadLetter) -> Alert:
    """A kind of record that can't be read or decided."""
    return Alert(
        kind=DEAD_LETTER,
        about=letter.fingerprint,
        text=(
            f"A record was put aside: {letter.reason}, at {letter.place}. "
            f"Look: python -m streams dead-letters show {letter.place}"
        ),
        at=letter.at,
        facts={
            "reason": letter.reason,
            "fingerprint": letter.fingerprint,
            "place": letter.place,
            "site": letter.instance_id,
        },
    )


def of_stale_data(what: str, after: timedelta, at: datetime) -> Alert:
    """Something has been on the log for longer than `after` and is not in the ledger."""
    minutes = after // timedelta(minutes=1)
    return Alert(
        kind=STALE_DATA,
        about=what,
        text=f"Reports are stale by more than {minutes} minutes: {what}. Look: python -m streams doctor",
        at=at,
        facts={"reason": what},
    )


def _of_failure(outcome: Outcome) -> Alert:
    reason, fingerprint = outcome.reason or "unknown", outcome.fingerprint or ""
    look = f"Look: python -m streams effects list --state failed --reason {reason}"
    return Alert(
        kind=FAILURE,
        about=":".join((outcome.flow, reason, fingerprint)),
        text=f"{outcome.flow} failed: {reason}. {outcome.next_step or ''} {look}".replace("  ", " "),
        at=outcome.at,
        facts={
            "flow": outcome.flow,
            "reason": reason,
            "fingerprint": fingerprint,
            "site": outcome.instance_id,
            "effect_key": outcome.effect_key,
        },
    )


def _of_pause(change: FlowChange) -> Alert:
    return Alert(
        kind=FLOW_PAUSED,
        about=f"{change.flow}:{change.fingerprint}:{change.build}",
        text=(
            f"{change.flow} is paused by a bug in build {change.build}: nothing is lost, nothing goes on. "
            f"Start a build that mends it, or: python -m streams flows resume {change.flow}"
        ),
        at=change.at,
        facts={"flow": change.flow, "fingerprint": change.fingerprint, "build": change.build},
    )

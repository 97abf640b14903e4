"""Bad weather at Wix: one call after another goes wrong, each in a way drawn at random."""

import asyncio
from collections import Counter
from random import Random
from typing import Any

from sandbox.witness import Witness

MESSAGE = {"method": "POST", "path": "/inbox/v2/messages"}
FULFILLMENT = {"method": "POST", "path": "*/create-fulfillment"}
ACCESS = {"method": "POST", "path": "/access"}
READ = {"method": "GET", "path": "*"}
# Longer than the client waits (WIX_TIMEOUT_SECONDS), shorter than Wix is asked again (READ_BACK_AFTER).
LATE_SECONDS = 4.0

FAULTS: dict[str, tuple[int, dict[str, Any]]] = {
    "message_made_and_cut": (4, {**MESSAGE, "after": True}),
    "message_made_and_no_answer": (1, {**MESSAGE, "after": True, "delaySeconds": LATE_SECONDS}),
    "message_made_late": (1, {**MESSAGE, "delaySeconds": LATE_SECONDS}),
    "message_cut": (2, dict(MESSAGE)),
    "message_500": (1, {**MESSAGE, "status": 500}),
    "fulfillment_made_and_cut": (3, {**FULFILLMENT, "after": True}),
    "fulfillment_made_late": (1, {**FULFILLMENT, "delaySeconds": LATE_SECONDS}),
    "fulfillment_503": (1, {**FULFILLMENT, "status": 503}),
    "access_taken_and_cut": (2, {**ACCESS, "after": True}),
    "access_503": (1, {**ACCESS, "status": 503}),
    "any_429": (4, {"status": 429}),
    "read_cut": (2, dict(READ)),
    "read_503": (1, {**READ, "status": 503}),
    "slow": (2, {"delaySeconds": 1.0}),
}


class Weather:
    """Faults at the sandbox, one at a time; `faults` counts those asked for."""

    def __init__(self, witness: Witness, rng: Random, *, every_seconds: float) -> None:
        self._witness, self._rng, self._every_seconds = witness, rng, every_seconds
        self.faults: Counter[str] = Counter()

    async def run(self) -> None:
        """Until cancelled."""
        names, weights = list(FAULTS), [weight for weight, _ in FAULTS.values()]
        while True:
            await asyncio.sleep(self._rng.uniform(0.5, 1.5) * self._every_seconds)
            (name,) = self._rng.choices(names, weights)
            await self._witness.faults(FAULTS[name][1])
            self.faults[name] += 1

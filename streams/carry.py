"""One effect from the outbox to Wix: read, decide again, claim, call once, confirm; or ask after a doubt."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ingest.log_lines import about
from ingest.tracing import traced
from streams.access_errors import ReceiverAway
from streams.change import Change, Held
from streams.effect import State
from streams.outbox_away import OutboxAway
from streams.procedure import Claim, Done, Fail, Later, Procedure, Ready, Suppress
from streams.quota import QuotaWait
from streams.reason import CLAIM_TOO_LATE
from streams.setback import Backoff, Setback, after, patience, site_failed, trace
from streams.wix.errors import WixBusy, WixError, WixUnreachable

_LOG = logging.getLogger(__name__)

# A clock that also counts while the machine is suspended, where there is one.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

# What the claim lasts beyond the longest single call, and how much of it is never used.
MARGIN_SECONDS = 10.0
RESERVE_SECONDS = 2.0
# A site that said "busy" without saying for how long.
BUSY_REST_SECONDS = 1.0
LOST_REST_SECONDS = 0.1
# How long what came of a call is offered to an outbox that is away; after that the read-back tells.
SETTLE_TRIES = 60
SETTLE_PAUSE_SECONDS = 0.5


class Book(Protocol):
    """What carrying out needs of the outbox."""

    async def claim(
        self, owner: str, wanted: Held, ready: Ready, lasts: timedelta, *, calls: int
    ) -> Held | None:
        """Claim before the one call; None if the effect is no longer ours."""
        ...

    async def settle(self, known: Held, to: Change) -> bool:
        """Record what came of it; False if the effect has moved on."""
        ...


class _Lost(Exception):
    """The effect is no longer ours: another worker has it, or a mark came."""


class _Decided(Exception):
    """It ends here, without a call or after one."""

    def __init__(self, change: Change) -> None:
        super().__init__(change.state)
        self.change = change


@dataclass(slots=True, kw_only=True)
class Carrier:
    """Carries out one effect.

    `on_call` is told when a call begins that had better not be cut short; `calls` tells how many
    requests the site has made in the last minute.

    `site_failed` says afterwards whether Wix gave the site no service.
    """

    book: Book
    owner: str
    procedure: Procedure
    held: Held
    now: Callable[[], datetime]
    backoff: Backoff = field(default_factory=Backoff)
    call_seconds: float = 10.0
    on_call: Callable[[], None] = lambda: None
    calls: Callable[[], int] = lambda: 0
    site_failed: bool = field(init=False, default=False)
    _during: str = field(init=False, default="prepare")
    _began: float = field(init=False, default_factory=lambda: seconds())

    async def carry(self) -> float:
        """Take the effect as far as it goes now and record that; returns how long its site should rest (s).

        Raises:
            OutboxAway: the outbox gave no answer; what is known so far is asked again later.
        """
        effect = self.held.effect
        key, site, event = effect.key, effect.instance_id, effect.event_id
        above = effect.payload.get("traceparent")
        with (
            about(effect=key, site=site, event=event),
            traced(f"effect {effect.flow}", parent=above, effect=key, site=site, event=event),
        ):
            return await self._carried()

    async def _carried(self) -> float:
        try:
            await self._settle(await self._change())
        except _Decided as decided:
            await self._settle(decided.change)
        except _Lost:
            _LOG.info("%s is no longer ours", self.held.effect.key)
            return LOST_REST_SECONDS
        except OutboxAway:
            raise
        except asyncio.CancelledError:
            await self._cut_short()
            raise
        except Exception as error:  # noqa: BLE001 - a procedure's bug must not stop the others
            self.site_failed = site_failed(error) is True
            await self._settle(self._set_back(error))
            return _rest(error)
        return 0.0

    async def _change(self) -> Change:
        done = await self._asked_after() or await self._called()
        return await self._confirmed(done)

    async def _asked_after(self) -> Done | None:
        """What Wix says became of a call in doubt; None if there was none, or it did not take effect."""
        if self.held.called_at is None:
            return None
        self._during = "read_back"
        if self.held.accepted_id is not None:
            return Done(wix_id=self.held.accepted_id)
        claim = Claim(called_at=self.held.called_at, facts=self.held.claim_facts)
        found = await self.procedure.read_back(self.held.effect, claim)
        if isinstance(found, Suppress | Fail):
            raise _Decided(_from_wix(found))
        return found

    async def _called(self) -> Done:
        """Decide on what Wix says now, claim, and make the one call while the claim has time left."""
        self._during = "prepare"
        ready = await self.procedure.prepare(self.held.effect, now=self.now())
        if isinstance(ready, Later):
            raise _Decided(self._postponed(ready))
        if not isinstance(ready, Ready):
            raise _Decided(_from_wix(ready))
        self.on_call()
        lasts = self.call_seconds + MARGIN_SECONDS
        ends = seconds() + lasts - RESERVE_SECONDS
        lasting, calls = timedelta(seconds=lasts), self.calls()
        claimed = await self.book.claim(self.owner, self.held, ready, lasting, calls=calls)
        if claimed is None:
            raise _Lost
        self.held = claimed
        return await self._in_time(ready, ends)

    def _postponed(self, later: Later) -> Change:
        """Due again at its time, by the clock that the procedure decided by; no attempt is counted."""
        again_in = max(0.0, (later.until - self.now()).total_seconds())
        return Change(state=State.WAITING, reason=later.reason, again_in=again_in)

    async def _in_time(self, ready: Ready, ends: float) -> Done:
        left = ends - seconds()
        if left < self.call_seconds:
            # Writing the claim took too long. Nothing was called, so nothing is in doubt.
            raise _Decided(Change(state=State.WAITING, reason=CLAIM_TOO_LATE, again_in=1.0))
        self._during = "act"
        try:
            async with asyncio.timeout(left):
                return await self.procedure.act(self.held.effect, ready)
        except TimeoutError as error:
            raise WixUnreachable("no answer while the claim lasted") from error

    async def _confirmed(self, done: Done) -> Change:
        self._during = "confirm"
        self.held = replace(self.held, accepted_id=done.wix_id)
        shown = await self.procedure.confirm(self.held.effect, done)
        return Change(
            state=State.DONE,
            wix_id=shown.wix_id,
            shipments=shown.shipments,
            request_id=shown.request_id or done.request_id,
            site_failed=False,
        )

    def _set_back(self, error: Exception) -> Change:
        if not isinstance(error, WixError | QuotaWait):
            _LOG.error("%s: a bug in %s: %s", self.held.effect.key, self._during, trace(error))
        return after(Setback(held=self.held, during=self._during, error=error, backoff=self.backoff))

    async def _settle(self, change: Change) -> None:
        change = replace(change, spent=seconds() - self._began)
        for _ in range(SETTLE_TRIES):
            try:
                taken = await self.book.settle(self.held, change)
            except OutboxAway as away:
                _LOG.warning("%s", away)
                await asyncio.sleep(SETTLE_PAUSE_SECONDS)
                continue
            _tell(self.held, change, taken=taken)
            return
        _LOG.error("%s: %s could not be recorded; it will be asked after", self.held.effect.key, change.state)

    async def _cut_short(self) -> None:
        """The worker stops: a call that may have reached Wix is in doubt at once, not when its claim ends."""
        if self._during in ("act", "confirm"):
            stopped = self._set_back(WixUnreachable("the worker stopped during the call"))
            await asyncio.shield(self._settle(stopped))


def seconds() -> float:
    """Seconds on a clock that only goes forward."""
    return time.clock_gettime(_CLOCK)


def utc_now() -> datetime:
    """This machine's time; the outbox has its own."""
    return datetime.now(UTC)


def _from_wix(found: Suppress | Fail) -> Change:
    if isinstance(found, Suppress):
        return Change(state=State.SUPPRESSED, reason=found.reason, consent=found.consent)
    return Change(state=State.FAILED, reason=found.reason, next_step=found.next_step, attempt=True)


def _rest(error: Exception) -> float:
    if isinstance(error, QuotaWait):
        return max(0.0, (error.until - utc_now()).total_seconds())
    # Only an answer of Wix speaks for the whole site; a procedure's own WixBusy, for one order.
    if isinstance(error, WixBusy) and error.status is not None and not isinstance(error, ReceiverAway):
        return patience(error) or BUSY_REST_SECONDS
    return 0.0


def _tell(held: Held, change: Change, *, taken: bool) -> None:
    if not taken:
        _LOG.warning("%s moved on while we had it; %s is not recorded", held.effect.key, change.state)
        return
    level = logging.WARNING if change.state is State.FAILED else logging.INFO
    _LOG.log(level, "%s: %s %s", held.effect.key, change.state, change.reason or "")

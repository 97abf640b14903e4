"""An error met on the way to Wix becomes the effect's next state. No I/O.

What is known about a changing call decides: a clear answer ends the doubt, anything else keeps it
until Wix was asked whether the call took effect.
"""

import random
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

from streams.access_errors import ReceiverAway, ReceiverRefused
from streams.change import Change, Held
from streams.effect import State
from streams.quota import QuotaWait
from streams.reason import (
    APP_REMOVED,
    BUG,
    FORBIDDEN,
    NO_CLEAR_ANSWER,
    NOT_FOUND,
    OUT_OF_ATTEMPTS,
    QUOTA,
    RECEIVER_AWAY,
    REFUSED,
    UNAUTHORIZED,
    UNCONFIRMED,
    UNKNOWN_OUTCOME,
    WIX_BUSY,
)
from streams.wix.errors import (
    AppRemoved,
    NotFound,
    Unauthorized,
    WixBusy,
    WixError,
    WixRefused,
    WixUnreachable,
)

# After each failed attempt; the last one repeats.
DELAYS_SECONDS = (10.0, 60.0, 600.0, 3600.0, 14400.0)
MAX_ATTEMPTS = 12
MAX_BUGS = 3
# So that what failed together doesn't come back together.
JITTER = 0.1


class _Facts(TypedDict):
    fingerprint: str
    last_status: int | None
    last_code: str | None
    request_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """When a failed attempt is repeated, and how often."""

    delays_seconds: tuple[float, ...] = DELAYS_SECONDS
    max_attempts: int = MAX_ATTEMPTS
    max_bugs: int = MAX_BUGS
    spread: Callable[[], float] = random.random

    def seconds(self, attempts: int) -> float:
        """The pause after this many attempts, give or take a tenth."""
        delay = self.delays_seconds[min(attempts, len(self.delays_seconds)) - 1]
        return delay * (1 - JITTER + 2 * JITTER * self.spread())


@dataclass(frozen=True, slots=True, kw_only=True)
class Setback:
    """An error and where it was met: `during` is prepare, act, read_back or confirm."""

    held: Held
    during: str
    error: Exception
    backoff: Backoff

    @property
    def in_doubt(self) -> bool:
        """Whether a changing call may have taken effect that nobody has asked after."""
        if self.during == "act":
            return not isinstance(self.error, WixBusy | WixRefused | QuotaWait)
        return self.during in ("read_back", "confirm")

    @property
    def open_state(self) -> State:
        """Where the effect stands if it is tried again."""
        return State.DOUBTFUL if self.in_doubt else State.WAITING


def after(setback: Setback) -> Change:
    """The change that the setback asks for."""
    change = replace(_judged(setback), site_failed=site_failed(setback.error))
    if setback.held.accepted_id is not None and change.state is not State.DOUBTFUL:
        # Wix has it, clearly; only the answer that tells the details never came.
        return replace(change, state=State.DONE, reason=UNCONFIRMED, next_step=None, in_doubt=False)
    return replace(change, wix_id=setback.held.accepted_id)


def site_failed(error: Exception) -> bool | None:
    """Whether Wix gave the site no service; None where the error says nothing of the site.

    A procedure's own WixBusy, without a status, is about one order; a receiver's answer is not Wix's.
    """
    if isinstance(error, ReceiverAway | ReceiverRefused):
        return None
    if isinstance(error, WixUnreachable | Unauthorized):
        return True
    if isinstance(error, WixBusy):
        return True if error.status is not None else None
    return False if isinstance(error, WixRefused) else None


def _judged(setback: Setback) -> Change:
    error = setback.error
    if isinstance(error, QuotaWait):
        return _until_its_slot(setback, error)
    if isinstance(error, AppRemoved):
        return _app_removed(setback, error)
    # Credentials that aren't accepted are ours to mend, and no fault of the effect: it waits.
    if isinstance(error, WixRefused) and not isinstance(error, Unauthorized) and not setback.in_doubt:
        return _refused(setback, error)
    if isinstance(error, WixError):
        return _again(setback, error)
    return _bug(setback)


def fingerprint(setback: Setback) -> str:
    """The same for the same kind of failure: groups failures for people, holds nothing personal."""
    error = setback.error
    if isinstance(error, WixError):
        facts = (type(error).__name__, error.status, error.code, setback.during)
        return ":".join(str(fact) for fact in facts if fact is not None)
    return f"{type(error).__name__}:{place(error)}"


def patience(error: Exception) -> float:
    """How many seconds Wix asked us to wait, within reason."""
    asked = error.retry_after if isinstance(error, WixBusy) else None
    return min(max(asked or 0.0, 0.0), DELAYS_SECONDS[-1])


def place(error: Exception) -> str:
    """Where in our own code an unexpected exception was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    return f"{Path(own[-1].filename).name}:{own[-1].name}" if own else "unknown"


def trace(error: Exception) -> str:
    """The error's kind and the way to it, without its message, which might be personal."""
    frames = traceback.extract_tb(error.__traceback__)
    way = " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    return f"{type(error).__name__} at {way}"


def _until_its_slot(setback: Setback, wait: QuotaWait) -> Change:
    seconds = max(0.0, (wait.until - datetime.now(UTC)).total_seconds())
    return Change(
        state=setback.open_state,
        reason=QUOTA,
        again_in=seconds,
        in_doubt=setback.in_doubt,
    )


def _again(setback: Setback, error: WixError) -> Change:
    attempts = setback.held.attempts + 1
    if attempts >= setback.backoff.max_attempts:
        if isinstance(error, Unauthorized) and not setback.in_doubt:
            return _refused(setback, error)
        return _given_up(setback, error)
    return Change(
        state=setback.open_state,
        reason=_waiting_for(error),
        again_in=max(setback.backoff.seconds(attempts), patience(error)),
        in_doubt=setback.in_doubt,
        attempt=True,
        **_facts(setback, error),
    )


def _waiting_for(error: WixError) -> str:
    if isinstance(error, ReceiverAway):
        return RECEIVER_AWAY
    if isinstance(error, Unauthorized):
        return UNAUTHORIZED
    return WIX_BUSY if isinstance(error, WixBusy) else NO_CLEAR_ANSWER


def _given_up(setback: Setback, error: WixError) -> Change:
    if isinstance(error, ReceiverAway):
        asked = "The receiver never took it. Check that ACCESS_URL answers"
    elif setback.in_doubt:
        asked = "Wix could not be asked whether the call took effect. Check that Wix works for this site"
    else:
        asked = "Wix never answered. Check that Wix works for this site"
    return Change(
        state=State.FAILED,
        reason=OUT_OF_ATTEMPTS,
        in_doubt=setback.in_doubt,
        attempt=True,
        next_step=f"{asked}, then `streams effects redrive` it.",
        **_facts(setback, error),
    )


def _refused(setback: Setback, error: WixRefused) -> Change:
    reason, next_step = _named(error)
    return Change(
        state=State.FAILED, reason=reason, attempt=True, next_step=next_step, **_facts(setback, error)
    )


def _named(error: WixRefused) -> tuple[str, str]:
    redrive = "then `streams effects redrive` it."
    if error.reason is not None:
        return error.reason, error.next_step or f"Mend the cause, {redrive}"
    if isinstance(error, Unauthorized):
        return UNAUTHORIZED, f"Check WIX_APP_ID, WIX_APP_SECRET and the app's installation, {redrive}"
    if error.status == 403:
        return FORBIDDEN, f"Give the app the permission that Wix names in its answer, {redrive}"
    if isinstance(error, NotFound):
        return NOT_FOUND, f"Wix doesn't know what was asked for; check the order at Wix, {redrive}"
    return REFUSED, f"Look up the code and the request id at Wix, mend the cause, {redrive}"


def _app_removed(setback: Setback, error: AppRemoved) -> Change:
    facts = _facts(setback, error)
    if not setback.in_doubt:
        return Change(state=State.SUPPRESSED, reason=APP_REMOVED, **facts)
    return Change(
        state=State.FAILED,
        reason=UNKNOWN_OUTCOME,
        in_doubt=True,
        next_step="Install the app on the site again, then `streams effects redrive` it: Wix is asked first.",
        **facts,
    )


def _bug(setback: Setback) -> Change:
    mark = fingerprint(setback)
    if setback.held.bugs + 1 >= setback.backoff.max_bugs:
        return Change(
            state=State.FAILED,
            reason=BUG,
            in_doubt=setback.in_doubt,
            attempt=True,
            bug=True,
            fingerprint=mark,
            next_step=f"A bug at {place(setback.error)}: mend it, then `streams effects redrive` it.",
        )
    return Change(
        state=setback.open_state,
        reason=BUG,
        again_in=setback.backoff.seconds(setback.held.bugs + 1),
        in_doubt=setback.in_doubt,
        attempt=True,
        bug=True,
        fingerprint=mark,
    )


def _facts(setback: Setback, error: WixError) -> _Facts:
    return {
        "fingerprint": fingerprint(setback),
        "last_status": error.status,
        "last_code": error.code,
        "request_id": error.request_id,
    }

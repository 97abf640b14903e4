"""What can go wrong at the receiver of access changes; none of it speaks of Wix or of a site. No I/O.

A receiver drops a repeat by its id, so no answer is ever in doubt: what wasn't clearly taken is sent again.
"""

from streams.reason import RECEIVER_REFUSED
from streams.wix.errors import WixBusy, WixError, WixRefused

_REDRIVE = "then `streams effects redrive` it."


class ReceiverAway(WixBusy):
    """Not taken, or no clear answer: send the same again later. `retry_after` is in seconds, if it said."""

    def __init__(
        self, description: str, *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        WixError.__init__(
            self, "the receiver at ACCESS_URL did not take it", status=status, description=description
        )
        self.retry_after = retry_after


class ReceiverRefused(WixRefused):
    """The receiver said no; a person is to see to it."""

    def __init__(self, status: int) -> None:
        WixError.__init__(self, "the receiver at ACCESS_URL refused it", status=status)
        self.fields = ()
        self.because(RECEIVER_REFUSED, _next_step(status))


def _next_step(status: int) -> str:
    if 300 <= status < 400:
        return f"The receiver redirects, which is not followed: set ACCESS_URL to where it is, {_REDRIVE}"
    if status == 410:
        return f"The receiver says that it is gone for good: set ACCESS_URL to the new one, {_REDRIVE}"
    return (
        f"Look at the receiver's log: it answered {status}. Check that ACCESS_SECRET is the secret it "
        f"verifies with, and that both clocks are right, {_REDRIVE}"
    )

"""What can go wrong at Wix, named for the caller's next move. No I/O.

WixError
├── WixBusy          wait, then ask again: Wix throttles us, or asks for patience
├── WixUnreachable   no clear answer: network, time-out, 5xx. A changing call is in doubt
└── WixRefused       a clear no: record it, don't repeat
    ├── NotFound     404
    ├── Unauthorized 401, after a fresh token was tried
    └── AppRemoved   no token for this site: our app isn't installed there (any more)

Only WixUnreachable leaves open whether a changing call took effect. Messages hold statuses,
codes and Wix's request id; what looks like an e-mail address is masked.
"""

import re
from typing import Self

_EMAIL = re.compile(r"[^\s@<>\"',;:]+@[^\s@<>\"',;:]+")
_LONGEST_DESCRIPTION = 300


class WixError(Exception):
    """Any failure of a call. Facts that are not known are None."""

    def __init__(
        self,
        what: str,
        *,
        status: int | None = None,
        code: str | None = None,
        description: str | None = None,
        request_id: str | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.description = masked(description) if description else None
        self.request_id = request_id
        facts = (status, code, self.description, request_id and f"request {request_id}")
        super().__init__(": ".join((what, ", ".join(str(fact) for fact in facts if fact))).rstrip(": "))


class WixBusy(WixError):
    """Wait, then call again; the call was not carried out. `retry_after` is in seconds, if Wix said."""

    def __init__(
        self,
        retry_after: float | None = None,
        *,
        status: int | None = None,
        code: str | None = None,
        description: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(
            "Wix asks us to wait", status=status, code=code, description=description, request_id=request_id
        )
        self.retry_after = retry_after


class WixUnreachable(WixError):
    """No answer, or none that says what became of the call. Reads may be repeated, changes must not."""

    def __init__(
        self,
        description: str,
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(
            "Wix gave no clear answer",
            status=status,
            code=code,
            description=description,
            request_id=request_id,
        )


class WixRefused(WixError):
    """Wix said no; nothing was changed. `fields` are the fields that Wix found invalid.

    `reason` and `next_step` are what a flow made of it, for the person who is to mend it.
    """

    def __init__(
        self,
        status: int,
        code: str | None = None,
        description: str | None = None,
        request_id: str | None = None,
        *,
        fields: tuple[str, ...] = (),
    ) -> None:
        super().__init__(
            "Wix refused", status=status, code=code, description=description, request_id=request_id
        )
        self.fields = fields
        self.reason: str | None = None
        self.next_step: str | None = None

    def because(self, reason: str, next_step: str) -> Self:
        """The same refusal, with our short code for it and what a person should do."""
        self.reason, self.next_step = reason, next_step
        return self


class NotFound(WixRefused):
    """What was asked for isn't there."""


class Unauthorized(WixRefused):
    """The token was not accepted, or Wix gave us none for our app id and secret."""


class AppRemoved(WixRefused):
    """Wix knows no installation of our app by this instance id."""


def masked(text: str) -> str:
    """The text without e-mail addresses and no longer than an error message should be."""
    return _EMAIL.sub("…@…", text)[:_LONGEST_DESCRIPTION]

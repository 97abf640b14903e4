"""What Wix answered: a status and bytes become an Answer, or a named error. No I/O."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from streams.wix.errors import NotFound, Unauthorized, WixBusy, WixRefused, WixUnreachable

REQUEST_ID_HEADER = "x-wix-request-id"

_REFUSALS: Mapping[int, type[WixRefused]] = {401: Unauthorized, 404: NotFound}
# Not carried out, and worth another try: the request came too slowly, too early or too often.
_BUSY_STATUSES = (408, 425, 429)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A call that Wix carried out. `body` is its JSON object, `{}` where Wix sent nothing.

    `answered_at` is Wix's own clock, to the second.
    """

    body: Mapping[str, Any]
    status: int
    request_id: str | None
    answered_at: datetime | None = None

    def object(self, name: str) -> Mapping[str, Any]:
        """The object that the answer must hold at `name`.

        Raises:
            WixUnreachable: it isn't there, so the answer is none that we can go by.
        """
        found = self.body.get(name)
        if not isinstance(found, Mapping):
            raise self.unexpected(f"an answer without {name}")
        return found

    def text(self, holder: Mapping[str, Any], name: str) -> str:
        """The text that `holder`, a part of the answer, must hold at `name`; raises as `object` does."""
        found = holder.get(name)
        if not isinstance(found, str) or not found:
            raise self.unexpected(f"an answer without {name}")
        return found

    def unexpected(self, what: str) -> WixUnreachable:
        """The error for an answer of 2xx that doesn't say what its documentation promises."""
        return WixUnreachable(what, status=self.status, code="unexpected_answer", request_id=self.request_id)


def understood(status: int, headers: Mapping[str, str], content: bytes) -> Answer:
    """The answer, if Wix carried the call out.

    Raises:
        WixBusy, WixUnreachable, WixRefused, NotFound, Unauthorized: it did not, or may not have.
    """
    request_id = headers.get(REQUEST_ID_HEADER)
    if not 200 <= status < 300:
        _refuse(status, headers, content, request_id)
    answered_at = _date(headers.get("date"))
    if not content.strip():
        return Answer(body={}, status=status, request_id=request_id, answered_at=answered_at)
    body = _json(content)
    if not isinstance(body, Mapping):
        raise WixUnreachable(
            "an answer that is no JSON object", status=status, code="unexpected_answer", request_id=request_id
        )
    return Answer(body=body, status=status, request_id=request_id, answered_at=answered_at)


def _refuse(status: int, headers: Mapping[str, str], content: bytes, request_id: str | None) -> NoReturn:
    code, description, fields = _facts(_json(content))
    # One of Wix's endpoints throttles with a bare 403; a missing permission comes with a body.
    if status in _BUSY_STATUSES or (status == 403 and not content.strip()):
        wait = retry_after(headers.get("retry-after"))
        raise WixBusy(wait, status=status, code=code, description=description, request_id=request_id)
    if status >= 500:
        raise WixUnreachable(description or "a server error", status=status, code=code, request_id=request_id)
    refusal = _REFUSALS.get(status, WixRefused)
    raise refusal(status, code, description, request_id, fields=fields)


def _facts(body: object) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Code, description and invalid fields, from any of the bodies that Wix documents for errors.

    An application error, a validation error, OAuth's `error` and `error_description`, a bare
    message, or nothing.
    """
    if not isinstance(body, Mapping):
        return None, None, ()
    details = _mapping(body.get("details"))
    application = _mapping(details.get("applicationError"))
    violations = _violations(details)
    first = violations[0] if violations else {}
    code = application.get("code") or first.get("ruleName") or first.get("violatedRule") or body.get("error")
    description = (
        application.get("description")
        or first.get("description")
        or body.get("error_description")
        or body.get("message")
    )
    fields = tuple(str(one.get("field")) for one in violations if one.get("field"))
    return _text(code), _text(description), fields


def _violations(details: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = _mapping(details.get("validationError")).get("fieldViolations")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value else None


def _json(content: bytes) -> object:
    """The JSON in it, None if it is none; fractions become Decimal so that money stays exact."""
    try:
        return json.loads(content, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None


def retry_after(header: str | None) -> float | None:
    """Seconds to wait: the header holds seconds or a date."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        seconds = _seconds_until(header)
    return seconds if 0 <= seconds < float("inf") else None


def _seconds_until(date: str) -> float:
    moment = _date(date)
    return -1 if moment is None else (moment - datetime.now(UTC)).total_seconds()


def _date(header: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

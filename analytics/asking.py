"""A report asked of the process that owns the ledger, over HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from analytics.ledger import LedgerLocked
from analytics.settings import AnalyticsSettings

# As long as the owner lets a report run, and a little more.
TIMEOUT_SECONDS = 30.0


class Refused(Exception):
    """Nobody could answer, or the owner of the ledger would not; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A report as the public contract spells it in JSON."""

    body: dict[str, Any]


def ask_owner(
    settings: AnalyticsSettings, name: str, params: Mapping[str, Sequence[str]], locked: LedgerLocked
) -> Answer:
    """The owner's answer.

    Raises:
        Refused: it doesn't answer at REPORTS_URL, or refuses the question.
    """
    token = settings.reports_token.get_secret_value()
    headers = {"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    url = f"{settings.reports_url.rstrip('/')}/reports/{name}"
    pairs = httpx.QueryParams([(key, value) for key, values in params.items() for value in values])
    try:
        response = httpx.get(url, params=pairs, headers=headers, timeout=TIMEOUT_SECONDS)
    except httpx.HTTPError as error:
        raise Refused(
            f"the ledger is open in {locked.holder}, but nobody answers at {settings.reports_url} ({error}). "
            "Set REPORTS_URL to where that process serves reports, or stop it."
        ) from error
    if response.status_code != httpx.codes.OK:
        raise Refused(f"the ledger's owner answered {response.status_code}: {_message(response)}")
    return Answer(response.json())


def _message(response: httpx.Response) -> str:
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return response.text[:200]

"""Reports and tables asked of the process that owns the ledger, over HTTP."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pyarrow as pa

from analytics.ledger import LedgerLocked
from analytics.settings import AnalyticsSettings
from analytics.tables import UnknownTable

# As long as the owner lets a report run, and a little more.
TIMEOUT_SECONDS = 30.0


class Refused(Exception):
    """Nobody could answer, or the owner of the ledger would not; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A report as the public contract spells it in JSON."""

    body: dict[str, Any]


class Owner:
    """The process that has the ledger open. Any call raises `Refused` when it can't answer, or won't."""

    def __init__(self, settings: AnalyticsSettings, locked: LedgerLocked) -> None:
        self._url = settings.reports_url.rstrip("/")
        self._token = settings.reports_token.get_secret_value()
        self._holder = locked.holder

    def answer(self, name: str, params: Mapping[str, Sequence[str]]) -> Answer:
        """A report, as JSON spells it."""
        with self._asked(f"/reports/{name}", params, accept="application/json") as response:
            response.read()
            return Answer(response.json())

    def version(self) -> str:
        """The newest version."""
        with self._asked("/version", {}, accept="application/json") as response:
            response.read()
            return str(response.json()["versions"][0])

    def report(self, name: str, params: Mapping[str, Sequence[str]]) -> pa.Table:
        """A report's rows."""
        with self._asked(f"/reports/{name}", params) as response:
            return pa.ipc.open_stream(response.read()).read_all()

    @contextmanager
    def table(self, name: str, version: str) -> Iterator[pa.RecordBatchReader]:
        """A table's rows, as they arrive."""
        with self._asked(f"/export/{name}", {"version": [version]}) as response:
            yield pa.ipc.open_stream(io.BufferedReader(_Body(response)))

    @contextmanager
    def _asked(
        self, path: str, params: Mapping[str, Sequence[str]], accept: str = "*/*"
    ) -> Iterator[httpx.Response]:
        headers = {"Accept": accept, **({"Authorization": f"Bearer {self._token}"} if self._token else {})}
        pairs = httpx.QueryParams([(key, value) for key, values in params.items() for value in values])
        try:
            with httpx.stream(
                "GET", self._url + path, params=pairs, headers=headers, timeout=TIMEOUT_SECONDS
            ) as response:
                if response.status_code != httpx.codes.OK:
                    response.read()
                    raise _refusal(path, response)
                yield response
        except httpx.HTTPError as error:
            raise Refused(
                f"the ledger is open in {self._holder}, but nobody answers at {self._url} ({error}). "
                "Set REPORTS_URL to where that process serves reports, or stop it."
            ) from error


class _Body(io.RawIOBase):
    """An answer's body, read as it arrives."""

    def __init__(self, response: httpx.Response) -> None:
        self._pieces = response.iter_bytes()
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = piece
        taken = self._left[: len(buffer)]
        self._left = self._left[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)


def _refusal(path: str, response: httpx.Response) -> Exception:
    try:
        body = response.json()
        message, code = str(body["message"]), body.get("error")
    except (ValueError, KeyError, TypeError):
        message, code = response.text[:200], None
    if code == "unknown_table":
        return UnknownTable(path.rpartition("/")[2])
    return Refused(f"the ledger's owner answered {response.status_code}: {message}")

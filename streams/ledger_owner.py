"""LedgerOwner: the process that has the ledger open, as the other processes ask it."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from streams.known import KnownOrder
from streams.settings import ReportsSettings

# A site of a hundred thousand orders is read page by page; one page takes about a second.
ANSWER_SECONDS = 60.0


class OwnerAway(Exception):
    """Nobody answers for the ledger, or won't answer us: wait, or do what the message says."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(
            f"What the ledger knows can't be asked: {url} {why}. Start it (python -m streams ledger), "
            "or set REPORTS_URL and REPORTS_TOKEN to those of the ledger process."
        )


class LedgerOwner:
    """Asks at REPORTS_URL. An async context manager; safe to use from many tasks at once."""

    def __init__(
        self, settings: ReportsSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        token = settings.reports_token.get_secret_value()
        self._url = settings.reports_url
        self._http = httpx.AsyncClient(
            base_url=settings.reports_url,
            headers={"authorization": f"Bearer {token}"} if token else {},
            timeout=ANSWER_SECONDS,
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def sites(self) -> list[str]:
        """Instance ids of the sites where the app is installed, as far as the ledger heard.

        Raises:
            OwnerAway: it doesn't answer.
        """
        rows = await self._rows("/inner/sites")
        return [str(row["site"]) for row in rows if not row["is_removed"]]

    async def orders(self, site: str) -> dict[str, KnownOrder]:
        """Every order of a site by its id, as it stands.

        Raises:
            OwnerAway: it doesn't answer.
        """
        found: dict[str, KnownOrder] = {}
        after = ""
        while rows := await self._rows(f"/inner/sites/{site}/orders", after=after):
            found |= {row["order_id"]: KnownOrder.from_row(row) for row in rows}
            after = rows[-1]["order_id"]
        return found

    async def site_rows(self, site: str) -> int:
        """How many rows the ledger has of a site.

        Raises:
            OwnerAway: it doesn't answer.
        """
        return int((await self._rows(f"/inner/sites/{site}/rows"))[0]["rows"])

    async def is_forgotten(self, site: str) -> bool:
        """Whether the site's rows are dropped.

        Raises:
            OwnerAway: it doesn't answer.
        """
        return bool((await self._rows(f"/inner/sites/{site}/rows"))[0]["is_forgotten"])

    async def person(self, an_id: str, site: str | None = None) -> list[dict[str, Any]]:
        """The orders of a contact or member: site, order_id, contact_id, member_id of each.

        Raises:
            OwnerAway: it doesn't answer.
        """
        chosen = {} if site is None else {"site": site}
        return await self._rows(f"/inner/people/{an_id}", **chosen)

    async def _rows(self, path: str, **params: str) -> list[dict[str, Any]]:
        body = await self.ask("GET", path, **params)
        return list(body["rows"])

    async def ask(self, method: str, path: str, **params: str) -> Mapping[str, Any]:
        """One answer, a JSON object.

        Raises:
            OwnerAway: there is none.
        """
        try:
            answer = await self._http.request(method, path, params=params)
            answer.raise_for_status()
            found: Mapping[str, Any] = answer.json()
        except httpx.HTTPStatusError as error:
            raise OwnerAway(self._url, f"answers {error.response.status_code}") from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise OwnerAway(self._url, f"gives no answer ({type(error).__name__})") from error
        return found

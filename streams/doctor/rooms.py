"""Whether our own processes do their work: outbox, worker, ledger, report service."""

from collections.abc import Mapping
from typing import Any

import httpx

from streams.doctor.finding import Finding, fine, skipped, wrong
from streams.effect import State
from streams.outbox import Outbox, OutboxAway
from streams.outbox_schema import SchemaTooNew
from streams.settings import OutboxSettings, ReportsSettings

OUTBOX, WORKER, LEDGER, REPORTS = "outbox", "worker", "ledger", "report service"
ANSWER_SECONDS = 10.0
# A worker or a ledger that is this far behind isn't merely busy.
MOST_BEHIND = 10_000


async def check_outbox(settings: OutboxSettings) -> Finding:
    """Whether it can be read, and whether something in it waits for a person."""
    outbox = Outbox(settings)
    try:
        await outbox.open(create=False)
        counts = await outbox.counts()
    except (OutboxAway, SchemaTooNew) as error:
        remedy = "Start the worker once, which makes it; or set DATA_DIR or OUTBOX_URL to where it is."
        return wrong(OUTBOX, str(error), remedy)
    finally:
        await outbox.close()
    told = ", ".join(f"{state.value} {number}" for state, number in counts.items() if number) or "empty"
    if counts[State.FAILED]:
        remedy = "See why: python -m streams effects list --state failed; then effects redrive."
        return wrong(OUTBOX, f"{counts[State.FAILED]} failed ({told})", remedy)
    return fine(OUTBOX, told)


async def check_worker(port: int) -> Finding:
    """Whether it says that it is ready."""
    try:
        async with httpx.AsyncClient(timeout=ANSWER_SECONDS) as http:
            answer = await http.get(f"http://127.0.0.1:{port}/readyz")
    except httpx.HTTPError as error:
        found = f"nobody answers on port {port} ({type(error).__name__})"
        return wrong(WORKER, found, "Start it: python -m streams worker (or set WORKER_INTERNAL_PORT).")
    if answer.status_code != httpx.codes.OK:
        return wrong(WORKER, f"not ready: {'; '.join(answer.text.splitlines())}", "Look at its log.")
    return fine(WORKER, "ready")


async def check_reports(settings: ReportsSettings) -> list[Finding]:
    """The report service, and by its answers the ledger behind it."""
    token = settings.reports_token.get_secret_value()
    headers = {"accept": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    try:
        async with httpx.AsyncClient(
            base_url=settings.reports_url, headers=headers, timeout=ANSWER_SECONDS
        ) as http:
            version = await http.get("/version")
            lag = await http.get("/reports/lag")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        found = f"nobody answers at {settings.reports_url} ({type(error).__name__})"
        remedy = "Start it: python -m streams ledger; or set REPORTS_URL to where it is."
        return [wrong(REPORTS, found, remedy), skipped(LEDGER, "The report service is away.")]
    if version.status_code != httpx.codes.OK:
        remedy = "Give this machine the same REPORTS_TOKEN as the ledger process."
        found = f"it answers {version.status_code}"
        return [wrong(REPORTS, found, remedy), skipped(LEDGER, "The report service doesn't let us in.")]
    return [fine(REPORTS, f"answers at {settings.reports_url}"), _ledger(_json(version), _json(lag))]


async def sites_known(settings: ReportsSettings) -> list[str]:
    """Instance ids of the sites where our app is installed, as the ledger has them; none if it is away."""
    token = settings.reports_token.get_secret_value()
    headers = {"accept": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    try:
        async with httpx.AsyncClient(timeout=ANSWER_SECONDS, headers=headers) as http:
            answer = await http.get(f"{settings.reports_url}/reports/sites")
    except (httpx.HTTPError, httpx.InvalidURL):
        return []
    rows = _json(answer).get("rows") or []
    return [str(row["site"]) for row in rows if row.get("site") and not row.get("removed_at")]


def _ledger(version: Mapping[str, Any], lag: Mapping[str, Any]) -> Finding:
    through = version.get("known_through")
    if not version.get("versions"):
        return wrong(LEDGER, "it has published nothing yet", "Look at the log of python -m streams ledger.")
    behind = sum(int(row.get("lag") or 0) for row in lag.get("rows") or [])
    if behind > MOST_BEHIND:
        found = f"{behind} records wait to be read"
        return wrong(LEDGER, found, "Wait if it falls; else look at the logs of worker and ledger.")
    return fine(LEDGER, f"knows all through {through}" if through else "empty")


def _json(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}

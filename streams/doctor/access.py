"""Whether changes of access could be told: the settings, and whether anybody answers at ACCESS_URL."""

import httpx

from streams.access_receiver import AccessSettingsWrong, endpoint
from streams.doctor.finding import Finding, fine, wrong
from streams.settings import AccessSettings

ACCESS = "access"
ANSWER_SECONDS = 10.0


async def check_access(settings: AccessSettings) -> Finding:
    """Whether it is off, or can be signed and reaches somebody. Nothing is told to the receiver."""
    try:
        where = endpoint(settings)
    except AccessSettingsWrong as error:
        return wrong(ACCESS, error.found, error.remedy)
    if where is None:
        return fine(ACCESS, "off: ACCESS_URL is not set")
    try:
        async with httpx.AsyncClient(timeout=ANSWER_SECONDS) as http:
            await http.head(where.url)
    except (httpx.HTTPError, OSError) as error:
        remedy = "Start the receiver, or set ACCESS_URL to where it is; until then changes wait."
        return wrong(ACCESS, f"nobody answers at ACCESS_URL ({type(error).__name__})", remedy)
    return fine(ACCESS, f"on, signed with {len(where.keys)} secret{'s' if len(where.keys) > 1 else ''}")

"""Effects brought to where a test begins: ready to be carried out, or called with no answer to it."""

import pytest

from streams.effect import Effect
from streams.procedure import Claim, Procedure, Ready
from streams.wix.errors import WixUnreachable
from tests.streams.wix_site import NOW, SandboxSite


async def ready(procedure: Procedure, effect: Effect) -> Ready:
    """Prepared, which has to succeed."""
    prepared = await procedure.prepare(effect, now=NOW)
    assert isinstance(prepared, Ready), prepared
    return prepared


async def in_doubt(procedure: Procedure, effect: Effect, site: SandboxSite, /, **fault: object) -> Claim:
    """What the outbox holds of a call that the site's `fault` left without an answer."""
    prepared = await ready(procedure, effect)
    site.fault(**fault)
    with pytest.raises(WixUnreachable):
        await procedure.act(effect, prepared)
    return Claim(called_at=NOW, facts=prepared.claim)

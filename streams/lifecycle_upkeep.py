"""What upkeep found out becomes rows: a site's properties, a comparison, who is forgotten. No I/O."""

from datetime import datetime

from analytics.lifecycle import (
    Facts,
    ForgottenFacts,
    LifecycleRow,
    ReconciledFacts,
    SiteFacts,
    event_row_id,
    masked,
)
from ingest.record import iso


def from_site(site: str, facts: SiteFacts, *, asked_at: datetime) -> LifecycleRow:
    """What Wix says of a site's business."""
    return _row("site_properties", site, site, facts, at=asked_at)


def from_reconciled(site: str, facts: ReconciledFacts, *, began_at: datetime) -> LifecycleRow:
    """A site was compared whole; a run that was broken off and went on is one."""
    return _row("reconciled", site, site, facts, at=began_at)


def from_forgotten(site: str, entity_id: str, facts: ForgottenFacts, *, at: datetime) -> LifecycleRow:
    """A person or a site is to be forgotten, from the first row to the last."""
    return _row("forgotten", site, entity_id, facts, at=at, named=masked(entity_id))


def _row(
    what: str, site: str, entity_id: str, facts: Facts, *, at: datetime, named: str | None = None
) -> LifecycleRow:
    event_id = f"{what}/{named or entity_id}/{iso(at)}"
    return LifecycleRow(
        row_id=event_row_id(site, event_id, what),
        what=what,
        instance_id=site,
        entity_id=entity_id,
        event_id=event_id,
        event_type=f"orderline.{what}",
        happened_at=at,
        facts=facts,
    )

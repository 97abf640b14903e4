"""What came of a run, asked from Wix and from the report service, against what the stories expect."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from sandbox.stories.story import Expected, Story
from sandbox.witness import Witness, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Figures of one run, and in words everything that is not as it should be."""

    messages_expected: int
    messages_at_wix: int
    fulfillments_expected: int
    fulfillments_at_wix: int
    access_expected: int
    access_granted: int
    access_revoked: int
    effects: dict[str, int]
    rows: int
    missing: int
    missing_effects: int
    wrong: tuple[str, ...]

    @property
    def figures(self) -> dict[str, Any]:
        """The figures under their public names."""
        return {
            "messages_expected": self.messages_expected,
            "messages_at_wix": self.messages_at_wix,
            "fulfillments_expected": self.fulfillments_expected,
            "fulfillments_at_wix": self.fulfillments_at_wix,
            "access_expected": self.access_expected,
            "access_granted": self.access_granted,
            "access_revoked": self.access_revoked,
            "effects": self.effects,
            "rows": self.rows,
            "missing": self.missing,
            "missing_effects": self.missing_effects,
        }


async def verdict(witness: Witness, stories: Iterable[Story]) -> Verdict:
    """Look once. Effects, messages, fulfillments and access must be exactly the expected ones, no more."""
    told = list(stories)
    ends = [end for story in told for end in story.expected]
    received, totals = await witness.received(), await witness.totals()
    counts = await witness.conservation()
    messages, parcels, changes = (received[name] for name in ("messages", "fulfillments", "access"))
    told_of = Counter(change["body"]["type"] for change in changes)
    wrong = [
        *await witness.wrong(ends),
        *not_once(ends, messages, parcels),
        *not_told(ends, changes),
        *_unbalanced(totals, counts, ends),
        *_unkept(counts, told),
    ]
    return Verdict(
        messages_expected=sum(end.is_message for end in ends),
        messages_at_wix=len(messages),
        fulfillments_expected=sum(end.is_fulfillment for end in ends),
        fulfillments_at_wix=len(parcels),
        access_expected=sum(end.is_access for end in ends),
        access_granted=told_of["access.granted"],
        access_revoked=told_of["access.revoked"],
        effects=totals,
        rows=counts["rows"],
        missing=counts["missing"],
        missing_effects=counts["missing_effects"],
        wrong=tuple(wrong),
    )


async def page_status(http: httpx.AsyncClient, url: str) -> int:
    """The status code of the dashboard's page; 0 when nobody answers."""
    try:
        return (await http.get(url)).status_code
    except httpx.HTTPError:
        return 0


def not_once(
    ends: Iterable[Expected], messages: list[dict[str, Any]], parcels: list[dict[str, Any]]
) -> list[str]:
    """Messages and fulfillments at Wix that are not there once each, in words."""
    wanted = {end.ref_line: end.key for end in ends if end.is_message}
    orders = [end.order_id for end in ends if end.is_fulfillment]
    texts = [text_of(message) for message in messages]
    found = {line: sum(line in text for text in texts) for line in wanted}
    said = [f"{key}: {found[line]} messages at Wix" for line, key in wanted.items() if found[line] != 1]
    if len(texts) > sum(found.values()):
        said.append(f"{len(texts) - sum(found.values())} messages at Wix that no story expects")
    made = [parcel["orderId"] for parcel in parcels]
    odd = sorted(order for order in {*orders, *made} if orders.count(order) != made.count(order))
    return said + [
        f"order {order}: {made.count(order)} fulfillments, not {orders.count(order)}" for order in odd
    ]


def not_told(ends: Iterable[Expected], changes: Iterable[Mapping[str, Any]]) -> list[str]:
    """Changes of access that the receiver doesn't have, or has for no reason, in words."""
    wanted = {end.key for end in ends if end.is_access}
    # The receiver takes each id once, whatever is delivered.
    found = {change["webhookId"] for change in changes}
    return [f"{key}: not at the receiver" for key in sorted(wanted - found)] + [
        f"{key}: at the receiver, though no story expects it" for key in sorted(found - wanted)
    ]


def _unbalanced(totals: Mapping[str, int], counts: Mapping[str, int], ends: Iterable[Expected]) -> list[str]:
    states = {end.key: end.state for end in ends}
    effects, failed = len(states), sum(state == "failed" for state in states.values())
    said = [f"{totals[name]} effects {name}" for name in ("waiting", "open") if totals[name]]
    if totals["failed"] != failed:
        said.append(f"{totals['failed']} effects failed, {failed} expected")
    said += [f"{counts[name]} {name}" for name in ("missing", "missing_effects") if counts[name]]
    if totals["due"] != effects:
        said.append(f"{totals['due']} effects due in the ledger, {effects} expected")
    return said


def _unkept(counts: Mapping[str, int], told: Sequence[Story]) -> list[str]:
    """Every event once, however often it was delivered, has a row, or a story expects its dead letter."""
    aside = {webhook.body["id"] for story in told for webhook in story.put_aside}
    rows = len({webhook.body["id"] for story in told for webhook in story.webhooks} - aside)
    said = []
    if counts["dead"] != len(aside):
        said.append(f"{counts['dead']} dead letters, {len(aside)} expected")
    if counts["rows"] < rows:
        said.append(f"{counts['rows']} rows in the ledger, at least {rows} expected")
    return said

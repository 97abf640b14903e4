"""Three books against what was posted: what Wix received, the outbox, the ledger. What differs, in words."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.stories.story import Expected
from sandbox.witness import text_of
from tests.chaos.ledger import Comparison
from tests.chaos.log import LogBook
from tests.chaos.outbox import FINAL

REF_LINE = re.compile(r"Ref\. [A-Z2-7]{6}")
# So many differences of a kind are told one by one.
TOLD = 5

Rows = Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class Findings:
    """Figures under their public names, and everything that is not as it should be."""

    figures: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def complain(self, what: str, cases: Iterable[str]) -> int:
        """Note cases of something that must not be; how many they are."""
        found = sorted(cases)
        if found:
            more = ", …" if len(found) > TOLD else ""
            self.wrong.append(f"{len(found)} {what}: {', '.join(found[:TOLD])}{more}")
        return len(found)


def judge_log(findings: Findings, taken: set[str], log: LogBook) -> None:
    """Every webhook and parcel that was taken lies on the log, once or more."""
    missing = findings.complain("taken, but not on the log", taken - log.ids)
    findings.figures |= {
        "taken": len(taken),
        "on_log": len(taken) - missing,
        "records": dict(sorted(log.records.items())),
    }


def judge_outbox(findings: Findings, wanted: Sequence[Expected], effects: Rows) -> None:
    """Every effect due stands in the outbox once, in the final state that was expected."""
    found = Counter(effect["key"] for effect in effects)
    expected = {end.key: end for end in wanted}
    findings.complain("effects not in the outbox", expected.keys() - found.keys())
    findings.complain("effects in the outbox that nothing made due", found.keys() - expected.keys())
    findings.complain("effects in the outbox twice", (key for key, times in found.items() if times > 1))
    findings.complain(
        "effects without a final outcome",
        (f"{effect['key']} {effect['state']}" for effect in effects if effect["state"] not in FINAL),
    )
    findings.complain(
        "effects that came to another end",
        (
            f"{effect['key']} {effect['state']}/{effect['reason']}"
            for effect in effects
            if effect["key"] in expected and not _is_as(expected[effect["key"]], effect)
        ),
    )
    findings.figures |= {
        "effects_due": dict(sorted(Counter(effect["flow"] for effect in effects).items())),
        "outcomes": dict(sorted(Counter(effect["state"] for effect in effects).items())),
    }


def judge_wix(findings: Findings, wanted: Sequence[Expected], received: Mapping[str, Any]) -> None:
    """Messages, fulfillments and changes of access are the expected ones, none twice.

    A change of access may be posted again; its receiver knows it by its id.
    """
    texts = [text_of(message) for message in received["messages"]]
    refs = Counter(ref for text in texts for ref in REF_LINE.findall(text)[-1:])
    expected = Counter(end.ref_line for end in wanted if end.is_message)
    findings.figures["messages"] = _both(findings, "messages", expected, refs, len(texts))
    made = Counter(_parcel(one["orderId"], one["body"]) for one in received["fulfillments"])
    parcels = Counter(f"{end.order_id}/{end.tracking_number}" for end in wanted if end.is_fulfillment)
    findings.figures["fulfillments"] = _both(findings, "fulfillments", parcels, made, made.total())
    taken = Counter(one["webhookId"] for one in received["access"])
    changes = Counter(end.key for end in wanted if end.is_access)
    findings.figures["access"] = _both(findings, "changes of access", changes, taken, taken.total())


def judge_ledger(
    findings: Findings, wanted: Sequence[Expected], effects: Mapping[str, Any], box: Rows
) -> None:
    """The ledger tells of every effect what the outbox tells."""
    findings.complain("effects not in the ledger", {end.key for end in wanted} - effects.keys())
    findings.complain(
        "effects of which ledger and outbox tell another end",
        (
            f"{one['key']} is {_told(one, 'state')}, in the ledger {_told(known, 'outcome')}"
            for one in box
            if (known := effects.get(one["key"])) is not None
            and _told(one, "state") != _told(known, "outcome")
        ),
    )
    findings.figures["effects_in_ledger"] = len(effects)


def judge_conservation(findings: Findings, counts: Mapping[str, int]) -> None:
    """Every record and every effect is accounted for."""
    for name in ("missing", "missing_effects", "dead"):
        if counts[name]:
            findings.wrong.append(f"conservation: {counts[name]} {name}")
    findings.figures["conservation"] = dict(counts)


def judge_rows(findings: Findings, log: LogBook, files: Comparison) -> None:
    """The live ledger holds each row of the log once, and is what a rebuild is."""
    if files.next_offset != log.rows_end:
        findings.wrong.append(f"the ledger has read up to {files.next_offset}, the log to {log.rows_end}")
    if not len(log.row_ids) == files.live == files.rebuilt:
        findings.wrong.append(
            f"{len(log.row_ids)} rows on the log, {files.live} in the ledger, {files.rebuilt} in a rebuild"
        )
    for table, rows in files.different.items():
        findings.wrong.append(f"{rows} rows of {table} differ between the ledger and a rebuild")
    findings.figures["rows"] = {
        "on_log": len(log.row_ids),
        "ledger": files.live,
        "rebuilt": files.rebuilt,
        "different": sum(files.different.values()),
    }


def judge_reports(findings: Findings, asked: int, different: Sequence[str]) -> None:
    """Whatever is asked of the live ledger has the answer that a rebuild gives."""
    findings.complain("reports that ledger and rebuild answer otherwise", different)
    findings.figures["reports"] = {"asked": asked, "different": len(different)}


def _both(
    findings: Findings, what: str, expected: Counter[str], made: Counter[str], at_wix: int
) -> dict[str, int]:
    twice = made - expected
    missing = expected - made
    findings.complain(f"{what} at Wix more often than expected", twice.elements())
    findings.complain(f"{what} missing at Wix", missing.elements())
    if at_wix != made.total():
        findings.wrong.append(f"{at_wix - made.total()} {what} at Wix without a reference")
    return {
        "expected": expected.total(),
        "at_wix": at_wix,
        "twice": twice.total(),
        "missing": missing.total(),
    }


def _told(effect: Mapping[str, Any], state: str) -> str:
    return f"{effect[state]}/{effect['reason']}/{effect['wix_id']}"


def _parcel(order_id: str, body: Mapping[str, Any]) -> str:
    made = body.get("fulfillment", body)
    return f"{order_id}/{made.get('trackingInfo', {}).get('trackingNumber')}"


def _is_as(end: Expected, effect: Mapping[str, Any]) -> bool:
    return effect["state"] == end.state and (end.reason is None or effect["reason"] == end.reason)

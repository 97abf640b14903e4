"""One plan order: the JSON that Wix shows of it, read as facts. No I/O."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.wix_api.clock import instant
from sandbox.wix_api.plans.price import first_total
from sandbox.wix_api.plans.term import Duration, Term, moment
from sandbox.wix_api.wire import JsonObject

NOTHING_TO_PAY = "NOT_APPLICABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOrder:
    """An order. `shown` is Wix's JSON; the rest is what Wix knows and doesn't show.

    `lives` is true of orders that go on by themselves as time passes: those that were made here.
    `cancels_at` is when a cancellation completes that the buyer requested.
    """

    shown: JsonObject
    lives: bool = False
    cancels_at: datetime | None = None
    buyer_can_cancel: bool = True

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.shown["id"])

    @property
    def status(self) -> str:
        """DRAFT, PENDING, ACTIVE, PAUSED, ENDED or CANCELED."""
        return str(self.shown.get("status"))

    @property
    def is_online(self) -> bool:
        """Whether the buyer ordered it on the site."""
        return self.shown.get("type") == "ONLINE"

    @property
    def is_recurring(self) -> bool:
        """Whether it renews itself; the others are paid once."""
        return "subscription" in self.shown.get("pricing", {})

    @property
    def costs_nothing(self) -> bool:
        """Whether there is nothing to pay at its start, by the plan or by a coupon."""
        return not first_total(self.shown)

    @property
    def payment(self) -> str:
        """The last payment's status."""
        return str(self.shown.get("lastPaymentStatus"))

    @property
    def start(self) -> datetime:
        """When it starts."""
        return moment(self.shown["startDate"])

    @property
    def end(self) -> datetime | None:
        """When it is over; None until canceled."""
        return moment(self.shown["endDate"]) if "endDate" in self.shown else None

    @property
    def cycle_index(self) -> int | None:
        """The cycle that runs: 0 is the trial; None when none does."""
        cycle = self.shown.get("currentCycle")
        return None if cycle is None else int(cycle["index"])

    @property
    def cycle_end(self) -> datetime | None:
        """When the cycle that runs ends."""
        ended = self.shown.get("currentCycle", {}).get("endedDate")
        return None if ended is None else moment(ended)

    @property
    def is_in_trial(self) -> bool:
        """Whether the trial runs."""
        return self.cycle_index == 0

    @property
    def renews(self) -> bool:
        """Whether another cycle follows the one that runs."""
        if not self.is_recurring or self.shown.get("autoRenewCanceled") or self.cycle_index is None:
            return False
        last = self.term.cycles
        return last is None or self.cycle_index < last

    @property
    def term(self) -> Term:
        """Its dates as if it had never been paused, postponed or canceled."""
        pricing = self.shown["pricing"]
        subscription = pricing.get("subscription")
        lasting = subscription["cycleDuration"] if subscription else pricing.get("singlePaymentForDuration")
        return Term(
            start=self.start,
            duration=None if lasting is None else Duration.model_validate(lasting),
            cycles=int(subscription.get("cycleCount") or 0) or None if subscription else 1,
            trial_days=int(self.shown.get("freeTrialDays") or 0),
        )

    @property
    def paused_for(self) -> timedelta:
        """How long it was paused, without a pause that still goes on."""
        ended = [one for one in self.shown.get("pausePeriods", []) if "resumeDate" in one]
        lengths = (moment(one["resumeDate"]) - moment(one["pauseDate"]) for one in ended)
        return sum(lengths, timedelta())

    def with_shown(self, *without: str, **facts: object) -> "PlanOrder":
        """The order with other facts, named as in JSON; those named first are left out."""
        kept = {name: value for name, value in self.shown.items() if name not in without}
        return replace(self, shown={**kept, **facts})

    def in_cycle(self, index: int, *, now: datetime) -> "PlanOrder":
        """The order with another cycle running, as far as it has cycles by now."""
        cycles = [self._cycle(each) for each in range(self.term.first_index, index + 1)]
        known = self.shown.get("cycles") or []
        # Earlier cycles stay as they were: a pause moved only what came after it.
        kept = [*known, *cycles[len(known) :]]
        return self.with_shown(currentCycle=kept[-1], cycles=kept, updatedDate=instant(now))

    def _cycle(self, index: int) -> JsonObject:
        shift = self.paused_for
        ended = self.term.end_of(index)
        until = {} if ended is None else {"endedDate": instant(ended + shift)}
        started = self.term.start_of(index) + (shift if index > self.term.first_index else timedelta())
        return {"index": index, "startedDate": instant(started), **until}

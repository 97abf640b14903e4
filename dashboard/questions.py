"""Questions: one page's view of the reports. One version, one scope, four ways to ask."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

import pandas as pd

from dashboard import client
from dashboard.scope import Params, Scope

Way = Literal["period", "before", "ever", "lately"]
Question = tuple[Way, str, dict[str, Any]]

LATELY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Questions:
    """Reports of one version in one scope; answers are tables in the columns that `GET /reports` lists."""

    fresh: client.Freshness
    scope: Scope
    # What the page is known to ask before it is drawn, and what it asked then, in its order.
    wanted: Sequence[Question] = field(default=(), compare=False)
    asked: list[Question] = field(default_factory=list, compare=False)

    def period(self, name: str, **params: str | list[str] | None) -> pd.DataFrame:
        """The report over the chosen period."""
        return self._answer(("period", name, params))

    def before(self, name: str, **params: str | list[str] | None) -> pd.DataFrame:
        """The same over the period compared with; an empty table without comparison."""
        return self._answer(("before", name, params))

    def ever(self, name: str, **params: str | list[str] | None) -> pd.DataFrame:
        """The report without a period: all that is known."""
        return self._answer(("ever", name, params))

    def lately(self, name: str, **params: str | list[str] | None) -> pd.DataFrame:
        """The report over the last hour of whole minutes: the present one would look like a fall."""
        return self._answer(("lately", name, params))

    def newest(self, name: str, **params: str | list[str] | None) -> pd.DataFrame:
        """As `ever`, of the version that is newest when it is called: this one may be gone by then."""
        return client.fetch(name, client.freshness().version, **params, **self.scope.now)

    def at(self, fresh: client.Freshness) -> "Questions":
        """The same filters of another version and its moment, where all that is known of these is wanted."""
        return Questions(fresh, self.scope.at(fresh.minute), self._known())

    def ahead(self) -> None:
        """Have all asked side by side, so that the page finds the answers when it comes to them."""
        for name, params in self._params():
            client.fetch_ahead(name, self.fresh.version, **params)

    def some_time(self) -> None:
        """Have all asked when nobody waits for others."""
        for name, params in self._params():
            client.fetch_some_time(name, self.fresh.version, **params)

    def knows(self) -> bool:
        """Whether none would have to be asked."""
        return all(client.is_known(name, self.fresh.version, **params) for name, params in self._params())

    def _known(self) -> list[Question]:
        return [*self.wanted, *(one for one in self.asked if one not in self.wanted)]

    def _params(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for way, name, params in self._known():
            over = self._over(way)
            if over is not None:
                yield name, {**params, **over}

    def _answer(self, question: Question) -> pd.DataFrame:
        self.asked.append(question)
        way, name, params = question
        over = self._over(way)
        return pd.DataFrame() if over is None else client.fetch(name, self.fresh.version, **params, **over)

    def _over(self, way: Way) -> Params | None:
        match way:
            case "period":
                return self.scope.params
            case "before":
                return self.scope.previous
            case "ever":
                return self.scope.now
            case "lately":
                return self.scope.over(self.fresh.minute - LATELY, self.fresh.minute)

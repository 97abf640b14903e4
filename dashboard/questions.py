"""Questions: one page's view of the reports. One version, one scope, three ways to ask."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from dashboard import client
from dashboard.scope import Params, Scope

Way = Literal["period", "before", "ever"]
Question = tuple[Way, str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Questions:
    """Reports of one version in one scope; answers are tables in the columns that `GET /reports` lists."""

    version: str
    scope: Scope
    # What was asked, in its order: the next drawing of the page will ask it again.
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

    def ahead(self, questions: Sequence[Question]) -> None:
        """Have these asked side by side, so that the page finds the answers when it comes to them."""
        for way, name, params in questions:
            over = self._over(way)
            if over is not None:
                client.fetch_ahead(name, self.version, **params, **over)

    def _answer(self, question: Question) -> pd.DataFrame:
        self.asked.append(question)
        way, name, params = question
        over = self._over(way)
        return pd.DataFrame() if over is None else client.fetch(name, self.version, **params, **over)

    def _over(self, way: Way) -> Params | None:
        return {"period": self.scope.params, "before": self.scope.previous, "ever": self.scope.now}[way]

"""Questions: one page's view of the reports. One version, one scope, three ways to ask."""

from dataclasses import dataclass

import pandas as pd

from dashboard import client
from dashboard.scope import Scope


@dataclass(frozen=True, slots=True)
class Questions:
    """Reports of one version in one scope; answers are tables in the columns that `GET /reports` lists."""

    version: str
    scope: Scope

    def period(self, name: str, **params: str | list[str] | None) -> pd.DataFrame:
        """The report over the chosen period."""
        return client.fetch(name, self.version, **params, **self.scope.params)

    def before(self, name: str, **params: str | list[str] | None) -> pd.DataFrame:
        """The same over the period compared with; an empty table without comparison."""
        previous = self.scope.previous
        return pd.DataFrame() if previous is None else client.fetch(name, self.version, **params, **previous)

    def ever(self, name: str, **params: str | list[str] | None) -> pd.DataFrame:
        """The report without a period: all that is known."""
        return client.fetch(name, self.version, **params, **self.scope.now)

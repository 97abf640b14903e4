"""Call: one authenticated request to the API, and what an endpoint may ask of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.wix_api.events import Happening
from sandbox.wix_api.plans.change import Change
from sandbox.wix_api.tokens import Caller, Kind
from sandbox.wix_api.wire import JsonObject, WireT, read, read_guid
from sandbox.wix_api.world import Site, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Who calls for which site, with the path's ids, the query as an object and the JSON body."""

    world: World
    site: Site
    caller: Caller
    path: Mapping[str, str]
    query: JsonObject
    body: Any
    now: datetime
    base_url: str

    def id(self, name: str) -> str:
        """An id of the path; 400 if it is no GUID."""
        return read_guid(name, self.path[name])

    def read(self, model: type[WireT]) -> WireT:
        """The body; 400 with every violation."""
        return read(model, self.body)

    def asked(self, model: type[WireT]) -> WireT:
        """The query; 400 with every violation."""
        return read(model, self.query)

    def happening(self) -> Happening:
        """The facts of a change that this call makes."""
        return self.world.happening(self.site, self.caller.identity)

    def happen(self, change: Change) -> JsonObject:
        """Keep a plan order's change and tell of it; Wix answers such a call with nothing."""
        self.world.happen(self.site, change, identity=self.caller.identity)
        return {}


APP_ONLY: frozenset[Kind] = frozenset({"APP"})
ANYBODY: frozenset[Kind] = frozenset({"APP", "MEMBER", "VISITOR"})

Handler = Callable[[Call], JsonObject]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint: where it is, which permission an app needs, who else may call, what answers."""

    method: str
    path: str
    permission: str
    handler: Handler
    callers: frozenset[Kind] = APP_ONLY

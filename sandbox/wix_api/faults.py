"""Faults on demand: which calls go wrong, how, and how often."""

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

from pydantic import Field

from sandbox.wix_api.refusal import invalid_field
from sandbox.wix_api.wire import JsonObject, Wire, read

# A call may bring its own fault: JSON of one, as `POST /admin/faults` takes it. Wix knows no such header.
HEADER = "x-sandbox-fault"

# What becomes of the connection: answered, cut before the change, cut after it.
Cut = Literal["before", "after"] | None


class Fault(Wire):
    """One fault: the next `times` calls with this method and a path like `path` go wrong.

    With `status` the call is answered with it and `body`, and nothing is changed. With `after`
    the change is made and the connection is cut. With `delaySeconds` alone the answer is only
    late. With none of them the connection is cut before anything is changed.
    """

    method: str = "*"
    path: str = "*"
    times: int = Field(default=1, ge=1)
    status: int | None = Field(default=None, ge=100, le=599)
    body: Any = None
    headers: dict[str, str] = Field(default_factory=dict)
    delay_seconds: float = Field(default=0.0, ge=0, le=600)
    after: bool = False

    @property
    def cut(self) -> Cut:
        """When the connection is cut, if it is."""
        if self.after:
            return "after"
        return "before" if self.status is None and not self.delay_seconds else None

    def matches(self, method: str, path: str) -> bool:
        """Whether it is about this call; `*` in a path also spans slashes."""
        return self.method in ("*", method) and fnmatchcase(path, self.path)


@dataclass(slots=True)
class _Armed:
    fault: Fault
    left: int


class Faults:
    """The faults that are armed, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []

    def add(self, faults: list[Fault]) -> None:
        """Arm more faults, after those already armed."""
        self._armed += [_Armed(fault, fault.times) for fault in faults]

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this call, counted down; None when it goes well."""
        for armed in self._armed:
            if armed.fault.matches(method, path):
                armed.left -= 1
                self._armed = [one for one in self._armed if one.left]
                return armed.fault
        return None

    def listed(self) -> list[JsonObject]:
        """What is still armed."""
        return [{**armed.fault.answer(), "times": armed.left} for armed in self._armed]

    def forget(self) -> None:
        """Disarm all."""
        self._armed = []


def brought(header: str) -> Fault:
    """The fault that a call brings for itself.

    Raises:
        Refusal: 400, the header can't be read.
    """
    try:
        said = json.loads(header)
    except ValueError as error:
        raise invalid_field(HEADER, "is not JSON", rule="FORMAT") from error
    return read(Fault, said)

"""What Wix answers when it refuses: a status and one of its three error bodies. No I/O.

Where Wix documents no code for a refusal, the name of the standard error stands in for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One broken rule of one field; `rule_name` names a rule of the API's own."""

    name: str
    description: str
    rule: str = "CUSTOM"
    rule_name: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The violation as Wix spells it."""
        named = {} if self.rule_name is None else {"ruleName": self.rule_name}
        return {
            "field": self.name,
            "description": self.description,
            "violatedRule": self.rule,
            **named,
            "data": dict(self.data),
        }


class Refusal(Exception):
    """A call that Wix refuses; becomes an answer with `status` and `body`."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(f"{status}: {body.get('message', '')}")
        self.status = status
        self.body = dict(body)


def refused(status: int, code: str, description: str, /, **data: object) -> Refusal:
    """An application error: `details.applicationError` with code, description and data."""
    error = {"code": code, "description": description, "data": data}
    return Refusal(status, {"message": description, "details": {"applicationError": error}})


def invalid(violations: Sequence[Violation]) -> Refusal:
    """A validation error (400) with every violation found."""
    message = "; ".join(f"{one.name}: {one.description}" for one in violations)
    listed = [one.body() for one in violations]
    return Refusal(400, {"message": message, "details": {"validationError": {"fieldViolations": listed}}})


def invalid_field(
    name: str, description: str, *, rule: str = "CUSTOM", rule_name: str | None = None
) -> Refusal:
    """A validation error about one field."""
    return invalid([Violation(name=name, description=description, rule=rule, rule_name=rule_name)])


def not_found(what: str, key: str, *, code: str = "NOT_FOUND") -> Refusal:
    """404: nothing of that id on this site."""
    return refused(404, code, f"{what} {key} not found", id=key)


class PreconditionFailed(Refusal):
    """The entity is in no state for this call. Wix documents neither status nor code for it."""

    def answered_with(self, status: int, code: str) -> Refusal:
        """The same refusal as this sandbox was told to answer it."""
        error = self.body["details"]["applicationError"]
        return refused(status, code, error["description"], **error["data"])


def precondition_failed(description: str, /, **data: object) -> PreconditionFailed:
    """The entity is in no state for this call: 428 unless the sandbox was told otherwise."""
    like = refused(428, "FAILED_PRECONDITION", description, **data)
    return PreconditionFailed(like.status, like.body)


def system_error(status: int) -> Refusal:
    """A 5xx (or an unexplained 4xx): Wix sends an empty message and no details."""
    return Refusal(status, {"message": "", "details": {}})

"""What a caller asked for becomes typed parameters, or a refusal that says what is allowed. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

Kind = Literal["time", "zone", "text", "texts", "cursor", "choice", "choices", "flag", "integer", "number"]
Value = datetime | str | list[str] | bool | int | float | None

HIGHEST_LIMIT = 1000


class BadParameter(Exception):
    """A parameter that the report doesn't know, or a value it can't take. `name` says which."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"parameter {name}: {problem}")
        self.name = name
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a report. `choices` is all it takes; numbers lie above 0, up to `highest`."""

    name: str
    kind: Kind
    help: str
    default: Value = None
    choices: tuple[str, ...] = ()
    is_required: bool = False
    highest: float = 1e9

    @property
    def allowed(self) -> str:
        """What may be given, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        words: dict[Kind, str] = {
            "time": "an ISO 8601 time such as 2026-01-31T00:00:00Z",
            "zone": "an IANA time zone such as Europe/Berlin",
            "flag": "true or false",
            "cursor": "the next_cursor of a page",
            "integer": f"a whole number from 1 to {self.highest:g}",
            "number": f"a number above 0, up to {self.highest:g}",
        }
        return words.get(self.kind, "text")

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be given several times."""
        return self.kind in ("texts", "choices")

    def read(self, given: Sequence[str]) -> Value:
        """The typed value of what was given.

        Raises:
            BadParameter: it is missing, given twice, or nothing that is allowed.
        """
        if not given:
            if self.is_required:
                raise BadParameter(self.name, f"is required: {self.help}")
            return self.default
        if self.is_repeatable:
            return [str(self._one(text)) for text in given]
        if len(given) > 1:
            raise BadParameter(self.name, "was given more than once")
        return self._one(given[0])

    def _one(self, text: str) -> Value:
        try:
            return self._parse(text)
        except (ValueError, KeyError, OverflowError, OSError) as error:
            raise BadParameter(self.name, f"{text[:100]!r} is not allowed; give {self.allowed}") from error

    def _parse(self, text: str) -> Value:
        match self.kind:
            case "time":
                return _time(text)
            case "zone":
                return _zone(text)
            case "flag":
                return {"true": True, "false": False}[text.lower()]
            case "integer":
                return int(_between(int(text), 1, self.highest))
            case "number":
                return _between(float(text), 1e-9, self.highest)
            case "cursor":
                return _cursor(text)
            case _:
                return self._word(text)

    def _word(self, text: str) -> str:
        if not text or (self.choices and text not in self.choices):
            raise ValueError(text)
        return text


def read_parameters(known: Sequence[Parameter], given: Mapping[str, Sequence[str]]) -> dict[str, Value]:
    """Typed values of all parameters that a report knows.

    Raises:
        BadParameter: unknown, missing or not allowed, or a period that ends before it starts.
    """
    names = [parameter.name for parameter in known]
    for name in given:
        if name not in names:
            raise BadParameter(name, "is unknown here; allowed are " + ", ".join(names))
    values = {parameter.name: parameter.read(given.get(parameter.name, ())) for parameter in known}
    start, end = values.get("start"), values.get("end")
    if isinstance(start, datetime) and isinstance(end, datetime) and end <= start:
        raise BadParameter("end", f"{end.isoformat()} is not after start {start.isoformat()}")
    return values


def _time(text: str) -> datetime:
    # A plus sign that a URL turned into a space is still an offset.
    moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _zone(text: str) -> str:
    key = ZoneInfo(text).key
    # Files beside the zones: this machine's own, rules for others, and clocks that count leap seconds.
    if key in ("localtime", "posixrules") or key.startswith(("posix/", "right/")):
        raise ValueError(text)
    return key


def _cursor(text: str) -> str:
    """A cursor begins with the time of its page's last row, and goes on with its key."""
    moment, _, key = text.partition(" ")
    if not key:
        raise ValueError(text)
    datetime.fromisoformat(moment)
    return text


def _between(number: float, lowest: float, highest: float) -> float:
    if not lowest <= number <= highest:
        raise ValueError(number)
    return number

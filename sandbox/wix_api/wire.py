"""JSON and query strings as Wix reads them become typed requests, or a validation error. No I/O.

Like proto JSON, camelCase and snake_case names are both read; answers are camelCase.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from sandbox.wix_api.refusal import Refusal, Violation, invalid, invalid_field

JsonObject = dict[str, Any]

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)

# pydantic's error types, by the rules that Wix names in fieldViolations.
_RULES = {
    "missing": "REQUIRED_FIELD",
    "extra_forbidden": "FIELD_NOT_ALLOWED",
    "literal_error": "INVALID_ENUM_VALUE",
    "string_too_short": "MIN_LENGTH",
    "string_too_long": "MAX_LENGTH",
    "too_short": "MIN_SIZE",
    "too_long": "MAX_SIZE",
    "greater_than_equal": "MIN",
    "less_than_equal": "MAX",
}


class Wire(BaseModel):
    """A message of Wix's API. Fields that it doesn't have are refused."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="forbid", frozen=True
    )

    def answer(self) -> JsonObject:
        """The fields that were sent, in camelCase."""
        return self.model_dump(by_alias=True, exclude_unset=True, mode="json")


WireT = TypeVar("WireT", bound=Wire)


def is_guid(text: object) -> bool:
    """Whether it is an id as Wix gives them."""
    return isinstance(text, str) and _GUID.fullmatch(text) is not None


def guid(text: str) -> str:
    """The id in lower case.

    Raises:
        ValueError: it is no GUID.
    """
    if not is_guid(text):
        raise ValueError("is not a valid GUID")
    return text.lower()


def _web_url(text: str) -> str:
    if not re.match(r"https?://[^\s/]+\S*$", text):
        raise ValueError("is not a web URL")
    return text


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


# Proto JSON reads numbers out of strings, but true and false only as themselves.
Flag = Annotated[bool, Field(strict=True)]
Guid = Annotated[str, AfterValidator(guid)]
WebUrl = Annotated[str, AfterValidator(_web_url)]
# A query parameter that may be repeated: one value is a list of one.
Repeated = BeforeValidator(_listed)


def read(model: type[WireT], value: object) -> WireT:
    """Read a request.

    Raises:
        Refusal: 400 with every violated field.
    """
    if not isinstance(value, Mapping):
        raise invalid_field("body", "must be a JSON object", rule="FORMAT")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _refusal(error) from error


def read_guid(name: str, text: str) -> str:
    """Read an id of the path.

    Raises:
        Refusal: 400, it is no GUID.
    """
    try:
        return guid(text)
    except ValueError as error:
        raise invalid_field(name, str(error), rule="FORMAT") from error


def nested(pairs: Iterable[tuple[str, str]]) -> JsonObject:
    """Query parameters as an object: repeated ones become lists, dotted ones nest.

    Raises:
        Refusal: 400, a parameter is a value and has parts as well.
    """
    tree: JsonObject = {}
    for name, value in pairs:
        *parents, leaf = name.split(".")
        branch = tree
        for parent in parents:
            branch = branch.setdefault(parent, {})
            if not isinstance(branch, dict):
                raise invalid_field(name, f"{parent} is a value already", rule="FORMAT")
        branch[leaf] = [*_listed(branch[leaf]), value] if leaf in branch else value  # type: ignore[misc]
    return tree


def _refusal(error: ValidationError) -> Refusal:
    return invalid([_violation(one) for one in error.errors(include_url=False)])


def _violation(error: Mapping[str, Any]) -> Violation:
    path = ".".join(str(part) for part in error["loc"] if not str(part).startswith("function-"))
    rule = _RULES.get(error["type"], "FORMAT" if error["type"].endswith(("_type", "_parsing")) else "CUSTOM")
    message = str(error["msg"]).removeprefix("Value error, ")
    return Violation(name=path or "body", description=message, rule=rule)

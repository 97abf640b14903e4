"""Foreign JSON, read without surprises and written again with the number lexemes it came with. No I/O.

Refused: NaN and Infinity, nesting that would exhaust a stack, numbers that would exhaust memory
when somebody computes with them. Of duplicate keys the last one stands. NUL and lone surrogates
in strings are kept, and escaped when written.
"""

import json
import re
from typing import Any

import simplejson

# Wix's deepest documented payload has 11 levels.
MAX_DEPTH = 100
# A double needs at most 4 digits of exponent; 1e1000000000 is a trap for whoever makes it an integer.
_TOO_LONG = 64
_HUGE_EXPONENT = re.compile(r"[eE][+-]?0*[1-9][0-9]{3}")


class NotStrict(ValueError):
    """Text that is no JSON, or JSON of a kind nobody sends in good faith."""


def parse_object(text: str) -> dict[str, Any]:
    """The JSON object in `text`; fractions are kept as written (`simplejson.RawJSON`).

    Raises:
        NotStrict: no JSON, no object, NaN, too deep, or a number out of all bounds.
    """
    try:
        parsed = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise NotStrict(f"no JSON: {type(error).__name__}") from error
    if not isinstance(parsed, dict):
        raise NotStrict("JSON, but no object")
    # Counting brackets is a memory scan; only a crowded text is walked.
    if text.count("{") + text.count("[") > MAX_DEPTH:
        _check_depth(parsed)
    return parsed


def dump(value: object) -> bytes:
    """Compact ASCII JSON; what `parse_object` kept as written is written so again."""
    return simplejson.dumps(value, separators=(",", ":")).encode("ascii")


def _check_depth(value: dict[str, Any]) -> None:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return
    raise NotStrict("too deep")


def _children(value: Any) -> list[Any]:
    members = value.values() if isinstance(value, dict) else value
    return [member for member in members if isinstance(member, dict | list)]


def _fraction(lexeme: str) -> simplejson.RawJSON:
    if len(lexeme) > _TOO_LONG or _HUGE_EXPONENT.search(lexeme):
        raise NotStrict("a number out of all bounds")
    return simplejson.RawJSON(lexeme)


def _integer(lexeme: str) -> int | simplejson.RawJSON:
    # The one integer whose lexeme int() would lose.
    return simplejson.RawJSON(lexeme) if lexeme == "-0" else int(lexeme)


def _constant(name: str) -> None:
    raise NotStrict(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_float=_fraction, parse_int=_integer, parse_constant=_constant)

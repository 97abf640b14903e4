"""Fields of foreign JSON, read tolerantly: what is absent or of another shape is None. No I/O."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from ingest.record import parse_time

# What the ledger's columns hold; anything beyond is a broken figure, not money or a count.
LARGEST_AMOUNT = Decimal(10) ** 12
SMALLEST_UNIT = Decimal("0.000001")
LARGEST_COUNT = 2**31 - 1


def at(value: object, *path: str) -> Any:
    """The value under a path of keys, None as soon as one is absent or something is no object."""
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def text(value: object, *path: str) -> str | None:
    """A string that isn't empty; lone surrogates and NUL, which no column can hold, become U+FFFD."""
    found = at(value, *path)
    if not isinstance(found, str) or not found:
        return None
    whole = found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\ufffd")


def flag(value: object, *path: str) -> bool | None:
    """A boolean; nothing else counts as one."""
    found = at(value, *path)
    return found if isinstance(found, bool) else None


def count(value: object, *path: str) -> int | None:
    """A whole number, also written as a string such as `"1"`."""
    number = _number(at(value, *path))
    if number is None or abs(number) > LARGEST_COUNT or number != int(number):
        return None
    return int(number)


def money(value: object, *path: str) -> Decimal | None:
    """An amount as string or number, to six places."""
    number = _number(at(value, *path))
    if number is None or number == number.quantize(Decimal("0.01")):
        return number
    return number.quantize(SMALLEST_UNIT)


def moment(value: object, *path: str) -> datetime | None:
    """A time in UTC."""
    return parse_time(at(value, *path))


def items(value: object, *path: str) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; other entries are passed over."""
    found = at(value, *path)
    if isinstance(found, list):
        yield from (entry for entry in found if isinstance(entry, Mapping))


def _number(found: object) -> Decimal | None:
    if isinstance(found, bool) or not isinstance(found, (str, int, float, Decimal)):
        return None
    try:
        number = Decimal(str(found))
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() and abs(number) < LARGEST_AMOUNT else None

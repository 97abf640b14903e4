"""The row's wire format in DuckDB's words, derived from its dataclasses: what a bulk load reads, and trusts.

A record is trusted when a build of the same shape has written it, or when its row is of our format, names
a kind we know, has what that kind requires, and holds nothing that did not become a value of its type. Any
other is read one by one, by the same code as a row that arrives alone.
"""

import hashlib
import json
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from analytics.lifecycle import ROW_FORMAT, Facts, LifecycleRow, Source

_TYPES: dict[Any, str] = {
    str: "VARCHAR",
    int: "BIGINT",
    float: "DOUBLE",
    bool: "BOOLEAN",
    Decimal: "DECIMAL(38,6)",
    datetime: "TIMESTAMPTZ",
    UUID: "UUID",
}
# Narrower in the ledger than on the wire.
_INTEGERS = ("v", "mapping_version", "partition", "step")
_KINDS: tuple[type, ...] = get_args(get_args(Facts)[0])
# What definitions read again and again has a column of its own; the same word in several kinds is one column.
_COLUMNS = (
    "state",
    "status",
    "payment_status",
    "fulfillment_status",
    "contact_id",
    "member_id",
    "identity_type",
    "currency",
    "created_at",
    "updated_at",
    "number",
    "total",
    "is_plan_order",
    "lines",
    "shipments",
    "plan_id",
    "plan_name",
    "price_total",
    "price_recurring",
    "is_recurring",
    "cycle_unit",
    "cycle_count",
    "trial_days",
    "start_at",
    "end_at",
    "current_cycle_ends_at",
    "auto_renew_canceled",
    "cancellation_cause",
    "cancel_requested_at",
    "app_id",
    "amount",
    "refunded_amount",
    "flow",
    "outcome",
    "step",
    "reason",
    "event_at",
    "decided_at",
    "done_at",
)

# How a value of each type is written, and how one begins that DuckDB would take for it all the same.
_WRITTEN_AS = {
    "VARCHAR": "text",
    "TIMESTAMPTZ": "text",
    "DECIMAL(38,6)": "text",
    "BIGINT": "whole",
    "INTEGER": "whole",
    "DOUBLE": "number",
    "BOOLEAN": "truth",
}
_WRONG = {
    "text": '[^"n]',
    "whole": "([^-0-9n]|-?[0-9]+[.eE])",
    "number": "([^-0-9n]|-?[0-9]+[,}])",
    "truth": "[^tfn]",
}
_WHOLE = ("BIGINT", "INTEGER")
# A number, a truth or a structure that came as a text: DuckDB makes a text of each.
_NO_TEXT = r"(^|\n)(-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?|true|false|[\[{].*)(\n|$)"
# Words that DuckDB takes for a time, and nobody else does.
_NO_TIME = '(?i)"-? *(infinity|epoch) *"'

Structure = str | list[Any] | dict[str, Any]


@cache
def row_header() -> tuple[str, bytes]:
    """What a row's record carries on the log: the shape of what its writer calls a row.

    Rows of another shape, or of another writer, have to be looked at before they are taken for rows.
    """
    said = [_structure(LifecycleRow), *((_structure(kind), _required(kind)) for kind in _KINDS)]
    return "row-shape", hashlib.sha256(json.dumps([ROW_FORMAT, said]).encode()).hexdigest()[:16].encode()


def row_structure() -> str:
    """The row as `from_json` takes it; its facts stay text, as do its numbers, which DuckDB rounds."""
    return json.dumps(_numbers_as_texts(_structure(LifecycleRow)))


def facts_structure() -> str:
    """The facts of all kinds in one, as `from_json` takes them."""
    return json.dumps(_all_facts())


def columns_structure() -> str:
    """Of the facts of all kinds what the ledger has columns for, and the kind: half as much to take."""
    shapes = _all_facts()
    return json.dumps({name: shapes[name] for name in ("kind", *_COLUMNS)})


def typed_columns(said: str) -> str:
    """The columns of a row that hold its facts, in SQL; `said` are the facts, typed."""
    shapes = _all_facts()
    return ",\n    ".join(f"{_stored(f'{said}.{name}', shapes[name])} as {name}" for name in _COLUMNS)


def trusted(facts: str, said: str) -> str:
    """Whether a record may be loaded as it is, in SQL: `facts` is the text of them, `said` the same typed."""
    return f"case when is_ours then {trusted_of_ours(facts, said)} else {_looked_at(facts, said)} end"


def trusted_of_ours(facts: str, said: str) -> str:
    """The same of a record that a build of the same shape has written."""
    ours = " ".join(f"when '{_word(kind)}' then {_as_written(kind, facts)}" for kind in _KINDS)
    return f"case {said}.kind {ours} end"


def _as_written(kind: type, facts: str) -> str:
    """Whether DuckDB gives back facts of a kind as we wrote them, in SQL."""
    shapes = _structure(kind)
    numbers = {name: shape for name, shape in _leaves(shapes) if shape == "DOUBLE"}
    if _hides(shapes):
        return "false"
    if numbers:
        return f"not regexp_matches({facts}, '{_another_shape(numbers)}') and {_has_no_small_number(facts)}"
    return "true"


def _has_no_small_number(facts: str) -> str:
    """DuckDB writes one out, and the log has it with an exponent."""
    return f"not contains({facts}, ':0.0000')"


def _hides(shapes: Mapping[str, Structure]) -> bool:
    """Whether there is a list of texts, of which can't be seen from outside what it holds."""
    return any(isinstance(shape, list) and isinstance(shape[0], str) for shape in shapes.values())


def _looked_at(facts: str, said: str) -> str:
    """What is asked of a row that anybody may have written."""
    return " and ".join(
        [
            f"len(try(json_keys(row_text))) = {_present('row', _structure(LifecycleRow))}",
            *(f'row."{name}" is not null' for name in _required(LifecycleRow)),
            f"row.v = '{ROW_FORMAT}' and row.mapping_version is not null",
            f"regexp_full_match(concat_ws(' ', {_numbers()}), '[0-9 ]*')",
            f"case {said}.kind {' '.join(_whole_kind(kind, facts, said) for kind in _KINDS)} else false end",
            f"not regexp_matches(concat_ws(chr(10), {_texts()}), '{_NO_TEXT}')",
            f"not regexp_matches(row_text, '{_NO_TIME}')",
            _has_no_small_number(facts),
        ]
    )


def _whole_kind(kind: type, facts: str, said: str) -> str:
    """What is asked of a line with facts of this kind: all of them known, each of its type, none missing."""
    word, shapes = _word(kind), _structure(kind)
    # Only a request to forget has one.
    if _hides(shapes):
        return f"when '{word}' then false"
    conditions = [
        f"len(json_keys({facts})) = {_present(said, shapes)}",
        f"not regexp_matches({facts}, '{_another_shape(shapes)}')",
        *(f'{said}."{name}" is not null' for name in _required(kind)),
        *_whole_lists(kind, said),
    ]
    return f"when '{word}' then {' and '.join(conditions)}"


def _present(of: str, shapes: Mapping[str, Structure]) -> str:
    """How many of its names have become a value, in SQL; none of another name has."""
    return " + ".join(f'cast({of}."{name}" is not null as integer)' for name in shapes)


def _word(kind: type) -> str:
    (word,) = get_args(get_type_hints(kind)["kind"])
    return str(word)


def _another_shape(shapes: Mapping[str, Structure]) -> str:
    """Facts whose value is none of the kind that we write, though DuckDB makes one of it: a pattern."""
    names: dict[str, list[str]] = {}
    for name, shape in dict(_leaves(shapes)).items():
        names.setdefault(_WRITTEN_AS[shape], []).append(name)
    return "|".join(f'"({"|".join(names[form])})":{wrong}' for form, wrong in _WRONG.items() if form in names)


def _leaves(shapes: Mapping[str, Structure]) -> Iterator[tuple[str, str]]:
    """Every name that has a plain value, at any depth, with its type."""
    for name, shape in shapes.items():
        inner = shape[0] if isinstance(shape, list) else shape
        if isinstance(inner, dict):
            yield from _leaves(inner)
        elif isinstance(shape, str):
            yield name, shape


def _numbers_as_texts(shape: Structure) -> Structure:
    if isinstance(shape, dict):
        return {name: _numbers_as_texts(each) for name, each in shape.items()}
    return "VARCHAR" if shape in _WHOLE else shape


def _numbers() -> str:
    """The whole numbers of a row besides its facts, in SQL."""
    parts = {'"row"': _structure(LifecycleRow), '"row".source': _structure(Source)}
    return ", ".join(
        f'{part}."{name}"' for part, shapes in parts.items() for name in shapes if shapes[name] in _WHOLE
    )


def _texts() -> str:
    """The texts of a row besides its facts, in SQL."""
    found = [f'"row"."{name}"' for name, shape in _structure(LifecycleRow).items() if shape == "VARCHAR"]
    return ", ".join([*found, '"row".source.topic'])


def _stored(value: str, shape: Structure) -> str:
    """A value as the ledger keeps it: times in UTC without a zone."""
    if shape == "TIMESTAMPTZ":
        return f"in_utc({value})"
    if isinstance(shape, list) and "TIMESTAMPTZ" in shape[0].values():
        members = ", ".join(f"'{name}': {_stored(f'item.{name}', each)}" for name, each in shape[0].items())
        return f"list_transform({value}, lambda item: {{{members}}})"
    return value


def _whole_lists(kind: type, said: str) -> list[str]:
    """Lists none of whose items lack what they require."""
    found = []
    for name, hint in get_type_hints(kind).items():
        item = _item(hint)
        if item is not None and is_dataclass(item) and _required(item):
            lacks = " or ".join(f'item."{each}" is null' for each in _required(item))
            found.append(f'coalesce(len(list_filter({said}."{name}", lambda item: {lacks})), 0) = 0')
    return found


def _all_facts() -> dict[str, Structure]:
    merged: dict[str, Structure] = {}
    for kind in _KINDS:
        for name, structure in _structure(kind).items():
            if merged.setdefault(name, structure) != structure:
                raise TypeError(f"facts of two kinds give {name} two types: {merged[name]} and {structure}")
    return merged


def _structure(of: Any) -> dict[str, Structure]:
    hints = get_type_hints(of)
    return {each.name: _shape(each.name, hints[each.name]) for each in fields(of)}


def _shape(name: str, hint: Any) -> Structure:
    hint, item = _plain(hint), _item(hint)
    if name in _INTEGERS:
        return "INTEGER"
    if name == "facts":
        return "JSON"
    if item is not None:
        return [_shape("", item)]
    if get_origin(hint) is Literal:
        return "VARCHAR"
    if hint in _TYPES:
        return _TYPES[hint]
    return _structure(hint)


def _plain(hint: Any) -> Any:
    """The type less None."""
    if get_origin(hint) not in (Union, types.UnionType):
        return hint
    return next(each for each in get_args(hint) if each is not type(None))


def _item(hint: Any) -> Any:
    """Of `tuple[X, ...]` the X."""
    plain = _plain(hint)
    return get_args(plain)[0] if get_origin(plain) is tuple else None


def _required(of: Any) -> list[str]:
    return [each.name for each in fields(of) if _is_required(each)]


def _is_required(field: "Field[Any]") -> bool:
    return field.default is MISSING and field.default_factory is MISSING and field.init

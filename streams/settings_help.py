"""The settings of a command as its --help lists them: name, default, what it is for."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from pydantic import SecretStr
from pydantic_settings import BaseSettings


def settings_help(models: Iterable[type[BaseSettings]]) -> str:
    """Text for click's epilog, marked so that click doesn't re-flow it."""
    listed = sorted({line for model in models for line in _lines(model)})
    return "\n".join(["\b", "Settings (environment or .env):", *listed])


def _lines(model: type[BaseSettings]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        default = _default(field.default)
        about = f"  {field.description}" if field.description else ""
        yield f"  {name.upper()}{f' [{default}]' if default else ''}{about}"


def _default(value: Any) -> str:
    if value is None or isinstance(value, SecretStr):
        return ""
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.0f} s"
    return str(value)

"""A setting that can't be used, as a person reads of it: its name and what is wrong, never its value."""

import click
from pydantic import ValidationError
from pydantic_core import ErrorDetails


def unusable(error: ValidationError) -> click.UsageError:
    """The refusal for settings that pydantic did not take; exit code 2."""
    faults = [f"{str(one['loc'][0]).upper()}: {_said(one)}" for one in error.errors()]
    return click.UsageError(f"Settings that can't be used: {'; '.join(faults)}.")


def is_of_settings(error: ValidationError) -> bool:
    """Whether the environment is at fault; anything else that pydantic refuses is a bug of ours."""
    return error.title.endswith("Settings")


def _said(fault: ErrorDetails) -> str:
    if fault["type"] == "time_delta_parsing":
        return "write it as seconds, or as PT30S, PT5M, PT1H or P3D"
    return fault["msg"].removeprefix("Value error, ")

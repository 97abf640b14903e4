"""docs/messages.md says what the code does: its fields, its example, its names of settings."""

import re
import tomllib
from collections.abc import Iterator

import pytest

from streams import template, wording
from streams.sites import SiteSettings
from streams.template_fields import FIELDS, NAMES, Values
from streams.template_rules import MOST_CHARACTERS
from streams.template_samples import NOTICES, samples, shown
from tests.messages_table import DOCUMENT, with_tables

TEXT = DOCUMENT.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```\w*\n(.*?)```", TEXT, re.DOTALL)


def test_its_tables_are_what_the_code_says() -> None:
    """Write them anew with: python -m tests.messages_table"""
    assert with_tables(TEXT) == TEXT
    assert {f"| `{name}` |" for name in NAMES} <= {
        line[: line.find("|", 2) + 1] for line in TEXT.splitlines()
    }


@pytest.mark.parametrize("notice", NOTICES)
def test_its_examples_are_what_the_fields_hold(notice: str) -> None:
    held = shown(notice)

    assert {one.name: one.example for one in FIELDS} == {name: str(value) for name, value in held.items()}


def test_its_example_is_a_template() -> None:
    [example] = [block for block in BLOCKS if "{% if trial_days %}" in block]

    read = template.read(example, "docs", every_sample)

    assert read.render(shown(NOTICES[0])).preview == "Thank you, Dana!"


def every_sample() -> Iterator[Values]:
    for notice in NOTICES:
        yield from samples(notice, wording.ENGLISH)


def test_its_choices_of_a_site_are_all_that_there_are() -> None:
    [example] = [block for block in BLOCKS if "quiet_hours" in block]

    [choices] = tomllib.loads(example)["sites"].values()

    assert set(choices) == set(SiteSettings.model_fields)
    assert SiteSettings.model_validate(choices)


def test_its_figures_are_the_codes() -> None:
    assert f"{MOST_CHARACTERS:,}".replace(",", " ") in TEXT
    assert f"{template.LONGEST_TEXT:,}".replace(",", " ") in TEXT

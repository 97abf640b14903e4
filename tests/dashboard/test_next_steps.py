"""Commands that a page offers are commands that exist, and quote what they name."""

import shlex

import pandas as pd
import pytest
from click.testing import CliRunner

from dashboard import next_steps
from streams.commands.dead_letters import dead_letters
from streams.commands.effects import effects
from streams.commands.flows import flows

EFFECT = pd.Series(
    {"effect_key": "notice:payment:a b", "flow": "payment_notice", "reason": "refused", "next_step": None}
)
LETTER = pd.Series({"topic": "payments", "partition": 3, "offset": 17, "reason": "not_json"})
PAUSED = pd.Series({"flow": "access", "fingerprint": "abc"})
OFFERED = [
    line
    for text in (
        next_steps.effect_commands(EFFECT),
        next_steps.letter_commands(LETTER),
        next_steps.flow_commands(PAUSED),
    )
    for line in text.splitlines()
    if not line.startswith("#")
]
GROUPS = {"effects": effects, "dead-letters": dead_letters, "flows": flows}


class TestCommands:
    @pytest.mark.parametrize("line", OFFERED)
    def test_every_command_is_one_that_the_worker_knows(self, line: str) -> None:
        """`--help` at its end: the words before it are read, and nothing is done."""
        python, dash_m, room, group, *rest = shlex.split(line)

        answer = CliRunner().invoke(GROUPS[group], [*rest, "--help"])

        assert (python, dash_m, room) == ("python", "-m", "streams")
        assert answer.exit_code == 0, answer.output

    def test_a_key_with_a_space_stays_one_word(self) -> None:
        first = next_steps.effect_commands(EFFECT).splitlines()[0]

        assert shlex.split(first)[-1] == "notice:payment:a b"

    def test_a_dead_letter_is_named_by_its_place(self) -> None:
        assert "dead-letters redrive payments/3/17\n" in next_steps.letter_commands(LETTER)


class TestWords:
    def test_without_a_word_from_the_worker_there_is_a_place_to_begin(self) -> None:
        assert next_steps.of_effect(EFFECT) == next_steps.UNTOLD

    def test_a_bug_and_a_broken_record_want_different_things(self) -> None:
        bug = LETTER.copy()
        bug["reason"] = "unexpected"

        assert "start the new build" in next_steps.of_letter(bug)
        assert "redrive only if" in next_steps.of_letter(LETTER)

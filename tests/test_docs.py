"""What the documentation says is so: commands exist, tables are the code's, links lead somewhere."""

import importlib
import re
import tomllib

import click
import pytest
from click.testing import CliRunner

from analytics.contract import METHODS
from tests.metrics_tables import PAGE as METRICS
from tests.metrics_tables import methods_table, page_with_tables
from tests.settings_table import (
    BEGIN,
    END,
    PRODUCT,
    env_example,
    readme_with_tables,
    settings,
    settings_classes,
)
from tests.source_tree import ROOMS, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
DOCUMENTS = sorted(path for path in ROOT.glob("*.md"))

# `python -m streams effects list --state failed` in a code span or block, up to its end or a comment.
COMMAND = re.compile(r"python -m (\w+)((?: [\w.:/=<>…-]+)*)")
VERB = re.compile(r"\bmake (?:-s )?([a-z]+)")


def code_of(markdown: str) -> str:
    """Only what is set as code."""
    blocks = re.findall(r"```\w*\n(.*?)```", markdown, re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"(?<!`)`([^`\n]+)`(?!`)", markdown)])


def commands() -> list[tuple[str, tuple[str, ...]]]:
    found = COMMAND.findall(code_of(README))
    return sorted({(room, tuple(words.split())) for room, words in found if room in ROOMS})


def verbs_of_the_makefile() -> set[str]:
    return set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))


class TestCommands:
    def test_there_are_some(self) -> None:
        """Else the next test would hold for an empty page."""
        assert {room for room, _ in commands()} == set(ROOMS)

    @pytest.mark.parametrize(("room", "words"), commands(), ids=lambda value: str(value))
    def test_a_command_of_the_readme_exists_with_its_options(self, room: str, words: tuple[str, ...]) -> None:
        command = entry_point(room)
        rest = list(words)
        while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
            found = command.get_command(click.Context(command), rest.pop(0))
            assert found is not None, f"python -m {room} {' '.join(words)}"
            command = found
        options = [word.partition("=")[0] for word in rest if word.startswith("--")]

        assert options_of(command) >= set(options)
        assert is_a_choice(command, rest)

    @pytest.mark.parametrize("room", ROOMS)
    def test_every_room_explains_itself(self, room: str) -> None:
        shown = CliRunner().invoke(entry_point(room), ["--help"])

        assert shown.exit_code == 0
        assert "Usage:" in shown.output

    @pytest.mark.parametrize("room", PRODUCT)
    def test_every_room_lists_the_settings_it_reads(self, room: str) -> None:
        shown = CliRunner().invoke(entry_point(room), ["--help"]).output

        assert [row.name for row in settings(room) if row.name not in shown] == []

    def test_every_verb_of_the_readme_is_one_of_the_makefile(self) -> None:
        assert set(VERB.findall(code_of(README))) <= verbs_of_the_makefile()

    def test_make_lists_every_verb(self) -> None:
        listed = set(re.findall(r'echo "make ([a-z]+) ', MAKEFILE))

        assert listed == verbs_of_the_makefile() - {"help"}


def entry_point(room: str) -> click.Command:
    command: click.Command = importlib.import_module(f"{room}.__main__").main
    return command


def options_of(command: click.Command) -> set[str]:
    return {name for parameter in command.params for name in [*parameter.opts, *parameter.secondary_opts]}


def is_a_choice(command: click.Command, words: list[str]) -> bool:
    """Where an argument is one of a few words, the first one given is such a word."""
    arguments = [one.type for one in command.params if isinstance(one, click.Argument)]
    if not arguments or not isinstance(arguments[0], click.Choice) or not words or words[0].startswith("-"):
        return True
    return words[0] in arguments[0].choices


class TestSettings:
    def test_env_example_is_what_the_classes_say(self) -> None:
        """Write it anew with: python -m tests.settings_table"""
        assert (ROOT / ".env.example").read_text(encoding="utf-8") == env_example()

    def test_the_tables_of_the_readme_are_what_the_classes_say(self) -> None:
        """Write them anew with: python -m tests.settings_table"""
        assert readme_with_tables(README) == README

    def test_every_line_of_env_example_is_a_setting_or_a_comment(self) -> None:
        lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()

        assert [line for line in lines if line and not re.match(r"# |[A-Z_]+=", line)] == []

    def test_a_row_of_a_table_is_one_line(self) -> None:
        inside = README.partition(BEGIN)[2].partition(END)[0].strip().splitlines()

        assert [line for line in inside if not re.fullmatch(r"\|.*\|", line)] == []

    @pytest.mark.parametrize("kind", settings_classes(*PRODUCT), ids=lambda kind: kind.__name__)
    def test_copying_env_example_changes_nothing(self, kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
        for row in settings(*ROOMS):
            monkeypatch.delenv(row.name, raising=False)

        assert kind(_env_file=ROOT / ".env.example") == kind(_env_file=None)

    def test_every_setting_says_what_it_is_for(self) -> None:
        rows = settings(*ROOMS)

        assert rows
        assert [row.name for row in rows if not row.about.endswith(".")] == []

    def test_a_setting_that_two_rooms_read_means_the_same_in_both(self) -> None:
        said: dict[str, set[str | None]] = {}
        for kind in settings_classes(*PRODUCT):
            for name, field in kind.model_fields.items():
                said.setdefault(name, set()).add(f"{field.description} {field.default}")

        assert {name: texts for name, texts in said.items() if len(texts) > 1} == {}

    def test_secrets_have_no_default(self) -> None:
        for row in settings(*PRODUCT):
            assert not re.search("SECRET|TOKEN|PASSWORD", row.name) or not row.default


class TestLinks:
    @pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
    def test_a_link_to_a_file_leads_to_one(self, document: object) -> None:
        text = document.read_text(encoding="utf-8")  # type: ignore[attr-defined] # a Path
        targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text)

        assert [target for target in targets if not (ROOT / target).exists()] == []

    def test_a_link_to_a_heading_leads_to_one(self) -> None:
        headings = {slug(title) for title in re.findall(r"^#+ (.+)$", README, re.MULTILINE)}

        assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= headings

    def test_a_path_that_the_readme_names_exists(self) -> None:
        spans = re.findall(r"`((?:ingest|streams|analytics|dashboard|sandbox|tests)/[\w./*-]*)`", README)

        assert spans
        assert [span for span in spans if not list(ROOT.glob(span.rstrip("/")))] == []


class TestMetrics:
    def test_the_page_lists_every_report_and_method_as_the_code_has_them(self) -> None:
        """Write it anew with: python -m tests.metrics_tables"""
        page = METRICS.read_text(encoding="utf-8")

        assert page_with_tables(page) == page
        assert methods_table().count("\n") == 1 + len(METHODS)

    def test_its_links_lead_to_its_own_headings(self) -> None:
        page = METRICS.read_text(encoding="utf-8")
        headings = {slug(title) for title in re.findall(r"^#+ (.+)$", page, re.MULTILINE)}

        assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= headings


def slug(title: str) -> str:
    """As GitHub makes an anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


class TestProject:
    def test_the_changelog_has_a_place_for_what_comes_next(self) -> None:
        assert "\n## [Unreleased]\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    def test_the_version_is_the_same_everywhere(self) -> None:
        version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

        assert f"orderline:{version}" in (ROOT / "docker-compose.yml").read_text(encoding="utf-8")

    def test_ci_runs_what_the_readme_tells_people_to_run(self) -> None:
        script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

        run = set(re.findall(r"^[^#\n]*\b(make (?:test|check))\b(?! failed)", script, re.MULTILINE))
        assert run == {"make test", "make check"}
        assert run <= set(code_of(README).splitlines())

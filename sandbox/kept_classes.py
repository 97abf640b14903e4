"""Kafka's classes as a Java has once read and checked them: with them Kafka starts in half the time."""

import contextlib
import hashlib
import uuid
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from sandbox.java import Java

# A Java to which the file means nothing reads its classes as ever, and need not speak of it.
_SILENTLY = "-Xlog:cds*=off"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptClasses:
    """One file for a Java and a class path, written when a Kafka that found none is stopped in peace."""

    file: Path
    _made: Path

    @property
    def options(self) -> list[str]:
        """What Java is told to read the file, or to write it."""
        if self.file.exists():
            return [_SILENTLY, f"-XX:SharedArchiveFile={self.file}"]
        return [_SILENTLY, f"-XX:ArchiveClassesAtExit={self._made}"]

    def keep(self) -> None:
        """What the Java that has now ended may have written is whole, and there for the next."""
        with contextlib.suppress(OSError):
            self._made.replace(self.file)


def classes_folder() -> Path:
    """The user's cache (`XDG_CACHE_HOME` where the platform honours it)."""
    return platformdirs.user_cache_path("orderline") / "classes"


def kept_classes(java: Java, classpath: str, folder: Path) -> KeptClasses:
    """Those of this Java and class path; another Java, or an update of this one, has others."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    binary = java.path.resolve()
    known_by = f"{binary} {binary.stat().st_mtime_ns} {classpath}"
    file = folder / f"kafka-{hashlib.sha256(known_by.encode()).hexdigest()[:16]}.jsa"
    return KeptClasses(file=file, _made=file.with_suffix(f".{uuid.uuid4().hex}"))

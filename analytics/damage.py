"""What DuckDB says when its file or its disk fails becomes a named error that says what to do next."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

# Parts of what DuckDB says of a file that is not what it wrote: changed, replaced or cut off.
_DAMAGED = ("Corrupt", "not a valid DuckDB", "replaying WAL", "Could not read enough bytes")
_FULL = ("Could not write file", "No space left", "Could not truncate file", "Could not sync file")


class LedgerDamaged(Exception):
    """The file, or its WAL, is not what DuckDB wrote. Nothing is lost: the log has it all."""

    def __init__(self, path: Path, *, said: str) -> None:
        wal = path.with_name(f"{path.name}.wal")
        remedy = (
            f"Move {wal} away and start again: the ledger goes back to its last checkpoint, "
            "and reads from the log whatever came after."
            if "WAL" in said
            else f"Move {path} away and build it anew from the log: python -m streams replay rebuild."
        )
        super().__init__(f"{path} is damaged: {said.strip().splitlines()[0]}. {remedy}")
        self.path = path


class LedgerNotOpened(Exception):
    """There is no opening or making the file: its folder, its rights, its disk, or what DuckDB may take."""

    def __init__(self, path: Path, *, said: str) -> None:
        super().__init__(
            f"{path} can't be opened as the ledger: {said.strip().splitlines()[0]}. Name a file that this "
            "process may write with LEDGER_PATH (or its folder with DATA_DIR), make room on that disk if it "
            "is full, and look at LEDGER_MEMORY and LEDGER_THREADS; then start again."
        )
        self.path = path


class LedgerNotWritten(Exception):
    """A transaction was taken back: disk or memory gave out; the same rows may be appended again."""

    def __init__(self, path: Path, *, said: str) -> None:
        remedy = (
            "Questions have the memory just now, or there is too little: raise LEDGER_MEMORY (of a rebuild, "
            "REBUILD_MEMORY) if this goes on"
            if "Out of Memory" in said
            else "Make room on that disk"
        )
        super().__init__(
            f"{path} could not be written, and nothing of the batch was: {said.strip().splitlines()[0]}. "
            f"{remedy}; the rows wait on the log, and reports go on meanwhile."
        )
        self.path = path


def damage(path: Path, error: duckdb.Error) -> LedgerDamaged | None:
    """The named error for what opening the file raised, if it is damage."""
    said = str(error)
    return LedgerDamaged(path, said=said) if any(word in said for word in _DAMAGED) else None


def unopened(path: Path, error: OSError | duckdb.Error) -> LedgerNotOpened:
    """The named error for what stood in the way of opening the file."""
    return LedgerNotOpened(path, said=str(error))


def is_of_the_machine(error: duckdb.Error) -> bool:
    """Whether disk or memory gave out, and not a statement of ours."""
    return isinstance(error, duckdb.OutOfMemoryException) or any(word in str(error) for word in _FULL)


def unwritten(path: Path, error: duckdb.Error) -> LedgerNotWritten | None:
    """The named error for what a transaction raised, if disk or memory is why."""
    return LedgerNotWritten(path, said=str(error)) if is_of_the_machine(error) else None


@contextmanager
def named_refusals(path: Path) -> Iterator[None]:
    """What disk or memory did not take is raised as what it is.

    Raises:
        LedgerNotWritten: it is full, or fails.
    """
    try:
        yield
    except duckdb.Error as error:
        refused = unwritten(path, error)
        if refused is None:
            raise
        raise refused from error

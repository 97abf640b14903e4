"""A rebuilt ledger gets into its place: by the process that owns the old one, or here if none runs."""

import asyncio
from pathlib import Path

from filelock import Timeout

from analytics.ledger import Ledger, LedgerDamaged, LedgerLocked
from streams.ledger_seat import failed_path, ownership, ready_path
from streams.running import Refusal

TAKEN_SECONDS = 0.5


async def hand_over(path: Path, *, wait_seconds: float) -> str:
    """Get the rebuilt ledger into place; returns who did it: `swapped` (we) or `owner`.

    Raises:
        Refusal: the owner did not take it in time, and will when it looks; or it could not, and set it aside.
    """
    ready, waited = ready_path(path), 0.0
    while ready.exists():
        if await asyncio.to_thread(_swap_unowned, path, ready):
            return "swapped"
        if waited >= wait_seconds:
            raise Refusal(
                f"The owner of {path} has not taken {ready.name} over within {wait_seconds:.0f} s. "
                "It is complete and stays there; the owner takes it when it looks next (see its log)."
            )
        await asyncio.sleep(TAKEN_SECONDS)
        waited += TAKEN_SECONDS
    if failed_path(path).exists():
        raise Refusal(
            f"The owner of {path} could not take the rebuilt ledger over and goes on with the old one. "
            f"Its log says why; what was built is in {failed_path(path).name}."
        )
    return "owner"


def _swap_unowned(path: Path, ready: Path) -> bool:
    """Change the file ourselves if no ledger process runs, and none can start meanwhile."""
    try:
        with ownership(path).acquire(blocking=False):
            if not ready.exists():
                return False
            _write_back(path)
            ready.replace(path)
            return True
    except (Timeout, LedgerLocked):
        return False


def _write_back(path: Path) -> None:
    """Opening and closing the old file writes its WAL back, which must not meet the new file."""
    try:
        Ledger.open(path).close()
    except LedgerDamaged:
        # That is what a rebuild is for; its WAL goes with it.
        path.with_name(f"{path.name}.wal").unlink(missing_ok=True)

"""OutboxAway: the outbox's database gave no answer. No I/O."""


class OutboxAway(Exception):
    """Wait and try again; what was asked for may or may not have been committed.

    `place` is the database's URL without its password.
    """

    def __init__(self, place: str, cause: str, *, is_file: bool, is_missing: bool = False) -> None:
        super().__init__(f"The outbox at {place} gave no answer: {cause}. {_remedy(is_file, is_missing)}")
        self.place = place
        self.cause = cause


def _remedy(is_file: bool, is_missing: bool) -> str:
    if is_missing:
        return "Start the worker once, which makes it, or set DATA_DIR or OUTBOX_URL to where its outbox is."
    if is_file:
        return "Check that DATA_DIR is writable, the disk isn't full, and no other program holds the file."
    return "Check that the server runs and that OUTBOX_URL names it rightly."

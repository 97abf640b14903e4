"""OutboxAway: the outbox's database gave no answer. No I/O."""


class OutboxAway(Exception):
    """Wait and try again; what was asked for may or may not have been committed.

    `place` is the database's URL without its password.
    """

    def __init__(self, place: str, cause: str, *, is_file: bool) -> None:
        remedy = (
            "Check that DATA_DIR is writable, the disk isn't full, and no other program holds the file."
            if is_file
            else "Check that the server runs and that OUTBOX_URL names it rightly."
        )
        super().__init__(f"The outbox at {place} gave no answer: {cause}. {remedy}")
        self.place = place
        self.cause = cause

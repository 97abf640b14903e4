"""Rules that Wix doesn't document, or announced and may enforce: what the sandbox does about them."""

from pydantic import Field

from sandbox.wix_api.wire import Wire


class Rules(Wire):
    """How the sandbox behaves where Wix leaves it open; `POST /admin/rules` changes them."""

    precondition_status: int = Field(default=428, ge=400, le=499)
    """Status for an entity that is in no state for a call."""
    precondition_code: str = "FAILED_PRECONDITION"
    """Application error code beside that status."""
    target_channels_refused: bool = False
    """Whether the deprecated targetChannels and sourceChannel of messages are refused already."""
    paid_settles_later: bool = False
    """Whether a paid offline order is answered as UNPAID at first, as was seen at Wix once."""
    cancellation_seconds: float = Field(default=1.0, ge=0, le=3600)
    """How long a cancellation takes that a buyer requested."""

"""What is said when somebody whom the stories need does not answer."""

import httpx


def said(failure: BaseException) -> str:
    """A failure in a sentence; some, a timeout among them, have no words of their own."""
    words = str(failure) or type(failure).__name__
    if isinstance(failure, httpx.HTTPError):
        return f"No good answer from {failure.request.url} ({words}). Do the rooms run, and is it theirs?"
    return words

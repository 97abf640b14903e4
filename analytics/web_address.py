"""The address of a service, as a kind of setting."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator


def _web_address(given: str) -> str:
    try:
        parts = urlsplit(given)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        is_one = False
    if not is_one or any(sign.isspace() for sign in given):
        raise ValueError("write it as https://host or http://host:port")
    return given


WebAddress = Annotated[str, AfterValidator(_web_address)]

"""What the sandbox says of a failure, before it ends with exit code 1."""

import httpx

from sandbox.failures import said

REQUEST = httpx.Request("GET", "http://127.0.0.1:9/reports/orders")


class TestSaid:
    def test_names_who_gave_no_answer_though_the_failure_has_no_words(self) -> None:
        words = said(httpx.ReadTimeout("", request=REQUEST))

        assert words.startswith("No good answer from http://127.0.0.1:9/reports/orders (ReadTimeout). ")

    def test_is_never_without_a_word(self) -> None:
        assert said(TimeoutError()) == "TimeoutError"
        assert said(OSError("no room")) == "no room"

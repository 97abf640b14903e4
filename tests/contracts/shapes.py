"""Whether an answer has the shape of a documented one."""

from collections.abc import Iterator
from typing import Any


def differences(answer: Any, documented: Any, *, ignore: tuple[str, ...] = (), path: str = "") -> list[str]:
    """What is documented and missing, or of another JSON type. Further fields are no difference.

    `ignore` holds dotted paths; the items of a list are at the path of the list, and are
    compared one by one as far as both lists go.
    """
    return list(_differences(answer, documented, path, ignore))


def _differences(answer: Any, documented: Any, path: str, ignore: tuple[str, ...]) -> Iterator[str]:
    if path in ignore:
        return
    if _kind(answer) != _kind(documented):
        yield f"{path or 'the answer'} is {_kind(answer)}, documented is {_kind(documented)}"
    elif isinstance(documented, dict):
        for name, value in documented.items():
            inner = f"{path}.{name}" if path else name
            if name in answer:
                yield from _differences(answer[name], value, inner, ignore)
            elif inner not in ignore:
                yield f"{inner} is missing"
    elif isinstance(documented, list) and documented:
        if not answer:
            yield f"{path} is empty"
        for one, like in zip(answer, documented, strict=False):
            yield from _differences(one, like, path, ignore)


def _kind(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(type(value).__name__)
    return {int: "number", float: "number"}.get(type(value), type(value).__name__)

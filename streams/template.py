"""A notice's template, as its author wrote it, becomes a message: the preview line and the text. No I/O."""

import re
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

import jinja2
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from streams import template_rules
from streams.template_fields import Values
from streams.template_rules import Mistake, nested_too_deep

# Wix takes previews of 256 and texts of 16 384 characters; the sender adds a link and a reference.
PREVIEW_LENGTH = 256
LONGEST_TEXT = 14000
# Another's words must not make a line that looks like a reference of ours.
_REFERENCE_LINE = re.compile(r"(\s*)Ref\.(?=\s*[A-Z2-7]{6}\s*$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A message for a person. `preview` is one line; the text does not repeat it."""

    preview: str = field(repr=False)
    text: str = field(repr=False)


class TemplateBroken(Exception):
    """A text is no template that may be used. `mistakes` say why, each with its remedy."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


class TemplateFailed(Exception):
    """A template could not be filled in with these values; its message holds none of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template that may be used. `where` is its file, or the name of a built-in one."""

    where: str
    source: str = field(repr=False)
    _fill: Callable[[Values], str] = field(repr=False)

    def render(self, values: Values) -> Rendered:
        """Fill in the fields; the first line becomes the preview.

        Raises:
            TemplateFailed: no message comes of these values.
        """
        try:
            filled = self._fill(values)
        except Exception as error:
            raise TemplateFailed(f"{self.where}: {type(error).__name__}") from error
        preview, _, text = filled.strip().partition("\n")
        if not preview.strip():
            raise TemplateFailed(f"{self.where}: nothing is left to be seen")
        return Rendered(preview=preview.strip()[:PREVIEW_LENGTH], text=_tidied(text))


def read(source: str, where: str, samples: Callable[[], Iterator[Values]]) -> Template:
    """The template that the text is, tried on every sample.

    Raises:
        TemplateBroken: with everything that is wrong with it.
    """
    found = tuple(template_rules.mistakes(source, where, _environment()))
    if found:
        raise TemplateBroken(found)
    try:
        compiled = _environment().from_string(source)
    # Python's own compiler reads what Jinja made of the text, and has limits of its own.
    except (RecursionError, SyntaxError, MemoryError, TemplateError) as error:
        raise TemplateBroken((nested_too_deep(where),)) from error
    template = Template(where=where, source=source, _fill=compiled.render)
    found = tuple(_tried(template, samples()))
    if found:
        raise TemplateBroken(found)
    return template


def _tried(template: Template, samples: Iterator[Values]) -> Iterator[Mistake]:
    for values in samples:
        try:
            rendered = template.render(values)
        except TemplateFailed as failed:
            yield _unfilled(template, failed, values)
            return
        if len(rendered.text) >= LONGEST_TEXT:
            yield Mistake(
                where=template.where,
                line=None,
                what="The message is longer than Wix takes.",
                remedy=f"Shorten the template: a message holds {LONGEST_TEXT} characters.",
            )
            return


def _unfilled(template: Template, failed: TemplateFailed, values: Values) -> Mistake:
    if failed.__cause__ is not None:
        return Mistake(
            where=template.where,
            line=_line(failed.__cause__),
            what=f"It can't be filled in ({failed.__cause__}).",
            remedy="Look at the filters and comparisons: is each given what it takes?",
        )
    empty = ", ".join(sorted(name for name, value in values.items() if not value))
    return Mistake(
        where=template.where,
        line=None,
        what=f"Its first line, the preview, is empty{f' when there is no {empty}' if empty else ''}.",
        remedy="Write some words there that are always shown.",
    )


def _line(error: BaseException) -> int | None:
    """The line of the template that raised; Jinja maps its frames back to it."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno for frame in reversed(frames) if frame.filename == "<template>"), None)


def _tidied(text: str) -> str:
    """Without gaps of several lines, of bounded length, and with no line that passes for a reference."""
    lines = (_REFERENCE_LINE.sub(r"\1Ref:", line) for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()[:LONGEST_TEXT]


@cache
def _environment() -> jinja2.Environment:
    return SandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,  # messages are plain text; Wix escapes them where it shows HTML
        trim_blocks=True,
        lstrip_blocks=True,
    )

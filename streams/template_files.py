"""The files of templates: where they lie, what their names say, and everything that is wrong with them.

Below TEMPLATES_DIR lies `<notice>.<language>.txt` for all sites, and the same below a folder with a
site's instance id for that site alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from streams import wording
from streams.template import Template, TemplateBroken, read
from streams.template_rules import MOST_CHARACTERS, Mistake
from streams.template_samples import NOTICES, samples

BUILT_IN = Path(__file__).parent / "templates"
INSTANCE_ID = re.compile(r"[0-9a-zA-Z-]{8,64}")

Stamp = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file that is named as a template, and what it holds: a template or mistakes. `site` None: all."""

    site: str | None
    notice: str
    language: str
    path: Path
    stamp: Stamp | None
    template: Template | None = field(default=None, repr=False)
    mistakes: tuple[Mistake, ...] = ()

    @property
    def is_built_in(self) -> bool:
        """Whether we ship it."""
        return self.path.parent == BUILT_IN


def file_name(notice: str, language: str) -> str:
    """How a template's file is called: `payment_notice.de.txt`."""
    return f"{notice}.{language}.txt"


def stamp_of(path: Path) -> Stamp | None:
    """What changes when a file does; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size)


def load(path: Path, notice: str, language: str) -> Template:
    """The template in a file.

    Raises:
        TemplateBroken: with everything that is wrong with it.
    """
    locale = wording.locale_of(language) or wording.ENGLISH
    try:
        # One character too many is enough to show that there are too many.
        with path.open(encoding="utf-8-sig") as file:
            source = file.read(MOST_CHARACTERS + 1)
    except UnicodeDecodeError as error:
        raise TemplateBroken((_mistake(path, "It is not text in UTF-8.", "Save it as UTF-8."),)) from error
    except OSError as error:
        remedy = "See to it that the worker may read it."
        raise TemplateBroken((_mistake(path, f"It can't be read: {error.strerror}.", remedy),)) from error
    where = f"built-in {path.name}" if path.parent == BUILT_IN else str(path)
    return read(source, where, lambda: samples(notice, locale))


def every(folder: Path | None) -> Iterator[Found]:
    """Every template that there is, ours first, each as it is now."""
    for notice in NOTICES:
        for language in wording.LANGUAGES:
            yield _found(None, BUILT_IN / file_name(notice, language), notice, language)
    for site, path in _files(folder):
        named = _named(path)
        if named is not None:
            yield _found(site, path, *named)


def misplaced(folder: Path | None) -> Iterator[Mistake]:
    """What lies there and would never be read, though its author may think so."""
    if folder is not None and not folder.is_dir():
        yield _mistake(folder, "TEMPLATES_DIR is no folder.", "Make it, or take the setting away.")
        return
    for _, path in _files(folder):
        if _named(path) is None:
            yield _misnamed(path)
    for below in _site_folders(folder):
        if not INSTANCE_ID.fullmatch(below.name):
            yield _mistake(
                below, "The folder's name is no site's instance id.", "Rename it, or move it away."
            )


def _found(site: str | None, path: Path, notice: str, language: str) -> Found:
    found = Found(site=site, notice=notice, language=language, path=path, stamp=stamp_of(path))
    try:
        return replace(found, template=load(path, notice, language))
    except TemplateBroken as broken:
        return replace(found, mistakes=broken.mistakes)


def _files(folder: Path | None) -> Iterator[tuple[str | None, Path]]:
    if folder is not None and folder.is_dir():
        yield from ((None, path) for path in sorted(folder.glob("*.txt")))
        for below in _site_folders(folder):
            yield from ((below.name, path) for path in sorted(below.glob("*.txt")))


def _site_folders(folder: Path | None) -> list[Path]:
    """Hidden ones are others' business: version control, mounted volumes."""
    if folder is None or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _named(path: Path) -> tuple[str, str] | None:
    """The notice and the language that a file's name says; None if it says neither."""
    notice, _, language = path.name.removesuffix(".txt").partition(".")
    locale = wording.locale_of(language)
    is_known = notice in NOTICES and locale is not None and next(wording.tags(locale)) == language
    return (notice, language) if is_known else None


def _misnamed(path: Path) -> Mistake:
    notice, _, language = path.name.removesuffix(".txt").partition(".")
    if notice not in NOTICES:
        known = " or ".join(file_name(one, "en") for one in NOTICES)
        return _mistake(path, f"There is no notice {notice}.", f"Name it for example {known}.")
    locale = wording.locale_of(language)
    if locale is None:
        return _mistake(path, f"There is no language {language}.", "Use a tag such as en, de or de-AT.")
    name = file_name(notice, next(wording.tags(locale)))
    return _mistake(path, f"{language} is not how this language is spelled.", f"Rename it to {name}.")


def _mistake(path: Path, what: str, remedy: str) -> Mistake:
    return Mistake(where=str(path), line=None, what=what, remedy=remedy)

"""TemplateBook: which template a message is made of, of those that owners wrote and those we ship.

A file is read again when it changes. One that can't be used is told and counted; what it said before
stays in force, or the next template that fits is taken. No customer ever waits for a mistake in one.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from babel import Locale

from streams import template_files, wording
from streams.template import Template, TemplateBroken
from streams.template_files import BUILT_IN, INSTANCE_ID, Stamp, file_name, stamp_of
from streams.template_rules import Mistake

_LOG = logging.getLogger(__name__)


class TemplatesBroken(Exception):
    """Templates that must not be used. `mistakes` are all that were found."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        many = f"{len(mistakes)} mistakes in templates" if len(mistakes) > 1 else "A mistake in a template"
        super().__init__("\n".join([f"{many}; `templates check` shows the same:", *map(str, mistakes)]))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A template, and the locale in which its money and dates are spelled."""

    template: Template
    locale: Locale


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """The last good template of a path, None if it never held one; and the stamp last looked at."""

    stamp: Stamp
    template: Template | None


class TemplateBook:
    """Answers which template is in force. `mistakes` counts how often one could not be used since then."""

    def __init__(self, folder: Path | None = None) -> None:
        """Read every template once.

        Raises:
            TemplatesBroken: with every mistake in every file, those of all sites.
        """
        self._folder = folder
        self.mistakes = 0
        self._is_away = False
        found = list(template_files.every(folder))
        mistakes = [mistake for one in found for mistake in one.mistakes]
        mistakes += template_files.misplaced(folder)
        if mistakes:
            raise TemplatesBroken(mistakes)
        self._kept = {one.path: _Kept(stamp=one.stamp, template=one.template) for one in found if one.stamp}

    def choices(self, site: str, notice: str, wishes: Sequence[str | None]) -> Iterator[Chosen]:
        """The templates that fit, best first: language by language as wished, then English.

        In each language the site's own goes before that for all sites, and that before ours; `de-AT`
        before `de`. The last one is always there and always renders.
        """
        self._look_for_folder()
        locales = [found for wish in wishes if (found := wording.locale_of(wish))]
        for locale in (*locales, wording.ENGLISH):
            for language in wording.tags(locale):
                for folder in self._folders(site):
                    template = self._at(folder / file_name(notice, language), notice, language)
                    if template is not None:
                        yield Chosen(template=template, locale=locale)

    def failed(self, why: Exception) -> None:
        """Tell and count a template that could not be filled in for a message."""
        _LOG.error("%s. The next template that fits is used for this message.", why)
        self.mistakes += 1

    def _folders(self, site: str) -> Iterator[Path]:
        if self._folder is not None:
            if INSTANCE_ID.fullmatch(site):
                yield self._folder / site
            yield self._folder
        yield BUILT_IN

    def _look_for_folder(self) -> None:
        """Note whether TEMPLATES_DIR is there at all: if it is away as a whole, nobody meant to delete it."""
        is_away = self._folder is not None and not self._folder.is_dir()
        if is_away and not self._is_away:
            _LOG.error("TEMPLATES_DIR %s is away. What was read before stays in force.", self._folder)
            self.mistakes += 1
        self._is_away = is_away

    def _at(self, path: Path, notice: str, language: str) -> Template | None:
        kept = self._kept.get(path)
        if self._is_away or path.parent == BUILT_IN:
            return kept.template if kept else None
        stamp = stamp_of(path)
        if stamp is None:
            self._kept.pop(path, None)
            return None
        if kept is None or kept.stamp != stamp:
            kept = _Kept(stamp=stamp, template=self._read_again(path, notice, language, kept))
            self._kept[path] = kept
        return kept.template

    def _read_again(self, path: Path, notice: str, language: str, before: _Kept | None) -> Template | None:
        old = before.template if before else None
        try:
            return template_files.load(path, notice, language)
        except TemplateBroken as broken:
            stays = "What it said before stays in force." if old else "Others are used instead."
            _LOG.error("%s %s", broken, stays)
            self.mistakes += 1
            return old

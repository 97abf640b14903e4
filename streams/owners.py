"""What site owners wrote for us, their choices and their templates, read before anything starts."""

from dataclasses import dataclass

from streams.settings import FlowSettings
from streams.sites import Sites, SitesFileBroken
from streams.template_book import TemplateBook, TemplatesBroken


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """SITES_FILE and TEMPLATES_DIR, each read again when it changes."""

    sites: Sites
    templates: TemplateBook


class OwnersFilesBroken(Exception):
    """A file of an owner's can't be used; the message says which, where, and what to do."""


def read(flows: FlowSettings) -> Owners:
    """Both, checked in every part.

    Raises:
        OwnersFilesBroken: at least one has a mistake; nothing should be started with it.
    """
    try:
        return Owners(sites=Sites(flows), templates=TemplateBook(flows.templates_dir))
    except (SitesFileBroken, TemplatesBroken) as broken:
        raise OwnersFilesBroken(str(broken)) from None

"""Composer: an order and its buyer become the message that is sent: language, template, links, reference."""

from dataclasses import dataclass, field

from streams import recipient, wording
from streams.effect import Effect
from streams.memory import Memory
from streams.plan_order import PlanOrder
from streams.recipient import Recipient
from streams.site_profile import Profiles
from streams.template import Rendered, TemplateFailed
from streams.template_book import Chosen, TemplateBook
from streams.template_fields import Addressee, values
from streams.wix import email_subscriptions
from streams.wix.client import WixClient
from streams.wix.errors import WixRefused
from streams.wix.inbox import NewMessage

# Payment and purchase of one order come close together, and so do repeats.
LOCALE_SECONDS = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A message, the language it is in and the template it was made of."""

    message: NewMessage = field(repr=False)
    language: str
    template: str


class Composer:
    """Writes messages. Asks Wix for the buyer's locale and link to unsubscribe, and changes nothing."""

    def __init__(self, wix: WixClient, profiles: Profiles, templates: TemplateBook) -> None:
        self._wix = wix
        self._profiles = profiles
        self._templates = templates
        self._locales: Memory[str | None] = Memory(lambda _: LOCALE_SECONDS)

    async def compose(
        self, effect: Effect, order: PlanOrder, buyer: Recipient | None, *, business: str | None
    ) -> Composed:
        """The message for the buyer: in the buyer's language, else the site's, else English.

        `buyer` None: nobody can be written to, and it is only to be looked at.
        """
        site = effect.instance_id
        profile = await self._profiles.of(site)
        to, locale = Addressee(business=business), None
        if buyer is not None:
            to = Addressee(
                name=buyer.name, business=business, unsubscribe_link=await self._link(site, buyer.email)
            )
            locale = await self._locale(site, buyer)
        wishes = (locale, profile.language)
        for chosen in self._templates.choices(site, effect.flow, wishes):
            filled = values(effect, order, to, locale=chosen.locale, zone=profile.zone)
            try:
                rendered = chosen.template.render(filled)
            except TemplateFailed as failed:
                self._templates.failed(failed)
            else:
                return _composed(effect, rendered, chosen, to.unsubscribe_link)
        raise TemplateFailed("not even the built-in English template")

    async def _locale(self, site: str, buyer: Recipient) -> str | None:
        contact_id = buyer.contact_to_ask
        if contact_id is None:
            return buyer.locale
        return await self._locales.recall(
            f"{site}/{contact_id}", lambda: recipient.locale_of(self._wix, site, contact_id)
        )

    async def _link(self, site: str, email: str) -> str | None:
        """The buyer's own link to unsubscribe, where Wix gives one."""
        try:
            return await email_subscriptions.unsubscribe_link(self._wix, site, email)
        except WixRefused:
            return None


def reference_line(ref: str) -> str:
    """The line that tells our message from any other; a read-back looks for exactly this."""
    return f"Ref. {ref}"


def _composed(effect: Effect, rendered: Rendered, chosen: Chosen, link: str | None) -> Composed:
    parts = [rendered.text] if rendered.text else []
    if link and link not in rendered.text:
        parts.append(f"{wording.unsubscribe(chosen.locale)}: {link}")
    parts.append(reference_line(effect.ref))
    return Composed(
        message=NewMessage(preview=rendered.preview, text="\n\n".join(parts)),
        language=next(wording.tags(chosen.locale)),
        template=chosen.template.where,
    )

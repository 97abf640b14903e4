"""NoticeProcedure: a payment or a purchase becomes one message in the buyer's inbox."""

import time
from dataclasses import replace
from datetime import datetime, timedelta

from analytics.lifecycle import Consent
from streams import notification, reason, recipient
from streams.composer import Composer, reference_line
from streams.effect import PAYMENT_NOTICE, Effect
from streams.plan_order import PlanOrder
from streams.procedure import Claim, Done, Fail, Later, Ready, Suppress
from streams.recipient import Recipient
from streams.settings import FlowSettings
from streams.site_profile import Profiles
from streams.sites import Sites, SiteSettings
from streams.template_book import TemplateBook
from streams.wix import email_subscriptions, inbox, plan_orders
from streams.wix.client import WixClient
from streams.wix.errors import NotFound, WixBusy, WixRefused
from streams.wix.inbox import InboxMessage, NewMessage, Participant

# How much Wix's clock may be behind ours when it stamps a message. Generous, since the reference line
# is this effect's own: looking further back costs a page, not looking far enough a second message.
CLOCK_DIFFERENCE = timedelta(days=1)
# How soon to look again at an order that Wix shows as it was before it was bought.
STALE_READ_SECONDS = 60.0
# How long a site's refusal of the channel field is believed.
CHANNEL_MEMORY_SECONDS = 86400.0

_CHANNEL_FIELDS = ("targetchannels", "target_channels")
_ORDER_NOT_FOUND = Fail(
    reason=reason.ORDER_NOT_FOUND,
    next_step="Look the order up in the site's dashboard; if it is there, redrive this effect.",
)


class NoticeProcedure:
    """Payment and purchase notices: order, buyer, consent, conversation, then one Send Message.

    `templates` are those below TEMPLATES_DIR and ours, unless they were read already.
    """

    def __init__(
        self, wix: WixClient, sites: Sites, settings: FlowSettings, templates: TemplateBook | None = None
    ) -> None:
        self._wix = wix
        self._sites = sites
        self._settings = settings
        self._profiles = Profiles(wix, sites)
        self._composer = Composer(wix, self._profiles, templates or TemplateBook(settings.templates_dir))
        # Sites whose Wix refused the field that names the channel, and when.
        self._channel_refused: dict[str, float] = {}

    async def prepare(self, effect: Effect, *, now: datetime) -> Ready | Suppress | Later | Fail:
        """Read order, buyer and consent as they are now; a conversation is created if need be."""
        site = self._sites.of(effect.instance_id)
        is_on = site.payment_notice if effect.flow == PAYMENT_NOTICE else site.purchase_notice
        unwanted = notification.unwanted_before_asking(effect, self._settings, is_on=is_on, now=now)
        if unwanted:
            return Suppress(reason=unwanted)
        later = await self._quiet(effect.instance_id, site, now)
        if later:
            return later
        try:
            order = await plan_orders.get_order(self._wix, effect.instance_id, effect.order_id)
        except NotFound:
            return _ORDER_NOT_FOUND
        unwanted = notification.unwanted_by_order(effect, order, payment_notices=site.payment_notice)
        if unwanted:
            return Suppress(reason=unwanted)
        if notification.is_not_bought_yet(effect, order):
            raise WixBusy(STALE_READ_SECONDS, description="the order still shows as a draft")
        return await self._addressed(effect, order, site, now)

    async def act(self, effect: Effect, ready: Ready) -> Done:
        """Send the message; where Wix refuses the field that names the channel, once more without it."""
        message: NewMessage = ready.request
        site, conversation = effect.instance_id, str(ready.claim["conversation_id"])
        async with self._wix.within_time_limit():
            by_email = not self._is_channel_refused(site)
            try:
                sent = await inbox.send_message(self._wix, site, conversation, message, by_email=by_email)
            except WixRefused as refusal:
                if not by_email or not _names_channel(refusal):
                    raise
                self._channel_refused[site] = time.monotonic()
                sent = await inbox.send_message(self._wix, site, conversation, message, by_email=False)
        return Done(wix_id=sent.message_id, request_id=sent.request_id)

    async def read_back(self, effect: Effect, claim: Claim) -> Done | Suppress | Fail | None:
        """Look for the message's reference where it was sent, and where the buyer's conversation is now."""
        site, since = effect.instance_id, claim.called_at - CLOCK_DIFFERENCE
        found = await self._find(site, str(claim.facts["conversation_id"]), since, effect.ref)
        if found is None:
            participant = Participant(
                kind=claim.facts["participant_kind"], id=str(claim.facts["participant_id"])
            )
            current = await inbox.get_or_create_conversation(self._wix, site, participant)
            if current.id != claim.facts["conversation_id"]:
                found = await self._find(site, current.id, since, effect.ref)
        return Done(wix_id=found.id) if found else None

    async def confirm(self, effect: Effect, done: Done) -> Done:
        """Nothing to ask: what Send Message answered is all there is."""
        return done

    async def _addressed(
        self, effect: Effect, order: PlanOrder, site: SiteSettings, now: datetime
    ) -> Ready | Suppress:
        """Whether the buyer has an address that may be mailed; then the message, ready to be sent."""
        buyer = await recipient.find(self._wix, effect.instance_id, order, first=site.payment_address)
        if buyer is None:
            return Suppress(reason=reason.NO_ADDRESS)
        answer = await email_subscriptions.query(self._wix, effect.instance_id, buyer.email)
        consent = Consent(
            subscription_status=answer.subscription_status,
            deliverability_status=answer.deliverability_status,
            asked_at=now,
        )
        unwanted = notification.unwanted_by_consent(answer.subscription_status, answer.deliverability_status)
        if unwanted:
            return Suppress(reason=unwanted, consent=consent)
        ready = await self._written(effect, order, buyer)
        return replace(ready, consent=consent)

    async def _quiet(self, instance_id: str, site: SiteSettings, now: datetime) -> Later | None:
        """When the site writes again, if it doesn't at this hour."""
        if site.quiet_hours is None:
            return None
        profile = await self._profiles.of(instance_id)
        until = site.quiet_hours.until(now, profile.zone)
        return Later(until=until, reason=reason.QUIET_HOURS) if until else None

    async def _written(self, effect: Effect, order: PlanOrder, buyer: Recipient) -> Ready:
        conversation = await inbox.get_or_create_conversation(
            self._wix, effect.instance_id, buyer.participant
        )
        composed = await self._composer.compose(effect, order, buyer, business=conversation.business_name)
        return Ready(
            request=composed.message,
            claim={
                "conversation_id": conversation.id,
                "participant_kind": buyer.participant.kind,
                "participant_id": buyer.participant.id,
            },
        )

    def _is_channel_refused(self, site: str) -> bool:
        refused_at = self._channel_refused.get(site)
        return refused_at is not None and time.monotonic() - refused_at < CHANNEL_MEMORY_SECONDS

    async def _find(self, site: str, conversation_id: str, since: datetime, ref: str) -> InboxMessage | None:
        """Our message in a conversation. One that is gone was merged into another, with its messages."""
        try:
            async for message in inbox.list_messages(self._wix, site, conversation_id, since=since):
                if message.is_to_participant and _has_line(message, reference_line(ref)):
                    return message
        except NotFound:
            return None
        return None


def _has_line(message: InboxMessage, wanted: str) -> bool:
    return any(line.strip() == wanted for text in message.texts for line in text.splitlines())


def _names_channel(refusal: WixRefused) -> bool:
    """Whether a 400 is about the field that names the channel, and not about the message."""
    told = " ".join((*refusal.fields, refusal.description or "")).lower()
    return refusal.status == 400 and any(name in told for name in _CHANNEL_FIELDS)

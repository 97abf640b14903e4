"""Why an effect was suppressed or failed: every short code and its meaning. No I/O.

The code is at once the outbox's reason, the log field, the ledger's value and the word in tests.
"""

from collections.abc import Mapping

TOO_OLD = "too_old"
OFF_BY_SETTING = "off_by_setting"
OTHER_APP = "other_app"
COVERED_BY_PAYMENT = "covered_by_payment"
NO_ADDRESS = "no_address"
NOT_SUBSCRIBED = "not_subscribed"
UNDELIVERABLE = "undeliverable"
CANCELED = "canceled"
REFUNDED = "refunded"
ANONYMIZED = "anonymized"
APP_REMOVED = "app_removed"
POLICY_HANDOVER = "policy_handover"
ALREADY_FULFILLED = "already_fulfilled"
NOTHING_TO_SHIP = "nothing_to_ship"

# The effect is not wanted (any more). Final: the same effect is never tried again.
SUPPRESSED: Mapping[str, str] = {
    TOO_OLD: "The event, or the order to ship, is older than NOTICE_MAX_AGE or FULFILLMENT_MAX_AGE.",
    OFF_BY_SETTING: "This kind of notice is switched off for the site (SITES_FILE).",
    OTHER_APP: "The payment belongs to a Wix app that is not in PAYMENT_APP_IDS.",
    COVERED_BY_PAYMENT: "The order is online, priced and paid: its payment notice says it all.",
    NO_ADDRESS: "Neither the buyer's member nor the buyer's contact has an e-mail address at Wix.",
    NOT_SUBSCRIBED: "The address is not SUBSCRIBED to the site's mails, or Wix has no subscription for it.",
    UNDELIVERABLE: "The address is subscribed, but mail to it bounced, was reported as spam, or is inactive.",
    CANCELED: "The order or the payment was canceled or rejected before we acted.",
    REFUNDED: "The payment was given back before we acted.",
    ANONYMIZED: "The buyer's data was deleted at the buyer's request.",
    APP_REMOVED: "Our app is no longer installed on the site.",
    POLICY_HANDOVER: "The site ships when its warehouse tells, so an approved order alone ships nothing.",
    ALREADY_FULFILLED: "Every unit of the order is in a fulfillment already.",
    NOTHING_TO_SHIP: "The order has nothing that is shipped: digital goods, gift cards, services, plans.",
}

ORDER_NOT_FOUND = "order_not_found"
TRACKING_NUMBER_IN_USE = "tracking_number_in_use"
UNKNOWN_OUTCOME = "unknown_outcome"

# The effect is wanted, but can't be carried out without a person.
FAILED: Mapping[str, str] = {
    ORDER_NOT_FOUND: "Wix knows no order by this id on this site.",
    TRACKING_NUMBER_IN_USE: "The tracking number is on another fulfillment: other items, or another order.",
    UNKNOWN_OUTCOME: "A call was in doubt when the app was removed, so Wix can't be asked any more.",
}

"""Why an effect stands where it stands: every short code and its meaning. No I/O.

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
SUPERSEDED = "superseded"
NEVER_GRANTED = "never_granted"

# The effect is not wanted (any more). Final: the same effect is never tried again.
SUPPRESSED: Mapping[str, str] = {
    TOO_OLD: "The event, or the order to ship, is older than NOTICE_MAX_AGE or FULFILLMENT_MAX_AGE.",
    OFF_BY_SETTING: "Switched off: this kind of notice for the site (SITES_FILE), or access (no ACCESS_URL).",
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
    SUPERSEDED: "Since then the subscription was paused or ended (a grant), or goes on again (a revoke).",
    NEVER_GRANTED: "The order was canceled before it began, so there is no access to revoke.",
}

ORDER_NOT_FOUND = "order_not_found"
TRACKING_NUMBER_IN_USE = "tracking_number_in_use"
UNKNOWN_OUTCOME = "unknown_outcome"
OUT_OF_ATTEMPTS = "out_of_attempts"
BUG = "bug"
UNAUTHORIZED = "unauthorized"
FORBIDDEN = "forbidden"
NOT_FOUND = "not_found"
REFUSED = "refused"
RECEIVER_REFUSED = "receiver_refused"
ITEMS_REFUSED = "items_refused"
TRACKING_REFUSED = "tracking_refused"

# The effect is wanted, but can't be carried out without a person.
FAILED: Mapping[str, str] = {
    ORDER_NOT_FOUND: "Wix knows no order by this id on this site.",
    TRACKING_NUMBER_IN_USE: "The tracking number is on another fulfillment: other items, or another order.",
    UNKNOWN_OUTCOME: "A call was in doubt when the app was removed, so Wix can't be asked any more.",
    OUT_OF_ATTEMPTS: "Every attempt ended without a clear answer of Wix, or of the receiver at ACCESS_URL.",
    BUG: "Our own code failed, three times. The fingerprint says where.",
    UNAUTHORIZED: "Wix takes no token of ours, or gives none for our app id and secret: waits, then fails.",
    FORBIDDEN: "The app lacks a permission on the site.",
    NOT_FOUND: "Wix knows nothing by an id that was asked for.",
    REFUSED: "Wix said no to the call; its code says why.",
    ITEMS_REFUSED: "Wix did not take a handover's items: unknown, fulfilled already, or more than are left.",
    TRACKING_REFUSED: "Wix did not take a handover's tracking: a carrier that it doesn't know needs a link.",
    RECEIVER_REFUSED: "The receiver at ACCESS_URL said no to the change of access (4xx, or a redirect).",
}

QUOTA = "quota"
QUIET_HOURS = "quiet_hours"
WIX_BUSY = "wix_busy"
NO_CLEAR_ANSWER = "no_clear_answer"
RECEIVER_AWAY = "receiver_away"
CLAIM_EXPIRED = "claim_expired"
CLAIM_TOO_LATE = "claim_too_late"
REDRIVEN = "redriven"

# The effect goes on by itself. (A bug waits too, until it has failed three times.)
WAITING: Mapping[str, str] = {
    QUOTA: "The site's requests of this minute are used up; it costs no attempt.",
    QUIET_HOURS: "The site sends nothing at this hour (SITES_FILE); it costs no attempt.",
    WIX_BUSY: "Wix asked us to wait.",
    NO_CLEAR_ANSWER: "Wix did not answer, or not clearly. Wix is asked what became of a changing call.",
    RECEIVER_AWAY: "The receiver at ACCESS_URL did not take the change; it is sent again with the same id.",
    CLAIM_EXPIRED: "A worker ended between claim and answer; Wix is asked whether the call took effect.",
    CLAIM_TOO_LATE: "Writing the claim took longer than it lasts, so nothing was called.",
    REDRIVEN: "A person gave the failed effect another try.",
}

UNCONFIRMED = "unconfirmed"

# The effect is done, with less known than usual.
DONE: Mapping[str, str] = {
    UNCONFIRMED: "Wix accepted the call, but the read that shows the details never succeeded.",
}

KEY_REUSED = "key_reused"

# A warehouse's handover was not taken.
HANDOVER: Mapping[str, str] = {
    KEY_REUSED: "The warehouse used its idempotency key again, with another body.",
}

MEANINGS: Mapping[str, str] = {**SUPPRESSED, **FAILED, **WAITING, **DONE, **HANDOVER}
